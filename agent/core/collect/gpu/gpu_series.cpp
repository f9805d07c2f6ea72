#include "agent/core/collect/gpu/gpu_series.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

using metrics::EventKind;
using metrics::metric;
using metrics::MetricInfo;

// Of GpuValue, in its order.
constexpr std::array<const MetricInfo*, kGpuValues> kValueMetrics = {
    &metric("gpu.util"),
    &metric("gpu.mem_util"),
    &metric("gpu.fb_used"),
    &metric("gpu.fb_free"),
    &metric("gpu.fb_reserved"),
    &metric("gpu.fb_total"),
    &metric("gpu.temp"),
    &metric("gpu.mem_temp"),
    &metric("gpu.power"),
    &metric("gpu.power_average"),
    &metric("gpu.energy"),
    &metric("gpu.clock_sm"),
    &metric("gpu.clock_mem"),
    &metric("gpu.clock_video"),
    &metric("gpu.clock_event_reasons"),
    &metric("gpu.enc_util"),
    &metric("gpu.dec_util"),
    &metric("gpu.pcie_tx"),
    &metric("gpu.pcie_rx"),
    &metric("gpu.bar1_used"),
    &metric("gpu.bar1_total"),
    &metric("gpu.temp_margin"),
    &metric("gpu.power_limit"),
    &metric("gpu.violation_power"),
    &metric("gpu.violation_thermal"),
    &metric("gpu.violation_sync_boost"),
    &metric("gpu.violation_board_limit"),
    &metric("gpu.violation_low_util"),
    &metric("gpu.violation_reliability"),
    &metric("gpu.pstate"),
    &metric("gpu.fan"),
    &metric("gpu.jpg_util"),
    &metric("gpu.ofa_util"),
    &metric("gpu.pcie_tx_rate"),
    &metric("gpu.pcie_rx_rate"),
    &metric("gpu.pcie_replay"),
    &metric("gpu.pcie_gen"),
    &metric("gpu.pcie_width"),
    &metric("gpu.ecc_sbe_vol"),
    &metric("gpu.ecc_dbe_vol"),
    &metric("gpu.remapped_rows_cor"),
    &metric("gpu.remapped_rows_unc"),
    &metric("gpu.remapped_rows_pending"),
    &metric("gpu.remapped_rows_failure"),
    &metric("gpu.nvlink_tx"),
    &metric("gpu.nvlink_rx"),
    &metric("gpu.nvlink_crc"),
    &metric("gpu.nvlink_crc_data"),
    &metric("gpu.nvlink_replay"),
    &metric("gpu.nvlink_recovery"),
    &metric("gpu.nvlink_recovery_failed"),
    &metric("gpu.nvlink_rx_errors"),
    &metric("gpu.nvlink_tx_discards"),
    &metric("gpu.nvlink_effective_errors"),
    &metric("gpu.nvlink_symbol_errors"),
    &metric("gpu.sm_active"),
    &metric("gpu.sm_occupancy"),
    &metric("gpu.tensor"),
    &metric("gpu.dram_bw"),
    &metric("gpu.fp64"),
    &metric("gpu.fp32"),
    &metric("gpu.fp16"),
    &metric("gpu.processes"),
    &metric("gpu.foreign_mem"),
    &metric("gpu.pcie_gen_max"),
    &metric("gpu.pcie_width_max"),
    &metric("gpu.pcie_correctable"),
    &metric("gpu.pcie_naks_received"),
    &metric("gpu.pcie_receiver_errors"),
    &metric("gpu.pcie_bad_tlp"),
    &metric("gpu.pcie_naks_sent"),
    &metric("gpu.pcie_bad_dllp"),
    &metric("gpu.pcie_non_fatal"),
    &metric("gpu.pcie_fatal"),
    &metric("gpu.pcie_unsupported"),
    &metric("gpu.pcie_lcrc"),
    &metric("gpu.pcie_lane_errors"),
    &metric("gpu.ecc_sbe_agg"),
    &metric("gpu.ecc_dbe_agg"),
    &metric("gpu.retired_pages_sbe"),
    &metric("gpu.retired_pages_dbe"),
    &metric("gpu.retired_pages_pending"),
    &metric("gpu.temp_shutdown"),
    &metric("gpu.temp_slowdown"),
    &metric("gpu.temp_max"),
    &metric("gpu.mem_temp_max"),
    &metric("gpu.tlimit_shutdown"),
    &metric("gpu.tlimit_slowdown"),
    &metric("gpu.tlimit_max"),
    &metric("gpu.tlimit_mem_max"),
    &metric("gpu.mig_mode"),
};
constexpr bool names(GpuValue value, std::string_view name) {
  return kValueMetrics[static_cast<std::size_t>(value)]->name == name;
}
static_assert(names(GpuValue::pcie_rx, "gpu.pcie_rx") &&
              names(GpuValue::pcie_rx_rate, "gpu.pcie_rx_rate") &&
              names(GpuValue::nvlink_recovery, "gpu.nvlink_recovery") &&
              names(GpuValue::foreign_mem, "gpu.foreign_mem") &&
              names(GpuValue::ecc_dbe_agg, "gpu.ecc_dbe_agg") &&
              names(GpuValue::temp_shutdown, "gpu.temp_shutdown") &&
              names(GpuValue::mig_mode, "gpu.mig_mode"));

