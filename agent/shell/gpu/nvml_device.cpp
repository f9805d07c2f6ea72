#include "agent/shell/gpu/nvml_device.h"

#include <algorithm>

namespace bw::agent {

namespace {

struct FieldSpec {
  unsigned field;
  GpuValue value;
  double scale = 1;
  unsigned scope = 0;
  bool is_signed = false;  // whatever type it is said to be of
};

// Ids of nvml.h (NVML_FI_*). Of the fields of NVLink the scope is the link, or all of them. Where
// two tell the same (up to NVLink 4, and from NVLink 5 on), the first that answers does.
constexpr FieldSpec kFields[] = {
    {82, GpuValue::mem_temp},
    {186, GpuValue::power},
    {185, GpuValue::power_average},
    {83, GpuValue::energy},
    {197, GpuValue::pcie_tx},
    {198, GpuValue::pcie_rx},
    {74, GpuValue::violation_power},
    {75, GpuValue::violation_thermal},
    {76, GpuValue::violation_sync_boost},
    {77, GpuValue::violation_board_limit},
    {78, GpuValue::violation_low_util},
    {79, GpuValue::violation_reliability},
    {94, GpuValue::pcie_replay},
    {3, GpuValue::ecc_sbe_vol},
    {4, GpuValue::ecc_dbe_vol},
    {142, GpuValue::remapped_rows_cor},
    {143, GpuValue::remapped_rows_unc},
    {144, GpuValue::remapped_rows_pending},
    {145, GpuValue::remapped_rows_failure},
    {138, GpuValue::nvlink_tx, 1024, nvml::kAllLinks},
    {139, GpuValue::nvlink_rx, 1024, nvml::kAllLinks},
    {38, GpuValue::nvlink_crc},
    {45, GpuValue::nvlink_crc_data},
    {52, GpuValue::nvlink_replay},
    {59, GpuValue::nvlink_recovery},
    {202, GpuValue::nvlink_tx, 1, nvml::kAllLinks},
    {204, GpuValue::nvlink_rx, 1, nvml::kAllLinks},
    {215, GpuValue::nvlink_recovery, 1, nvml::kAllLinks},
    {214, GpuValue::nvlink_recovery_failed, 1, nvml::kAllLinks},
    {208, GpuValue::nvlink_rx_errors, 1, nvml::kAllLinks},
    {212, GpuValue::nvlink_tx_discards, 1, nvml::kAllLinks},
    {219, GpuValue::nvlink_effective_errors, 1, nvml::kAllLinks},
    {221, GpuValue::nvlink_symbol_errors, 1, nvml::kAllLinks},
    {173, GpuValue::pcie_correctable},
    {174, GpuValue::pcie_naks_received},
    {175, GpuValue::pcie_receiver_errors},
    {176, GpuValue::pcie_bad_tlp},
    {177, GpuValue::pcie_naks_sent},
    {178, GpuValue::pcie_bad_dllp},
    {179, GpuValue::pcie_non_fatal},
    {180, GpuValue::pcie_fatal},
    {181, GpuValue::pcie_unsupported},
    {182, GpuValue::pcie_lcrc},
    {183, GpuValue::pcie_lane_errors},
    {5, GpuValue::ecc_sbe_agg},
    {6, GpuValue::ecc_dbe_agg},
    {29, GpuValue::retired_pages_sbe},
    {30, GpuValue::retired_pages_dbe},
    {31, GpuValue::retired_pages_pending},
    {193, GpuValue::tlimit_shutdown, 1, 0, true},
    {194, GpuValue::tlimit_slowdown, 1, 0, true},
    {196, GpuValue::tlimit_max, 1, 0, true},
    {195, GpuValue::tlimit_mem_max, 1, 0, true},
};

constexpr std::size_t tier_of(GpuValue value) {
  const auto index = static_cast<std::size_t>(value);
  return index < kFirstOfTen ? 0 : index < kFirstOfSixty ? 1 : 2;
}

constexpr std::size_t fields_of(std::size_t tier) {
  return static_cast<std::size_t>(
      std::count_if(std::begin(kFields), std::end(kFields),
                    [tier](const FieldSpec& spec) { return tier_of(spec.value) == tier; }));
}
static_assert(std::size(kFields) < 255, "places in the table are kept in a byte");
static_assert(std::max({fields_of(0), fields_of(1), fields_of(2)}) <= NvmlDevice::kMostFields);

double number_of(const nvml::FieldValue& field, bool is_signed) {
  switch (field.type) {
    case nvml::kDouble:
      return field.value.d;
    case nvml::kUnsigned:
      return is_signed ? static_cast<double>(field.value.si) : field.value.ui;
    case nvml::kUnsignedLong:
      return static_cast<double>(field.value.ul);
    case nvml::kUnsignedLongLong:
      return is_signed ? static_cast<double>(field.value.sll)
                       : static_cast<double>(field.value.ull);
    case nvml::kSignedLongLong:
      return static_cast<double>(field.value.sll);
    case nvml::kSigned:
      return field.value.si;
    case nvml::kUnsignedShort:
      return field.value.us;
    default:
      return kNoGpuValue;
  }
}

bool missing(const GpuReading& reading, GpuValue value) {
  return reading[value] != reading[value];
}

}  // namespace

NvmlDevice::NvmlDevice(NvmlCalls& calls, nvml::Device handle)
    : calls_(calls), handle_(handle), counters_(calls, handle), processes_(calls, handle) {
  forget_unsupported();
}

void NvmlDevice::forget_unsupported() {
  unsupported_.reset();
  counters_.forget_unsupported();
  processes_.forget_unsupported();
  for (Batch& batch : batches_) batch.count = 0;
  for (std::size_t i = 0; i < std::size(kFields); ++i) {
    Batch& batch = batches_[tier_of(kFields[i].value)];
    batch.fields[batch.count] = nvml::FieldValue{.field = kFields[i].field,
                                                 .scope = kFields[i].scope,
                                                 .timestamp_us = 0,
                                                 .latency_us = 0,
                                                 .type = 0,
                                                 .result = nvml::kUnknown,
                                                 .value = {}};
    batch.specs[batch.count] = static_cast<std::uint8_t>(i);
    ++batch.count;
  }
}

GpuIdentity NvmlDevice::identify(const std::string& driver) {
  const NvmlLibrary& nvml = calls_.library();
  const auto text = [&](NvmlLibrary::Text* function) {
    std::array<char, 96> buffer{};
    const nvml::Return result =
        calls_(function, handle_, buffer.data(), static_cast<unsigned>(buffer.size() - 1));
    return result == nvml::kSuccess ? std::string(buffer.data()) : std::string();
  };
  return GpuIdentity{.uuid = text(nvml.uuid),
                     .name = text(nvml.name),
                     .driver = driver,
                     .vbios = text(nvml.vbios)};
}

template <typename... Parameters, typename... Arguments>
bool NvmlDevice::ask(Ask what, nvml::Return (*function)(nvml::Device, Parameters...),
                     Arguments... arguments) {
  const auto bit = static_cast<std::size_t>(what);
  if (lost_ || unsupported_[bit]) return false;
  const nvml::Return result = calls_(function, handle_, arguments...);
  heard(result);
  if (NvmlCalls::lasting(result)) unsupported_.set(bit);
  return result == nvml::kSuccess;
}

void NvmlDevice::heard(nvml::Return result) {
  asked_any_ = true;
  answered_ = answered_ || result == nvml::kSuccess || NvmlCalls::lasting(result);
  lost_ = lost_ || result == nvml::kGpuIsLost;
  reset_required_ = reset_required_ || result == nvml::kResetRequired;
}

void NvmlDevice::ask_number(Ask what, NvmlLibrary::Unsigned* function, GpuValue value,
                            GpuReading& out) {
  unsigned number = 0;
  if (ask(what, function, &number)) out[value] = number;
}

void NvmlDevice::ask_utilization(Ask what,
                                 nvml::Return (*function)(nvml::Device, unsigned*, unsigned*),
                                 GpuValue value, GpuReading& out) {
  unsigned percent = 0;
  unsigned period_us = 0;
  if (ask(what, function, &percent, &period_us)) out[value] = percent;
}

void NvmlDevice::ask_clock(Ask what, int domain, GpuValue value, GpuReading& out) {
  unsigned mhz = 0;
  if (ask(what, calls_.library().clock, domain, &mhz)) out[value] = mhz;
}

void NvmlDevice::ask_ecc(Ask what, int type, int counter, GpuValue value, GpuReading& out) {
  if (!missing(out, value)) return;
  unsigned long long errors = 0;
  if (ask(what, calls_.library().ecc, type, counter, &errors)) {
    out[value] = static_cast<double>(errors);
  }
}

// 0 is the answer of GPUs that have no such threshold.
void NvmlDevice::ask_threshold(Ask what, int threshold, GpuValue value, GpuReading& out) {
  unsigned degrees = 0;
  if (ask(what, calls_.library().temperature_threshold, threshold, &degrees) && degrees > 0) {
    out[value] = degrees;
  }
}

GpuCondition NvmlDevice::read(const ProcessNames& names, GpuReading& out) {
  asked_any_ = answered_ = reset_required_ = false;
  if (++rounds_ % kAskAgain == 0) forget_unsupported();
  out.values.fill(kNoGpuValue);
  read_every_round(out);
  // Else its other questions would go unanswered too, and each may take long.
  const bool answers = answered_ || !asked_any_;
  if (out.ten && !lost_ && answers) {
    read_every_tenth(out);
    lost_ = !counters_.read(out) || lost_;
    lost_ = !processes_.read(names, out) || lost_;
  }
  if (out.sixty && !lost_ && answers) {
    read_every_sixtieth(out);
    lost_ = !read_instances(calls_, handle_, out) || lost_;
  }
  if (lost_) return GpuCondition::lost;
  if (reset_required_) return GpuCondition::reset_required;
  return answers ? GpuCondition::ok : GpuCondition::failing;
}

bool NvmlDevice::told_by_other(std::size_t spec, GpuValue value) const {
  const std::uint8_t teller = told_by_[static_cast<std::size_t>(value)];
  return teller != 0 && teller != spec + 1;
}

// Fields that the GPU does not have leave the batch, and those whose value another one tells, even
// where they come first and failed once.
void NvmlDevice::read_fields(Batch& batch, GpuReading& out) {
  const NvmlLibrary& nvml = calls_.library();
  if (lost_ || batch.count == 0 || nvml.fields == nullptr) return;
  const nvml::Return result =
      calls_(nvml.fields, handle_, static_cast<int>(batch.count), batch.fields.data());
  if (result != nvml::kSuccess) return heard(result);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < batch.count; ++i) {
    const nvml::FieldValue field = batch.fields[i];
    const FieldSpec& spec = kFields[batch.specs[i]];
    const auto answer = static_cast<nvml::Return>(field.result);
    heard(answer);
    if (told_by_other(batch.specs[i], spec.value)) continue;
    std::uint8_t& teller = told_by_[static_cast<std::size_t>(spec.value)];
    if (NvmlCalls::lasting(answer)) {
      teller = 0;
      continue;
    }
    if (answer == nvml::kSuccess) {
      out[spec.value] = number_of(field, spec.is_signed) * spec.scale;
      if (!missing(out, spec.value)) teller = static_cast<std::uint8_t>(batch.specs[i] + 1);
    }
    batch.fields[kept] = field;
    batch.specs[kept] = batch.specs[i];
    ++kept;
  }
  batch.count = kept;
}

