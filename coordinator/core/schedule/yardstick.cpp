#include "coordinator/core/schedule/yardstick.h"

#include <algorithm>

#include "base/portable_math.h"
#include "coordinator/core/schedule/hash.h"

namespace bw::coordinator::schedule {

namespace {

constexpr std::size_t kKeptAtFirst = 4096;

int left_of(const Room& room, unsigned device) {
  return std::max<int>(room.gpu[device], 0);
}

double sum_left(const Room& room) {
  double sum = 0;
  for (unsigned i = 0; i < room.gpus; ++i) sum += left_of(room, i);
  return sum;
}

double power(double base, double exponent) {
  return exponent == 0 ? 1 : portable_exp(exponent * portable_log(base));
}

}  // namespace

Yardstick::Yardstick(const Rooms& rooms, const Expectations& expected, const Tuning& tuning)
    : residuals_(expected.residuals), tuning_(tuning) {
  for (const Kind& kind : rooms.kinds()) {
    const auto& devices = kind.devices;
    is_uniform_.push_back(std::all_of(devices.begin(), devices.end(), [&](const auto& device) {
      return device == devices.front();
    }));
  }
  weigh(expected.mix, rooms);
  find_scarcity(rooms);
  kept_.resize(kKeptAtFirst);
}

void Yardstick::weigh(const std::vector<MixItem>& mix, const Rooms& rooms) {
  double cpu = 0;
  double gpu = 0;
  double all = 0;
  for (const MixItem& item : mix) {
    Ask ask = rooms.ask_of(item.resources);
    all += item.weight;
    if (ask.count == 0 || item.weight <= 0) continue;
    const double asked = std::max(ask.gpu_milli, 1);
    cpu += item.weight * static_cast<double>(ask.cpu);
    gpu += item.weight * asked;
    // Those of a whole mix differ in memory too, which the fragments don't look at.
    const auto same = std::find_if(items_.begin(), items_.end(), [&](const Item& known) {
      return known.ask.cpu == ask.cpu && known.ask.count == ask.count && known.ask.need == ask.need;
    });
    if (same != items_.end()) {
      same->weight += item.weight;
    } else {
      cpus_.push_back(ask.cpu);
      items_.push_back({std::move(ask), item.weight});
    }
  }
  for (Item& item : items_) item.weight /= all;
  if (tuning_.gpu_power != 0) {
    double sum = 0;
    for (Item& item : items_) {
      item.weight *= power(std::max(item.ask.gpu_milli, 1) / 1000.0, tuning_.gpu_power);
      sum += item.weight;
    }
    for (Item& item : items_) item.weight /= sum;
  }
  if (gpu > 0) cpu_per_gpu_ = cpu / gpu;
  std::sort(cpus_.begin(), cpus_.end());
  cpus_.erase(std::unique(cpus_.begin(), cpus_.end()), cpus_.end());
}

void Yardstick::find_scarcity(const Rooms& rooms) {
  scarcity_.resize(rooms.kinds().size());
  for (auto& devices : scarcity_) devices.fill(0);
  std::vector<double> nodes(rooms.kinds().size(), 0);
  for (std::size_t i = 0; i < rooms.size(); ++i) nodes[rooms[i].kind] += 1;
  double asked = 0;  // GPUs by all of the mix
  for (const Item& item : items_) asked += item.weight * item.ask.gpu_milli;
  if (asked <= 0) return;
  for (const Item& item : items_) {
    double all = 0;
    double fitting = 0;
    for (std::size_t kind = 0; kind < nodes.size(); ++kind) {
      const auto& devices = rooms.kinds()[kind].devices;
      for (std::size_t i = 0; i < std::min(devices.size(), kMaxGpusOfNode); ++i) {
        all += nodes[kind];
        if (item.ask.need[kind][i] < kNoShare) fitting += nodes[kind];
      }
    }
    if (fitting == 0 || fitting > 0.999 * all) continue;
    const double share = item.weight * item.ask.gpu_milli / asked * all / fitting;
    for (std::size_t kind = 0; kind < nodes.size(); ++kind) {
      for (std::size_t i = 0; i < kMaxGpusOfNode; ++i) {
        if (item.ask.need[kind][i] < kNoShare) scarcity_[kind][i] += share;
      }
    }
  }
}

double Yardstick::residuals(const Room& room) const {
  double sum = 0;
  for (unsigned i = 0; i < room.gpus; ++i) {
    sum += static_cast<double>(residuals_[static_cast<std::size_t>(left_of(room, i))]);
  }
  return sum;
}

double Yardstick::stranded_cpu(const Room& room) const {
  if (cpu_per_gpu_ <= 0) return 0;
  const double usable = sum_left(room);
  const double per_gpu = cpu_per_gpu_ * tuning_.stranded_cpu_from;
  return std::max(0.0, static_cast<double>(room.cpu) / per_gpu - usable);
}

double Yardstick::stranded_gpus(const Room& room) const {
  if (cpu_per_gpu_ <= 0) return 0;
  const double fed = static_cast<double>(std::max<std::int64_t>(room.cpu, 0)) /
                     (cpu_per_gpu_ * tuning_.stranded_gpu_from);
  return std::max(0.0, sum_left(room) - fed);
}

Yardstick::Key Yardstick::key_of(const Room& room) const {
  std::array<std::int16_t, kMaxGpusOfNode> gpu = room.gpu;
  if (is_uniform_[room.kind]) {
    // Insertion: there are few, and they are nearly sorted.
    for (unsigned i = 1; i < room.gpus; ++i) {
      const std::int16_t value = gpu[i];
      unsigned k = i;
      for (; k > 0 && gpu[k - 1] < value; --k) gpu[k] = gpu[k - 1];
      gpu[k] = value;
    }
  }
  const auto rank = std::upper_bound(cpus_.begin(), cpus_.end(), room.cpu) - cpus_.begin();
  // 16 devices of 10 bits, 16 bits each for kind and rank: nothing is lost.
  Key key{};
  for (unsigned i = 0; i < room.gpus; ++i) {
    const auto left = static_cast<std::uint64_t>(std::max<int>(gpu[i], 0));
    key[i / 6] = key[i / 6] << 10 | left;
  }
  key[2] =
      key[2] << 32 | static_cast<std::uint64_t>(room.kind) << 16 | static_cast<std::uint64_t>(rank);
  return key;
}

double Yardstick::fragments(const Room& room) {
  const Key key = key_of(room);
  std::uint64_t hash = mix(key[0] * 0x9e3779b97f4a7c15U ^ key[1]) ^ key[2] * 0xff51afd7ed558ccdU;
  hash ^= hash >> 29;
  const std::size_t mask = kept_.size() - 1;
  std::size_t at = hash & mask;
  while (kept_[at].fragments >= 0) {
    if (kept_[at].key == key) return kept_[at].fragments;
    at = (at + 1) & mask;
  }
  const double computed = compute_fragments(room);
  kept_[at] = {key, computed};
  if (++kept_count_ * 2 > kept_.size()) grow();
  return computed;
}

void Yardstick::grow() {
  const std::size_t size = kept_.size() * 2 > kMaxKept ? kKeptAtFirst : kept_.size() * 2;
  kept_.assign(size, {});
  kept_count_ = 0;
}

double Yardstick::compute_fragments(const Room& room) const {
  const double all = sum_left(room);
  double sum = 0;
  for (const Item& item : items_) {
    const auto& need = item.ask.need[room.kind];
    int found = 0;
    double too_small = 0;
    for (unsigned i = 0; i < room.gpus; ++i) {
      const bool is_enough = room.gpu[i] >= need[i];
      found += is_enough ? 1 : 0;
      if (!is_enough) too_small += left_of(room, i);
    }
    const bool can_run = item.ask.cpu <= room.cpu && found >= item.ask.count;
    sum += item.weight * (can_run ? too_small : all);
  }
  return sum;
}

}  // namespace bw::coordinator::schedule