constexpr std::string_view kOther = "other";

std::string_view text_of(const auto& characters) {
  const auto end = std::find(characters.begin(), characters.end(), '\0');
  return {characters.data(), static_cast<std::size_t>(end - characters.begin())};
}

wire::EventRecord event(WallTime when, metrics::EventKind kind, wire::Severity severity,
                        std::string text, std::string action) {
  wire::EventRecord record;
  record.time_ms = to_ms(when);
  record.kind = metrics::event_name(kind);
  record.severity = severity;
  record.text = std::move(text);
  if (!action.empty()) record.details.push_back({"action", std::move(action)});
  return record;
}

}  // namespace

std::string_view to_text(NvmlState state) {
  switch (state) {
    case NvmlState::ok:
      return "works";
    case NvmlState::missing:
      return "is missing, or its driver is not loaded";
    case NvmlState::mismatch:
      return "is of another version than the loaded driver";
    case NvmlState::hung:
      return "hangs";
    case NvmlState::failing:
      return "fails";
  }
  return "";
}

void GpuSeries::read(const GpuReadings& readings, WallTime wall, std::vector<ToldEvent>& events) {
  wall_ = wall;
  if (!readings.worth) return;
  std::size_t answering = 0;
  for (std::size_t i = 0; i < readings.gpus.size() && i < kMaxGpus; ++i) {
    const GpuReading& reading = readings.gpus[i];
    Gpu& gpu = at(i, reading);
    identify(gpu, reading);
    set_condition(gpu, reading, events);
    const bool tells =
        reading.condition == GpuCondition::ok || reading.condition == GpuCondition::reset_required;
    if (tells && reading.fresh) set_values(gpu, reading);
    if (reading.condition == GpuCondition::ok || reading.condition == GpuCondition::asleep) {
      ++answering;
    }
  }
  const auto tell = [this](Alias& alias, const MetricInfo& metric, double value) {
    if (alias == Sample::kNoAlias) alias = sample_.declare(metric);
    sample_.set(alias, value);
  };
  tell(count_, metric("gpu.count"), static_cast<double>(answering));
  tell(expected_, metric("gpu.count_expected"), static_cast<double>(gpus_.size()));
  tell(state_, metric("gpu.nvml_state"), static_cast<double>(readings.state));
  tell_state(readings, events);
}

GpuSeries::Gpu& GpuSeries::at(std::size_t index, const GpuReading& reading) {
  while (gpus_.size() <= index) gpus_.emplace_back();
  Gpu& gpu = gpus_[index];
  if (gpu.pci.empty()) {
    gpu.pci = reading.pci;
    gpu.index = std::to_string(index);
  }
  return gpu;
}

