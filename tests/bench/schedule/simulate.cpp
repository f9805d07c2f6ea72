#include "tests/bench/schedule/simulate.h"

#include <algorithm>
#include <cmath>
#include <queue>

#include "base/rng.h"

namespace bw::bench {

namespace {

using coordinator::schedule::Board;
using coordinator::schedule::kMaxGpusOfNode;
using coordinator::schedule::kWholeGpu;
using coordinator::schedule::Node;
using coordinator::schedule::Pick;
using coordinator::schedule::Ranking;
using coordinator::schedule::Residuals;

template <typename List>
void shuffle(List& list, Rng& rng) {
  for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[rng.below(i)]);
}

double cpu_per_gpu(const Node& node) {
  return static_cast<double>(node.cpu_milli) / static_cast<double>(node.gpus.size());
}

}  // namespace

Fleet::Fleet(const Trace& trace, const Policy& policy, const Expectations& expected,
             std::uint64_t seed, NodeOrder order)
    : nodes_(trace.nodes) {
  Rng rng(seed ^ 0x6e6f646573U);
  shuffle(nodes_, rng);
  if (order != NodeOrder::permuted) {
    std::stable_sort(nodes_.begin(), nodes_.end(), [&](const Node& a, const Node& b) {
      return order == NodeOrder::cpu_per_gpu_up ? cpu_per_gpu(a) < cpu_per_gpu(b)
                                                : cpu_per_gpu(a) > cpu_per_gpu(b);
    });
  }
  // Named by their places, so that a seed breaks ties its own way.
  for (std::size_t i = 0; i < nodes_.size(); ++i) nodes_[i].id = "n" + std::to_string(i);
  board_.emplace(nodes_, expected, policy);
  for (const auto& item : trace.classes) {
    rankings_.emplace_back(board_->rooms().ask_of(item.resources), std::string(),
                           std::vector<bool>());
  }
}

std::optional<Pick> Fleet::place(std::size_t pod_class) {
  const auto pick = board_->best(rankings_[pod_class]);
  if (pick) board_->rooms().take(pick->node, rankings_[pod_class].ask(), pick->devices);
  return pick;
}

void Fleet::remove(std::size_t pod_class, const Pick& pick) {
  board_->rooms().give(pick.node, rankings_[pod_class].ask(), pick.devices);
}

Fill fill(const Trace& trace, const Policy& policy, const Expectations& expected,
          std::uint64_t seed, NodeOrder order, Learned* learned) {
  Fleet fleet(trace, policy, expected, seed, order);
  Rng rng(seed);
  std::vector<std::size_t> pods = trace.pods;
  shuffle(pods, rng);
  std::vector<std::array<std::int64_t, 3>> seen;  // node, device, left
  Fill done;
  done.first_reject = -1;
  double arrived = 0;
  double in_use = 0;
  for (std::size_t i = 0; arrived < 1.3 * trace.gpu_milli; ++i) {
    const std::size_t pod = i < pods.size() ? pods[i] : trace.pods[rng.below(trace.pods.size())];
    const bool was_below = arrived < trace.gpu_milli;
    arrived += trace.asked(pod);
    if (const auto pick = fleet.place(pod)) {
      in_use += trace.asked(pod);
      for (std::size_t k = 0; learned != nullptr && k < kMaxGpusOfNode; ++k) {
        if ((pick->devices >> k & 1) == 0) continue;
        seen.push_back({static_cast<std::int64_t>(pick->node), static_cast<std::int64_t>(k),
                        fleet.board().rooms()[pick->node].gpu[k]});
      }
    } else if (done.first_reject < 0) {
      done.first_reject = 100 * arrived / trace.gpu_milli;
    }
    if (was_below && arrived >= trace.gpu_milli) done.at_100 = 100 * in_use / trace.gpu_milli;
  }
  done.at_130 = 100 * in_use / trace.gpu_milli;
  for (const auto& [node, device, left] : seen) {
    const auto at = static_cast<std::size_t>(left);
    learned->count[at] += 1;
    learned->left[at] +=
        fleet.board().rooms()[static_cast<std::size_t>(node)].gpu[static_cast<std::size_t>(device)];
  }
  return done;
}

Residuals table_of(const Learned& learned) {
  constexpr double kPrior = 20;  // observations that the neighbours count for
  constexpr double kWidth = 15;  // thousandths: how far a neighbour counts
  constexpr int kReach = 100;
  Residuals table{};
  for (int left = 1; left < kWholeGpu; ++left) {
    double weight = 0;
    double sum = 0;
    for (int k = std::max(1, left - kReach); k <= std::min(kWholeGpu, left + kReach); ++k) {
      const auto at = static_cast<std::size_t>(k);
      if (learned.count[at] == 0) continue;
      const double near = learned.count[at] * std::exp(-std::abs(k - left) / kWidth);
      weight += near;
      sum += near * std::min(learned.left[at] / learned.count[at] / k, 1.0);
    }
    const double by_neighbours = weight > 0 ? sum / weight * left : 0;
    const auto at = static_cast<std::size_t>(left);
    table[at] = static_cast<float>((learned.left[at] + kPrior * by_neighbours) /
                                   (learned.count[at] + kPrior));
  }
  return table;
}

Churn churn(const Trace& trace, const Policy& policy, const Expectations& expected,
            std::uint64_t seed, double load, double lifetimes) {
  struct Stay {
    double end;
    std::size_t pod;
    Pick pick;
    bool operator<(const Stay& other) const { return end > other.end; }
  };
  constexpr double kWarm = 2;  // lifetimes before anything counts
  Fleet fleet(trace, policy, expected, seed, NodeOrder::permuted);
  double mean = 0;
  for (const std::size_t pod : trace.pods) mean += trace.asked(pod);
  mean /= static_cast<double>(trace.pods.size());
  const double rate = load * trace.gpu_milli / mean;
  Rng rng(seed);
  std::priority_queue<Stay> stays;
  double now = 0, last = kWarm, in_use = 0, area = 0, asked = 0, refused = 0;
  const auto pass = [&](double until) {
    if (until > last) area += in_use * (until - last);
    last = std::max(last, until);
  };
  while (true) {
    // Drawn whether it is placed or not, so that all policies get the same.
    now -= std::log(1 - rng.unit()) / rate;
    const std::size_t pod = trace.pods[rng.below(trace.pods.size())];
    const double life = -std::log(1 - rng.unit());
    const double until = std::min(now, kWarm + lifetimes);
    while (!stays.empty() && stays.top().end <= until) {
      const Stay stay = stays.top();
      stays.pop();
      pass(stay.end);
      fleet.remove(stay.pod, stay.pick);
      in_use -= trace.asked(stay.pod);
    }
    pass(until);
    if (now > until) break;
    const auto pick = fleet.place(pod);
    if (now > kWarm) asked += trace.asked(pod);
    if (pick) {
      stays.push({now + life, pod, *pick});
      in_use += trace.asked(pod);
    } else if (now > kWarm) {
      refused += trace.asked(pod);
    }
  }
  return {100 * area / lifetimes / trace.gpu_milli, 100 * refused / asked};
}

}  // namespace bw::bench
