// What is wrong with a node for as long as it lasts, as against what merely happened: a GPU that is
// lost, a watched process or unit that does not run.
//
// Begin and end are events, but an end need not be told: where a restart mended it, the agent that
// runs now says nothing. It tells anew of processes and units that do not run, so that what an
// earlier run told of them is over; a GPU's condition ends where live values show that it answers.
// And a condition may be older than the events that are looked at: then live values tell of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coordinator/core/api/query.h"
#include "coordinator/core/view.h"

namespace bw::coordinator::api {

// The kinds of events that end a condition, each once.
std::vector<std::string> recovery_kinds();

class Conditions {
 public:
  // Of this node alone; `events` in any order, and they outlive this.
  Conditions(const NodeView& node, const std::vector<EventRow>& events);

  // Whether what the event tells of still stands; nothing where it tells of no lasting condition.
  std::optional<bool> stands(const wire::EventRecord& event) const;

  struct Trouble {
    wire::Severity severity = wire::Severity::warning;
    std::string text;
  };
  // What live values show, and no event among those given tells of as standing; kMostLive at most.
  std::vector<Trouble> untold() const;
  static constexpr std::size_t kMostLive = 16;

 private:
  // Of one GPU, by its live values; nothing: not known.
  struct GpuFacts {
    std::optional<bool> is_lost, is_hung;
    bool is_read = false;  // something of it is measured
  };
  using Thing = std::pair<std::string_view, std::string_view>;  // kind of event, and what it is of

  void read_live(const NodeView& node);
  bool is_mended(const wire::EventRecord& event, std::string_view thing) const;
  bool is_told(std::string_view kind, std::string_view thing) const;

  std::optional<std::uint64_t> run_;  // of the agent now
  std::map<Thing, const wire::EventRecord*> last_end_;
  std::map<Thing, const wire::EventRecord*> last_begin_;
  std::map<std::string_view, GpuFacts> gpus_;
  std::vector<std::string_view> processes_down_;
  std::vector<std::string_view> units_down_;
};

}  // namespace bw::coordinator::api
