// What makes one node better than another: a table of scorers, and the policies that weigh them.
// Points are summed; the most win. Whether a node will do at all is for the filters.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "coordinator/core/schedule/plan.h"
#include "coordinator/core/schedule/yardstick.h"

namespace bw::coordinator::schedule {

// A node before and after it takes the ask.
struct Trial {
  const Node& node;
  const Room& whole;
  const Room& before;
  const Room& after;
  const Ask& ask;
  const std::string& latency_to;  // a site; empty: none is named
};

// Either what a placement is worth by itself, or a potential of a room: then the points are what
// it falls by.
struct Scorer {
  std::string_view name;
  std::string_view text;
  double (*points)(const Trial& trial, Yardstick& yardstick);
  double (*potential)(const Room& room, Yardstick& yardstick);
};

enum class ScorerId : std::uint8_t {
  fragments,
  residuals,
  stranded_cpu,
  stranded_gpus,
  tightness,
  scarcity,
  cpu_left,
  published,
  balance,
  pack,
  cost,
  latency,
};
inline constexpr std::size_t kScorers = 12;
extern const std::array<Scorer, kScorers> kScorerTable;  // in the order of ScorerId

using Weights = std::array<double, kScorers>;

struct Policy {
  std::string_view name;
  std::string_view text;
  Weights weights;
  Tuning tuning;
};
inline constexpr std::size_t kPolicies = 7;
extern const std::array<Policy, kPolicies> kPolicyTable;
// Null where there is none of this name.
const Policy* policy_of(std::string_view name);

// Scores are compared as whole numbers of these, so that equal means equal on every machine.
inline constexpr double kScoreUnit = 1.0 / 4096;

}  // namespace bw::coordinator::schedule