// Another card in the same place is another GPU: the series are its own from now on. One whose UUID
// could not be had is still the one that was there.
void GpuSeries::identify(Gpu& gpu, const GpuReading& reading) {
  if (reading.identity == nullptr || reading.identity == gpu.told) return;
  gpu.told = reading.identity;
  GpuIdentity now = *reading.identity;
  if (now.uuid.empty()) now.uuid = gpu.identity.uuid;
  const bool same_card = gpu.identity.uuid == now.uuid;
  const bool same = same_card && gpu.identity.name == now.name &&
                    gpu.identity.driver == now.driver && gpu.identity.vbios == now.vbios;
  if (same && gpu.info != Sample::kNoAlias) return;
  gpu.identity = std::move(now);
  if (!same_card) relabel(gpu);
  std::vector<wire::Label> all = labels(gpu);
  all.push_back({"name", gpu.identity.name});
  all.push_back({"driver", gpu.identity.driver});
  all.push_back({"vbios", gpu.identity.vbios});
  all.push_back({"pci", gpu.pci});
  if (gpu.info == Sample::kNoAlias) {
    gpu.info = sample_.declare(metric("gpu.info"), std::move(all));
  } else {
    sample_.relabel(gpu.info, std::move(all));
  }
  sample_.set(gpu.info, 1);
}

// What was declared so far; Sample knows what to do with an alias that is none.
void GpuSeries::relabel(const Gpu& gpu) {
  for (const Alias alias : gpu.aliases) sample_.relabel(alias, labels(gpu));
  sample_.relabel(gpu.lost, labels(gpu));
  sample_.relabel(gpu.hung, labels(gpu));
  for (const Program& known : gpu.programs) relabel(gpu, known);
  for (const Instance& known : gpu.instances) relabel(gpu, known);
}

void GpuSeries::relabel(const Gpu& gpu, const Program& program) {
  sample_.relabel(program.memory, labels(gpu, program));
  sample_.relabel(program.sm, labels(gpu, program));
}

void GpuSeries::relabel(const Gpu& gpu, const Instance& instance) {
  sample_.relabel(instance.used, labels(gpu, instance));
  sample_.relabel(instance.total, labels(gpu, instance));
}

std::vector<wire::Label> GpuSeries::labels(const Gpu& gpu) const {
  return {{"gpu", gpu.index}, {"uuid", gpu.identity.uuid}};
}

std::vector<wire::Label> GpuSeries::labels(const Gpu& gpu, const Program& program) const {
  std::vector<wire::Label> all = labels(gpu);
  all.push_back({"process", program.name});
  return all;
}

std::vector<wire::Label> GpuSeries::labels(const Gpu& gpu, const Instance& instance) const {
  std::vector<wire::Label> all = labels(gpu);
  all.push_back({"instance", instance.name});
  all.push_back({"mig_uuid", instance.uuid});
  return all;
}

void GpuSeries::set(const Gpu& gpu, Alias& alias, const MetricInfo& metric, double value) {
  if (alias == Sample::kNoAlias) {
    if (std::isnan(value)) return;
    alias = sample_.declare(metric, labels(gpu));
  }
  sample_.set(alias, value);
}

void GpuSeries::set_condition(Gpu& gpu, const GpuReading& reading, std::vector<ToldEvent>& events) {
  const GpuCondition before = std::exchange(gpu.condition, reading.condition);
  if (gpu.runtime == Sample::kNoAlias && !std::isnan(reading.power_state)) {
    gpu.runtime = sample_.declare(metric("gpu.runtime_pm"), {{"gpu", gpu.index}, {"pci", gpu.pci}});
  }
  sample_.set(gpu.runtime, reading.power_state);
  if (gpu.told != nullptr) {
    set(gpu, gpu.lost, metric("gpu.lost"), reading.condition == GpuCondition::lost ? 1 : 0);
    set(gpu, gpu.hung, metric("gpu.hung"), reading.condition == GpuCondition::hung ? 1 : 0);
  }
  if (reading.condition != GpuCondition::ok && before != reading.condition) lose(gpu);
  if (before != reading.condition) tell_condition(gpu, before, events);
  gpu.known = gpu.known || reading.condition == GpuCondition::ok ||
              reading.condition == GpuCondition::asleep;
}

void GpuSeries::set_values(Gpu& gpu, const GpuReading& reading) {
  const std::size_t due = reading.sixty ? kGpuValues : reading.ten ? kFirstOfSixty : kFirstOfTen;
  for (std::size_t i = 0; i < due; ++i) {
    set(gpu, gpu.aliases[i], *kValueMetrics[i], reading.values[i]);
  }
  if (reading.ten) set_programs(gpu, reading);
  if (reading.sixty) set_instances(gpu, reading);
}

