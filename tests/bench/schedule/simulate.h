// Replays a trace through the real scheduler's index and scorers: pods arrive, and stay, or leave
// after a lifetime.
#pragma once

#include <cstdint>
#include <vector>

#include "coordinator/core/schedule/board.h"
#include "tests/bench/schedule/trace.h"

namespace bw::bench {

using coordinator::schedule::Expectations;
using coordinator::schedule::Policy;

enum class NodeOrder { permuted, cpu_per_gpu_up, cpu_per_gpu_down };

// A fleet under a policy; pods are placed where the board says.
class Fleet {
 public:
  Fleet(const Trace& trace, const Policy& policy, const Expectations& expected, std::uint64_t seed,
        NodeOrder order);

  std::optional<coordinator::schedule::Pick> place(std::size_t pod_class);
  void remove(std::size_t pod_class, const coordinator::schedule::Pick& pick);
  coordinator::schedule::Board& board() { return *board_; }

 private:
  std::vector<coordinator::schedule::Node> nodes_;
  std::optional<coordinator::schedule::Board> board_;
  std::vector<coordinator::schedule::Ranking> rankings_;  // by class
};

struct Fill {
  double at_100 = 0;  // % of GPUs in use when as much was asked for
  double at_130 = 0;
  double first_reject = 0;  // % asked for when the first pod had no place
};
// `learned`, where given, gets what is left on each device by each residual it went through.
struct Learned {
  std::vector<double> count;
  std::vector<double> left;
};
Fill fill(const Trace& trace, const Policy& policy, const Expectations& expected,
          std::uint64_t seed, NodeOrder order, Learned* learned);

struct Churn {
  double in_use = 0;   // % of GPUs, over time
  double refused = 0;  // % of the GPUs asked for
};
// Lifetimes are exponential, of mean 1; arrivals come as fast as to ask for `load` of the GPUs.
Churn churn(const Trace& trace, const Policy& policy, const Expectations& expected,
            std::uint64_t seed, double load, double lifetimes);

// The residual table out of what was learned: where little was seen, as its neighbours.
coordinator::schedule::Residuals table_of(const Learned& learned);

}  // namespace bw::bench