void NvmlDevice::read_every_round(GpuReading& out) {
  const NvmlLibrary& nvml = calls_.library();
  nvml::Utilization utilization{};
  if (ask(Ask::utilization, nvml.utilization, &utilization)) {
    out[GpuValue::util] = utilization.gpu;
    out[GpuValue::mem_util] = utilization.memory;
  }
  read_memory(out);
  read_temperature(out);
  read_fields(batches_[0], out);
  if (missing(out, GpuValue::power)) ask_number(Ask::power, nvml.power, GpuValue::power, out);
  unsigned long long energy = 0;
  if (missing(out, GpuValue::energy) && ask(Ask::energy, nvml.energy, &energy)) {
    out[GpuValue::energy] = static_cast<double>(energy);
  }
  ask_clock(Ask::clock_sm, nvml::kClockSm, GpuValue::clock_sm, out);
  ask_clock(Ask::clock_memory, nvml::kClockMemory, GpuValue::clock_mem, out);
  ask_clock(Ask::clock_video, nvml::kClockVideo, GpuValue::clock_video, out);
  unsigned long long reasons = 0;
  if (ask(Ask::clock_reasons, nvml.clock_reasons, &reasons)) {
    out[GpuValue::clock_event_reasons] = static_cast<double>(reasons);
  }
  ask_utilization(Ask::encoder, nvml.encoder, GpuValue::enc_util, out);
  ask_utilization(Ask::decoder, nvml.decoder, GpuValue::dec_util, out);
}