// Processes of one name are one program.
void GpuSeries::set_programs(Gpu& gpu, const GpuReading& reading) {
  const std::size_t count = std::min(reading.process_count, kMaxGpuProcesses);
  const auto is_there = [&](const Program& known) {
    return std::any_of(
        reading.processes.begin(), reading.processes.begin() + static_cast<std::ptrdiff_t>(count),
        [&](const GpuProcessReading& process) { return text_of(process.name) == known.name; });
  };
  for (Program& known : gpu.programs) {
    known.unseen = is_there(known) ? 0 : known.unseen + 1;
    known.memory_sum = known.sm_sum = Sample::kNoValue;
  }
  const auto add = [](double& sum, double value) {
    if (!std::isnan(value)) sum = std::isnan(sum) ? value : sum + value;
  };
  for (std::size_t i = 0; i < count; ++i) {
    const GpuProcessReading& process = reading.processes[i];
    Program& found = program(gpu, text_of(process.name));
    add(found.memory_sum, process.memory);
    add(found.sm_sum, process.sm);
  }
  for (Program& known : gpu.programs) {
    const auto tell = [&](Alias& alias, const MetricInfo& metric, double value) {
      if (alias == Sample::kNoAlias && !std::isnan(value)) {
        alias = sample_.declare(metric, labels(gpu, known));
      }
      sample_.set(alias, value);
    };
    tell(known.memory, metric("gpu.proc_mem"), known.memory_sum);
    tell(known.sm, metric("gpu.proc_sm"), known.sm_sum);
  }
}

// A process that ended before its name was read has none: it is one of the others.
GpuSeries::Program& GpuSeries::program(Gpu& gpu, std::string_view name) {
  if (name.empty()) name = kOther;
  Program* longest_unseen = nullptr;
  std::size_t named = 0;
  for (Program& known : gpu.programs) {
    if (known.name == name) return known;
    if (known.name == kOther) continue;
    ++named;
    if (longest_unseen == nullptr || known.unseen > longest_unseen->unseen) longest_unseen = &known;
  }
  if (named == kMaxPrograms && name != kOther) {
    if (longest_unseen->unseen < kForgetAfter) return program(gpu, kOther);
    longest_unseen->name.assign(name);
    longest_unseen->unseen = 0;
    relabel(gpu, *longest_unseen);
    return *longest_unseen;
  }
  Program& added = gpu.programs.emplace_back();
  added.name.assign(name);
  added.memory_sum = added.sm_sum = Sample::kNoValue;
  return added;
}

void GpuSeries::set_instances(Gpu& gpu, const GpuReading& reading) {
  const std::size_t count = std::min(reading.instance_count, kMaxMigInstances);
  for (Instance& known : gpu.instances) {
    known.present = std::any_of(
        reading.instances.begin(), reading.instances.begin() + static_cast<std::ptrdiff_t>(count),
        [&](const MigReading& told) { return text_of(told.uuid) == known.uuid; });
  }
  for (std::size_t i = 0; i < count; ++i) {
    const MigReading& told = reading.instances[i];
    Instance* found = instance(gpu, told);
    if (found == nullptr) continue;
    found->present = true;
    const auto tell = [&](Alias& alias, const MetricInfo& metric, double value) {
      if (alias == Sample::kNoAlias) alias = sample_.declare(metric, labels(gpu, *found));
      sample_.set(alias, value);
    };
    tell(found->used, metric("gpu.mig_fb_used"), told.fb_used);
    tell(found->total, metric("gpu.mig_fb_total"), told.fb_total);
  }
  for (Instance& known : gpu.instances) {
    if (known.present) continue;
    sample_.lose(known.used);
    sample_.lose(known.total);
  }
}

