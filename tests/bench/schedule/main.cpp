// Replays traces through the scheduler and times its decisions. `schedule.py` beside this folder
// reads what it prints: a name and numbers a line.
//
//   bw_schedule_bench fill NODES PODS POLICY ORDER FIRST LAST    % in use at 100 and 130 % asked
//                                                               for, % at the first refusal
//   bw_schedule_bench churn NODES PODS POLICY FIRST LAST LOAD LIFETIMES  % in use, % refused
//   bw_schedule_bench speed NODES PODS POLICY COUNT  policy, decisions a second, median and p99 in
//                                                    us, on so many nodes
//
// FIRST and LAST are seeds, a line each; ORDER is 0 (permuted), 1 or -1 (by CPU per GPU). What the
// policy has to know of the work it learns on kLearnSeeds, which are never reported.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <time.h>

#include "base/rng.h"
#include "tests/bench/schedule/simulate.h"

namespace bw::bench {
namespace {

constexpr std::uint64_t kLearnSeeds[] = {1010, 1011, 1012, 1013, 1014, 1015};

using coordinator::schedule::policy_of;

Expectations learn(const Trace& trace, const Policy& policy) {
  using coordinator::schedule::ScorerId;
  Expectations expected;
  expected.mix = trace.classes;
  if (policy.weights[static_cast<std::size_t>(ScorerId::residuals)] == 0) return expected;
  Learned learned;
  learned.count.resize(coordinator::schedule::kWholeGpu + 1);
  learned.left.resize(coordinator::schedule::kWholeGpu + 1);
  for (const std::uint64_t seed : kLearnSeeds) {
    fill(trace, *policy_of("fill"), expected, seed, NodeOrder::permuted, &learned);
  }
  expected.residuals = table_of(learned);
  return expected;
}

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// As many nodes as asked, of the trace's in turn.
Trace resized(Trace trace, std::size_t count) {
  const auto original = trace.nodes;
  trace.nodes.clear();
  trace.gpu_milli = 0;
  for (std::size_t i = 0; i < count; ++i) {
    trace.nodes.push_back(original[i % original.size()]);
    trace.gpu_milli += static_cast<double>(trace.nodes.back().gpus.size()) * 1000;
  }
  return trace;
}

// Decisions at 70 % full: one pod goes for each that comes. A decision is the choice and its
// commit; the pod that goes is not timed, what its going costs the next choices is.
void speed(const Trace& trace, const Policy& policy) {
  constexpr std::size_t kDecisions = 200'000;
  constexpr std::size_t kWarm = 100'000;
  Fleet fleet(trace, policy, learn(trace, policy), 1000, NodeOrder::permuted);
  Rng rng(1000);
  std::vector<std::pair<std::size_t, coordinator::schedule::Pick>> running;
  double in_use = 0;
  std::vector<double> times;
  while (times.size() < kDecisions + kWarm) {
    while (in_use > 0.7 * trace.gpu_milli) {
      const std::size_t at = rng.below(running.size());
      fleet.remove(running[at].first, running[at].second);
      in_use -= trace.asked(running[at].first);
      running[at] = running.back();
      running.pop_back();
    }
    const std::size_t pod = trace.pods[rng.below(trace.pods.size())];
    const double begin = cpu_seconds();
    const auto pick = fleet.place(pod);
    times.push_back(cpu_seconds() - begin);
    if (!pick) continue;
    running.emplace_back(pod, *pick);
    in_use += trace.asked(pod);
  }
  times.erase(times.begin(), times.begin() + kWarm);
  double sum = 0;
  for (const double time : times) sum += time;
  std::sort(times.begin(), times.end());
  std::printf("%s %.0f %.2f %.2f\n", policy.name.data(), static_cast<double>(times.size()) / sum,
              times[times.size() / 2] * 1e6, times[times.size() * 99 / 100] * 1e6);
}

int run(int count, char** arguments) {
  const std::string command = count > 1 ? arguments[1] : "";
  const auto number = [&](int at) { return std::strtod(arguments[at], nullptr); };
  const Policy* policy = count > 4 ? policy_of(arguments[4]) : nullptr;
  if (policy == nullptr) {
    std::fputs(
        "bw_schedule_bench fill NODES PODS POLICY ORDER FIRST LAST | churn NODES PODS "
        "POLICY FIRST LAST LOAD LIFETIMES | speed NODES PODS POLICY COUNT\n",
        stderr);
    return 2;
  }
  const Trace trace = read_trace(arguments[2], arguments[3]);
  if (command == "speed" && count == 6) {
    speed(resized(trace, static_cast<std::size_t>(number(5))), *policy);
    return 0;
  }
  const Expectations expected = learn(trace, *policy);
  if (command == "fill" && count == 8) {
    const NodeOrder order = number(5) > 0   ? NodeOrder::cpu_per_gpu_up
                            : number(5) < 0 ? NodeOrder::cpu_per_gpu_down
                                            : NodeOrder::permuted;
    for (double seed = number(6); seed <= number(7); ++seed) {
      const Fill done =
          fill(trace, *policy, expected, static_cast<std::uint64_t>(seed), order, nullptr);
      std::printf("%.0f %.4f %.4f %.4f\n", seed, done.at_100, done.at_130, done.first_reject);
    }
    return 0;
  }
  if (command == "churn" && count == 9) {
    for (double seed = number(5); seed <= number(6); ++seed) {
      const Churn done =
          churn(trace, *policy, expected, static_cast<std::uint64_t>(seed), number(7), number(8));
      std::printf("%.0f %.4f %.4f\n", seed, done.in_use, done.refused);
    }
    return 0;
  }
  return 2;
}

}  // namespace
}  // namespace bw::bench

int main(int count, char** arguments) {
  return bw::bench::run(count, arguments);
}