// The older call counts what is reserved as used.
void NvmlDevice::read_memory(GpuReading& out) {
  const NvmlLibrary& nvml = calls_.library();
  nvml::MemoryV2 memory{};
  memory.version = nvml::version_of<nvml::MemoryV2>(2);
  if (ask(Ask::memory_v2, nvml.memory_v2, &memory)) {
    out[GpuValue::fb_total] = static_cast<double>(memory.total);
    out[GpuValue::fb_reserved] = static_cast<double>(memory.reserved);
    out[GpuValue::fb_free] = static_cast<double>(memory.free);
    out[GpuValue::fb_used] = static_cast<double>(memory.used);
    return;
  }
  nvml::Memory older{};
  if (!ask(Ask::memory, nvml.memory, &older)) return;
  out[GpuValue::fb_total] = static_cast<double>(older.total);
  out[GpuValue::fb_free] = static_cast<double>(older.free);
  out[GpuValue::fb_used] = static_cast<double>(older.used);
}

// The newer call first: the older one is announced to go.
void NvmlDevice::read_temperature(GpuReading& out) {
  const NvmlLibrary& nvml = calls_.library();
  nvml::TemperatureV1 newer{nvml::version_of<nvml::TemperatureV1>(1), nvml::kTemperatureGpu, 0};
  unsigned older = 0;
  if (ask(Ask::temperature_v, nvml.temperature_v, &newer)) {
    out[GpuValue::temp] = newer.temperature;
  } else if (ask(Ask::temperature, nvml.temperature, nvml::kTemperatureGpu, &older)) {
    out[GpuValue::temp] = older;
  }
}

