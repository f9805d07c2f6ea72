// What is to be done after something happened in models' life.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/log_level.h"
#include "coordinator/core/models.h"
#include "schemas/wire/messages.h"

namespace bw::coordinator {

struct LearnWork {
  struct Send {
    NodeId node;
    wire::Command command;
  };
  struct Answer {
    std::uint64_t request = 0;
    ModelOutcome outcome;
  };
  struct Load {
    std::uint64_t query = 0;  // of the store, for the model's payload
    ModelId model;
  };
  struct Line {
    LogLevel level;
    std::string text;
  };
  std::vector<Send> sends;
  std::vector<Answer> answers;
  std::vector<Load> loads;
  std::vector<Line> log;

  void say(LogLevel level, std::string text) { log.push_back({level, std::move(text)}); }
};

}  // namespace bw::coordinator