// A new one takes the place of one that is gone. Null where there is none: never, since a reading
// has as many instances as there are places.
GpuSeries::Instance* GpuSeries::instance(Gpu& gpu, const MigReading& reading) {
  const std::string_view uuid = text_of(reading.uuid);
  Instance* absent = nullptr;
  for (Instance& known : gpu.instances) {
    if (known.uuid == uuid) return &known;
    if (!known.present) absent = &known;
  }
  const bool is_full = gpu.instances.size() == kMaxMigInstances;
  if (is_full && absent == nullptr) return nullptr;
  Instance& found = is_full ? *absent : gpu.instances.emplace_back();
  found.name =
      std::to_string(reading.gpu_instance) + "/" + std::to_string(reading.compute_instance);
  found.uuid.assign(uuid);
  relabel(gpu, found);
  return &found;
}

void GpuSeries::lose(Gpu& gpu) {
  for (const Alias alias : gpu.aliases) sample_.lose(alias);
  for (const Program& known : gpu.programs) {
    sample_.lose(known.memory);
    sample_.lose(known.sm);
  }
  for (const Instance& known : gpu.instances) {
    sample_.lose(known.used);
    sample_.lose(known.total);
  }
}

// Of a GPU that has answered before: one that never did is told of by gpu.count, unless it wants to
// be reset.
void GpuSeries::tell_condition(const Gpu& gpu, GpuCondition before,
                               std::vector<ToldEvent>& events) const {
  if (!gpu.known && gpu.condition != GpuCondition::reset_required) return;
  const std::string name = "GPU " + gpu.index + " at " + gpu.pci;
  const auto critical = [&](EventKind kind, const char* what, const char* action) {
    return event(wall_, kind, wire::Severity::critical, name + what, action);
  };
  wire::EventRecord record;
  switch (gpu.condition) {
    case GpuCondition::lost:
      record =
          critical(EventKind::gpu_lost, " no longer answers",
                   "reset the GPU, or reboot; if it comes again, check power, seating and cooling");
      break;
    case GpuCondition::hung:
      record = critical(EventKind::gpu_hung, " does not answer in time",
                        "look for Xid errors in the kernel log; reset the GPU, or reboot");
      break;
    case GpuCondition::failing:
      record = critical(EventKind::gpu_failing, " answers every question with an error",
                        "look for Xid errors in the kernel log; reset the GPU, or reboot");
      break;
    case GpuCondition::reset_required:
      record = critical(EventKind::gpu_reset_required, " has to be reset before it can be used",
                        "end what uses the GPU, and reset it (nvidia-smi --gpu-reset), or reboot");
      break;
    case GpuCondition::unreadable:
      return;
    case GpuCondition::ok:
    case GpuCondition::asleep:
      const bool was_fine = before == GpuCondition::ok || before == GpuCondition::asleep ||
                            before == GpuCondition::unreadable;
      if (was_fine) return;
      record =
          event(wall_, EventKind::gpu_returned, wire::Severity::info, name + " answers again", "");
      break;
  }
  record.details.push_back({"gpu", gpu.index});
  record.details.push_back({"pci", gpu.pci});
  if (!gpu.identity.uuid.empty()) record.details.push_back({"uuid", gpu.identity.uuid});
  events.push_back({std::move(record), {}});
}

void GpuSeries::tell_state(const GpuReadings& readings, std::vector<ToldEvent>& events) {
  if (readings.state == last_state_) return;
  last_state_ = readings.state;
  std::string action;
  switch (readings.state) {
    case NvmlState::ok:
      break;
    case NvmlState::missing:
      action = "install NVIDIA's driver, or load it";
      break;
    case NvmlState::mismatch:
      action = "load the driver of the library's version: reload the kernel modules, or reboot";
      break;
    case NvmlState::hung:
    case NvmlState::failing:
      action = "look for errors of the driver in the kernel log; reload it, or reboot";
      break;
  }
  const bool good = readings.state == NvmlState::ok;
  wire::EventRecord record =
      event(wall_, EventKind::nvml_state, good ? wire::Severity::info : wire::Severity::warning,
            "NVIDIA's management library " + std::string(to_text(readings.state)), action);
  record.details.push_back({"state", std::to_string(static_cast<int>(readings.state))});
  if (!readings.reason.empty()) record.details.push_back({"reason", readings.reason});
  events.push_back({std::move(record), {}});
}

}  // namespace bw::agent