void NvmlDevice::read_every_tenth(GpuReading& out) {
  const NvmlLibrary& nvml = calls_.library();
  read_fields(batches_[1], out);
  nvml::Bar1Memory bar1{};
  if (ask(Ask::bar1, nvml.bar1, &bar1)) {
    out[GpuValue::bar1_used] = static_cast<double>(bar1.used);
    out[GpuValue::bar1_total] = static_cast<double>(bar1.total);
  }
  nvml::MarginTemperature margin{nvml::version_of<nvml::MarginTemperature>(1), 0};
  if (ask(Ask::margin, nvml.margin, &margin)) out[GpuValue::temp_margin] = margin.margin;
  ask_number(Ask::power_limit, nvml.power_limit, GpuValue::power_limit, out);
  unsigned state = nvml::kUnknownState;
  if (ask(Ask::pstate, nvml.pstate, &state) && state != nvml::kUnknownState) {
    out[GpuValue::pstate] = state;
  }
  unsigned fan = 0;
  if (nvml.fan_v2 != nullptr ? ask(Ask::fan, nvml.fan_v2, 0U, &fan)
                             : ask(Ask::fan, nvml.fan, &fan)) {
    out[GpuValue::fan] = fan;
  }
  ask_utilization(Ask::jpg, nvml.jpg, GpuValue::jpg_util, out);
  ask_utilization(Ask::ofa, nvml.ofa, GpuValue::ofa_util, out);
  ask_number(Ask::pcie_gen, nvml.pcie_gen, GpuValue::pcie_gen, out);
  ask_number(Ask::pcie_width, nvml.pcie_width, GpuValue::pcie_width, out);
  if (missing(out, GpuValue::pcie_tx)) read_throughput(out);
  read_instead_of_fields(out);
}

