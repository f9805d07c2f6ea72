// Whether a node will do for a workload: a table of filters, each with the words for what is wrong
// and for what would mend it. Which of the nodes that will do is the best is for the scorers.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/core/schedule/plan.h"
#include "coordinator/core/schedule/rooms.h"
#include "coordinator/core/schedule/tally.h"

namespace bw::coordinator::schedule {

// One workload before one node.
struct Question {
  const Workload& workload;
  std::size_t workload_index;
  bool is_standby;
  const Ask& ask;
  const Node& node;
  std::size_t node_index;
  const Room& room;
  const Tally& tally;
  // The fewest replicas that any place has which the spread counts: those with a node that passes
  // the filters that look at nodes alone.
  int emptiest = 0;
};

// What a filter looks at: facts of the node, which stay during a plan; its room; or where other
// replicas are.
enum class Looks : std::uint8_t { at_node, at_room, at_others };

struct Filter {
  std::string_view name;
  std::string_view text;
  Looks looks;
  bool (*passes)(const Question& question);
  // What is wrong, where it does not pass.
  std::string (*detail)(const Question& question);
  // What would make it pass, and how much that asks of the operator: 1 a hand's turn, 100 buying.
  std::string (*change)(const Question& question);
  int effort;
  // How much is lacking, as a share of what is asked for: more effort, by less than a hand's turn.
  double (*lack)(const Question& question);
};

inline constexpr std::size_t kFilters = 14;
extern const std::array<Filter, kFilters> kFilterTable;

// Whether it passes all filters that look so.
bool passes(const Question& question, Looks looks);
// All that speaks against it, in the table's order.
std::vector<Blocker> blockers(const Question& question);
// What would have to change here, and the effort of it all.
struct Change {
  std::string text;
  double effort = 0;
};
Change change_for(const Question& question);

}  // namespace bw::coordinator::schedule
