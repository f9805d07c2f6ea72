// Any bytes as the kernel log: nothing outside them is read, every event fits the wire, and what a
// run stored lets the next one go on without telling the same again.
#include <span>
#include <string_view>
#include <vector>

#include "agent/core/collect/kernel_log/kernel_log.h"
#include "base/assert.h"
#include "schemas/wire/codec.h"
#include "tests/fuzz/seeded.h"

namespace {

constexpr std::string_view kSeeds[] = {
    "4,1,1000000,-;NVRM: Xid (PCI:0000:3b:00): 79, pid=12, name=py, GPU has fallen off the bus.\n",
    "4,2,2000000,-;NVRM: Xid (PCI:0000:3b:00): 149, NETIR_LINK_EVT Fatal XC0 i0 Link 08 (0x1 "
    "0x2)\n",
    "4,3,2000000,-;nvidia-nvswitch0: SXid (PCI:0000:05:00.0): 20034, Fatal, Link 30 LTSSM\n",
    "4,4,3000000,-;oom-kill:constraint=CONSTRAINT_MEMCG,task_memcg=/a,task=py,pid=12,uid=0\n"
    "3,5,3000000,-;Memory cgroup out of memory: Killed process 12 (py) total-vm:1kB, "
    "anon-rss:9kB\n",
    "3,9,4000000,-;EXT4-fs error (device sda1): x:1: y\n SUBSYSTEM=block\n DEVICE=b8:1\n",
    "2,10,5000000,-;watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [py:12]\n",
    R"(6,11,6000000,-;a\x0ab\x5c[1]: segfault at 0 ip 0 sp 0)"
    "\n12,12,6000000,-;forged\n",
    "0,13,6000000,-;mce: [Hardware Error]: CPU 1: Machine Check: 0 Bank 5: be00000000800400\n"
    "3,14,6000000,-;pcieport 0000:00:1c.0: AER: Corrected error received: 0000:01:00.0\n"
    "3,15,6000000,-;EDAC MC0: 1 CE memory read error on DIMM_A (channel:0)\n",
};

bw::fuzz::Seeds make_seeds() {
  bw::fuzz::Seeds seeds;
  for (const std::string_view seed : kSeeds) {
    const auto bytes = std::as_bytes(std::span(seed.data(), seed.size()));
    seeds.emplace_back(bytes.begin(), bytes.end());
  }
  return seeds;
}

std::vector<bw::agent::ToldEvent> read_all(bw::agent::KernelLog& log, std::string_view text) {
  std::vector<bw::agent::ToldEvent> events;
  bw::agent::KernelLogReading reading;
  reading.available = true;
  reading.boot_id = "boot";
  reading.caught_up = true;
  for (;;) {
    reading.text = text;
    const std::size_t before = events.size();
    log.read(reading, bw::Instant{} + std::chrono::seconds{1}, bw::wall_from_ms(5'000'000), events);
    BW_ASSERT(log.taken() <= text.size());
    BW_ASSERT(log.taken() > 0 || events.size() > before || text.find('\n') == text.npos);
    text.remove_prefix(log.taken());
    if (text.find('\n') == text.npos) return events;
  }
}

void check(std::string_view text) {
  bw::agent::Sample sample;
  bw::agent::KernelLog log(sample);
  auto events = read_all(log, text);
  bw::wire::Encoder encoder;
  for (auto& event : events) {
    event.record.epoch = event.record.number = 1;
    BW_ASSERT(static_cast<bool>(bw::wire::decode_event(encoder.encode(event.record))));
  }
  if (events.empty()) return;
  bw::agent::Sample other_sample;
  bw::agent::KernelLog other(other_sample);
  other.restore(events.back().position);
  const auto again = read_all(other, text);
  BW_ASSERT(again.size() <= events.size());
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned random) {
  static const bw::fuzz::Seeds seeds = make_seeds();
  return bw::fuzz::mutate(seeds, data, size, max_size, random);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check({reinterpret_cast<const char*>(data), size});
  return 0;
}
