#include "coordinator/core/schedule/scorers.h"

#include <algorithm>
#include <cmath>

#include "base/portable_math.h"

namespace bw::coordinator::schedule {

namespace {

constexpr double kUnknownLatencyMs = 10'000;

double gpus_left(const Room& room) {
  double sum = 0;
  for (unsigned i = 0; i < room.gpus; ++i) sum += std::max<int>(room.gpu[i], 0);
  return sum;
}

// The fullest of CPU, memory and GPUs, 0 to 1.
double fullest(const Room& whole, const Room& room) {
  const auto used = [](double all, double left) { return all <= 0 ? 0.0 : 1 - left / all; };
  return std::max({used(static_cast<double>(whole.cpu), static_cast<double>(room.cpu)),
                   used(static_cast<double>(whole.memory), static_cast<double>(room.memory)),
                   used(gpus_left(whole), gpus_left(room))});
}

double fragments(const Room& room, Yardstick& yardstick) {
  return yardstick.fragments(room);
}
double residuals(const Room& room, Yardstick& yardstick) {
  return yardstick.residuals(room);
}
double stranded_cpu(const Room& room, Yardstick& yardstick) {
  return yardstick.stranded_cpu(room);
}
double stranded_gpus(const Room& room, Yardstick& yardstick) {
  return yardstick.stranded_gpus(room);
}
// Falls as room gathers on few nodes.
double tightness(const Room& room, Yardstick&) {
  const double gpus = gpus_left(room) / kWholeGpu;
  return -gpus * gpus;
}

double scarcity(const Trial& trial, Yardstick& yardstick) {
  double sum = 0;
  for (unsigned i = 0; i < trial.before.gpus; ++i) {
    const int taken = trial.before.gpu[i] - trial.after.gpu[i];
    if (taken > 0) sum += taken * yardstick.scarcity(trial.before.kind, i);
  }
  return -sum / kWholeGpu;
}

double cpu_left(const Trial& trial, Yardstick&) {
  return -static_cast<double>(trial.after.cpu) / 1000;
}

// The points of the published implementation: whole numbers of a sigmoid.
double published(const Trial& trial, Yardstick& yardstick) {
  const double falls = yardstick.fragments(trial.before) - yardstick.fragments(trial.after);
  return std::floor(100 / (1 + portable_exp(-falls / 1000)));
}

double balance(const Trial& trial, Yardstick&) {
  return 100 * (1 - fullest(trial.whole, trial.after));
}

double pack(const Trial& trial, Yardstick&) {
  return 100 * fullest(trial.whole, trial.after);
}

double cost(const Trial& trial, Yardstick&) {
  return trial.before == trial.whole ? -trial.node.cost : 0;
}

double latency(const Trial& trial, Yardstick&) {
  if (trial.latency_to.empty() || trial.latency_to == trial.node.site) return 0;
  const auto it = trial.node.latency_ms.find(trial.latency_to);
  return it == trial.node.latency_ms.end() ? -kUnknownLatencyMs : -it->second;
}

}  // namespace

constexpr std::array<Scorer, kScorers> kScorerTable = {{
    {"fragments", "GPU room that the next request can't use", nullptr, fragments},
    {"residuals", "GPU room that by experience stays unused", nullptr, residuals},
    {"stranded_cpu", "CPU that the GPUs beside it won't use", nullptr, stranded_cpu},
    {"stranded_gpus", "GPUs that lack the CPU beside them", nullptr, stranded_gpus},
    {"tightness", "room gathered on few nodes", nullptr, tightness},
    {"scarcity", "GPUs that others ask for by name", scarcity, nullptr},
    {"cpu_left", "CPU left behind", cpu_left, nullptr},
    {"published", "fragmentation gradient descent as published", published, nullptr},
    {"balance", "the fullest of CPU, memory and GPUs stays empty", balance, nullptr},
    {"pack", "the fullest of CPU, memory and GPUs gets full", pack, nullptr},
    {"cost", "an empty node's hour", cost, nullptr},
    {"latency", "milliseconds to the site that was named", latency, nullptr},
}};

constexpr std::array<Policy, kPolicies> kPolicyTable = {{
    {"balance", "load evenly spread", {0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}, {}},
    {"pack", "few nodes in use", {0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0}, {}},
    {"fragmentation",
     "GPUs in use, where work comes and goes",
     {1, 0.14, 0.019, 0.13, 0, 163},
     {0.39, 0.9, 1.11}},
    {"fill",
     "GPUs in use in the end, where work stays",
     {1, 12, 5.5, 0.226, 1, 300, 0.1},
     {0.18, 0.9366, 1.2546}},
    {"cost", "cheap nodes, and few", {0, 0, 0, 0, 0, 0, 0, 0, 0, 0.01, 1000, 0}, {}},
    {"latency", "near to the site that is named", {0, 0, 0, 0, 0, 0, 0, 0, 0.001, 0, 0, 1}, {}},
    {"fgd",
     "fragmentation gradient descent as published, to compare with",
     {0, 0, 0, 0, 0, 0, 0, 1},
     {}},
}};

const Policy* policy_of(std::string_view name) {
  const auto it = std::find_if(kPolicyTable.begin(), kPolicyTable.end(),
                               [&](const Policy& policy) { return policy.name == name; });
  return it == kPolicyTable.end() ? nullptr : &*it;
}

}  // namespace bw::coordinator::schedule
