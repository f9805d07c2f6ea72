#include "agent/core/collect/gpu_events.h"

#include <string>
#include <string_view>
#include <utility>

#include "agent/core/collect/kernel_log/kernel_log.h"
#include "agent/core/collect/kernel_log/xid_catalogue.h"
#include "schemas/metrics/event_kinds.h"

namespace bw::agent {

namespace {

using metrics::EventKind;
using wire::Severity;

struct MemoryEvent {
  GpuEventKind kind;
  Severity severity;
  std::string_view text;  // behind "GPU 0 at 0000:3b:00.0 "
  std::string_view action;
};
constexpr MemoryEvent kMemoryEvents[] = {
    {GpuEventKind::uncorrected_ecc, Severity::critical,
     "had an error in its memory that could not be corrected",
     "restart the programs that used the GPU; reset it, and have it replaced if it comes again"},
    {GpuEventKind::corrected_ecc_storm, Severity::warning,
     "corrects very many errors in its memory",
     "move work away and run the maker's field diagnostic; have it replaced if it goes on"},
    {GpuEventKind::retirement, Severity::warning, "takes a bad part of its memory out of use",
     "reset the GPU when it is free: only then is it done"},
    {GpuEventKind::retirement_failure, Severity::critical,
     "could not take a bad part of its memory out of use",
     "move work away from the GPU and have it replaced"},
};

// Without the function, as the kernel log's lines have it: they are one story.
std::string device_of(std::string_view pci) {
  return std::string(pci.substr(0, pci.find('.')));
}

void add_place(const GpuReadings& readings, const GpuEventReading& event, wire::EventRecord& out) {
  const GpuReading& gpu = readings.gpus[event.gpu];
  out.details.push_back({"gpu", std::to_string(event.gpu)});
  if (gpu.identity != nullptr && !gpu.identity->uuid.empty()) {
    out.details.push_back({"uuid", gpu.identity->uuid});
  }
  if (event.gpu_instance != GpuEventReading::kNoInstance) {
    out.details.push_back({"gpu_instance", std::to_string(event.gpu_instance)});
  }
  if (event.compute_instance != GpuEventReading::kNoInstance) {
    out.details.push_back({"compute_instance", std::to_string(event.compute_instance)});
  }
}

wire::EventRecord xid_event(const GpuReadings& readings, const GpuEventReading& event) {
  const auto code = static_cast<unsigned>(event.xid);
  const std::string pci = device_of(readings.gpus[event.gpu].pci);
  XidDescription known = describe_xid(code, pci);
  wire::EventRecord record;
  record.kind = metrics::event_name(EventKind::xid);
  record.severity = known.severity;
  record.text = std::move(known.text);
  record.details.push_back({"code", std::to_string(code)});
  record.details.push_back({"pci", pci});
  add_place(readings, event, record);
  if (!known.mnemonic.empty()) {
    record.details.push_back({"mnemonic", std::string(known.mnemonic)});
  }
  if (!known.resolution.empty()) {
    record.details.push_back({"resolution", std::string(known.resolution)});
  }
  record.details.push_back({"action", std::string(known.action)});
  return record;
}

wire::EventRecord memory_event(const GpuReadings& readings, const GpuEventReading& event,
                               const MemoryEvent& known) {
  const std::string& pci = readings.gpus[event.gpu].pci;
  wire::EventRecord record;
  record.kind = metrics::event_name(EventKind::gpu_memory_error);
  record.severity = known.severity;
  record.text = "GPU " + std::to_string(event.gpu) + " at " + pci + " " + std::string(known.text);
  record.details.push_back({"pci", pci});
  add_place(readings, event, record);
  record.details.push_back({"action", std::string(known.action)});
  return record;
}

}  // namespace

void tell_gpu_events(const GpuReadings& readings, WallTime wall, KernelLog& log,
                     std::vector<ToldEvent>& events) {
  for (const GpuEventReading& event : readings.events) {
    if (event.gpu >= readings.gpus.size()) continue;
    wire::EventRecord record;
    if (event.kind == GpuEventKind::xid) {
      if (log.was_read()) continue;
      record = xid_event(readings, event);
      log.count_xid(static_cast<unsigned>(event.xid));
    } else {
      for (const MemoryEvent& known : kMemoryEvents) {
        if (known.kind == event.kind) record = memory_event(readings, event, known);
      }
    }
    record.time_ms = to_ms(wall);
    events.push_back({std::move(record), {}});
  }
}

}  // namespace bw::agent