// Each of the two calls takes 20 ms: only where there are no counters.
void NvmlDevice::read_throughput(GpuReading& out) {
  auto* const throughput = calls_.library().pcie_throughput;
  constexpr double kUnit = 1000;  // kB/s
  unsigned rate = 0;
  if (ask(Ask::pcie_transmit, throughput, nvml::kPcieTransmit, &rate)) {
    out[GpuValue::pcie_tx_rate] = rate * kUnit;
  }
  if (ask(Ask::pcie_receive, throughput, nvml::kPcieReceive, &rate)) {
    out[GpuValue::pcie_rx_rate] = rate * kUnit;
  }
}

// Drivers from before the fields, and GPUs without them.
void NvmlDevice::read_instead_of_fields(GpuReading& out) {
  const NvmlLibrary& nvml = calls_.library();
  if (missing(out, GpuValue::pcie_replay)) {
    ask_number(Ask::replay, nvml.pcie_replay, GpuValue::pcie_replay, out);
  }
  ask_ecc(Ask::ecc_corrected_volatile, nvml::kEccCorrected, nvml::kEccVolatile,
          GpuValue::ecc_sbe_vol, out);
  ask_ecc(Ask::ecc_uncorrected_volatile, nvml::kEccUncorrected, nvml::kEccVolatile,
          GpuValue::ecc_dbe_vol, out);
  unsigned corrected = 0;
  unsigned uncorrected = 0;
  unsigned pending = 0;
  unsigned failure = 0;
  if (missing(out, GpuValue::remapped_rows_cor) &&
      ask(Ask::remapped, nvml.remapped, &corrected, &uncorrected, &pending, &failure)) {
    out[GpuValue::remapped_rows_cor] = corrected;
    out[GpuValue::remapped_rows_unc] = uncorrected;
    out[GpuValue::remapped_rows_pending] = pending;
    out[GpuValue::remapped_rows_failure] = failure;
  }
}

void NvmlDevice::read_every_sixtieth(GpuReading& out) {
  const NvmlLibrary& nvml = calls_.library();
  read_fields(batches_[2], out);
  ask_number(Ask::pcie_gen_max, nvml.pcie_gen_max, GpuValue::pcie_gen_max, out);
  ask_number(Ask::pcie_width_max, nvml.pcie_width_max, GpuValue::pcie_width_max, out);
  ask_ecc(Ask::ecc_corrected_aggregate, nvml::kEccCorrected, nvml::kEccAggregate,
          GpuValue::ecc_sbe_agg, out);
  ask_ecc(Ask::ecc_uncorrected_aggregate, nvml::kEccUncorrected, nvml::kEccAggregate,
          GpuValue::ecc_dbe_agg, out);
  ask_threshold(Ask::shutdown, nvml::kShutdownThreshold, GpuValue::temp_shutdown, out);
  ask_threshold(Ask::slowdown, nvml::kSlowdownThreshold, GpuValue::temp_slowdown, out);
  ask_threshold(Ask::gpu_threshold, nvml::kGpuThreshold, GpuValue::temp_max, out);
  ask_threshold(Ask::memory_threshold, nvml::kMemoryThreshold, GpuValue::mem_temp_max, out);
  unsigned mode = 0;
  unsigned pending = 0;
  if (ask(Ask::mig_mode, nvml.mig_mode, &mode, &pending)) out[GpuValue::mig_mode] = mode;
}

}  // namespace bw::agent
