#include "schemas/wire/anomaly.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <system_error>

#include "base/ids.h"

namespace bw::wire {

namespace {

constexpr std::string_view kSeverityNames[] = {"minor", "major", "critical"};
constexpr std::string_view kOutcomeNames[] = {"active", "calm", "lasting", "silenced", "stopped"};
constexpr std::string_view kDirectionNames[] = {"above", "below", "restless", "still", "unlike"};
constexpr std::string_view kCausePrefix = "cause_";
constexpr int kDigits = 6;  // of what was measured
constexpr std::size_t kEpochDigits = 16;

template <typename Enum>
std::optional<Enum> enum_of(std::span<const std::string_view> names, std::string_view text) {
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

// As short as it can be, the same everywhere; "nan" and "inf" too.
std::string number_text(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value,
                                 std::chars_format::general, kDigits);
  return {text.data(), end.ptr};
}

template <typename Number>
bool read_number(std::string_view text, Number& out) {
  const auto end = std::from_chars(text.data(), text.data() + text.size(), out);
  return end.ec == std::errc() && end.ptr == text.data() + text.size();
}

bool read_finite(std::string_view text, double& out) {
  return read_number(text, out) && std::isfinite(out);
}

std::string epoch_text(std::uint64_t epoch) {
  std::array<char, kEpochDigits> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), epoch, 16);
  const auto count = static_cast<std::size_t>(end.ptr - digits.data());
  return std::string(kEpochDigits - count, '0') + std::string(digits.data(), count);
}

// The metric comes last: it may hold spaces. A unit that holds some is written with others.
std::string cause_text(const AnomalyCause& cause) {
  std::string text = "share=" + number_text(cause.share) + " value=" + number_text(cause.value) +
                     " low=" + number_text(cause.low) + " high=" + number_text(cause.high) +
                     " direction=" + std::string(name_of(cause.direction));
  std::string unit = cause.unit;
  std::replace(unit.begin(), unit.end(), ' ', '_');
  if (!unit.empty()) text += " unit=" + unit;
  return text + " metric=" + cause.metric;
}

bool take_field(AnomalyCause& cause, std::string_view name, std::string_view value) {
  if (name == "share") {
    return read_number(value, cause.share) && cause.share >= 0 && cause.share <= 1;
  }
  if (name == "value") return read_number(value, cause.value);
  if (name == "low") return read_finite(value, cause.low);
  if (name == "high") return read_finite(value, cause.high);
  if (name == "unit") cause.unit = value;
  if (name != "direction") return true;  // of a newer version
  const auto direction = enum_of<AnomalyDirection>(kDirectionNames, value);
  if (direction) cause.direction = *direction;
  return direction.has_value();
}

std::optional<AnomalyCause> cause_of(std::string_view text) {
  AnomalyCause cause;
  while (!text.empty()) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view name = text.substr(0, equals);
    text.remove_prefix(equals + 1);
    if (name == "metric") {
      cause.metric = text;
      return cause.metric.empty() ? std::nullopt : std::optional(std::move(cause));
    }
    const std::size_t space = std::min(text.find(' '), text.size());
    if (!take_field(cause, name, text.substr(0, space))) return std::nullopt;
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return std::nullopt;
}

// What is no cause. True where it is as it has to be, or of a newer version.
bool take_fact(Anomaly& out, std::string_view name, std::string_view value) {
  if (name == "episode") return read_number(value, out.episode);
  if (name == "start_ms") return read_number(value, out.start_ms);
  if (name == "peak_ms") return read_number(value, out.peak_ms);
  if (name == "end_ms") return read_number(value, out.end_ms);
  if (name == "score") return read_finite(value, out.score);
  if (name == "threshold") return read_finite(value, out.threshold);
  if (name == "flares") return read_number(value, out.flares);
  if (name == "troubled_ms") return read_number(value, out.troubled_ms);
  if (name == "level") {
    const auto severity = enum_of<AnomalySeverity>(kSeverityNames, value);
    if (severity) out.severity = *severity;
    return severity.has_value();
  }
  if (name == "outcome") {
    const auto outcome = enum_of<AnomalyOutcome>(kOutcomeNames, value);
    if (outcome) out.outcome = *outcome;
    return outcome.has_value();
  }
  return true;
}

}  // namespace

bool is_anomaly_kind(std::string_view kind) {
  return kind == kAnomalyKind || kind == kAnomalyUpdateKind || kind == kAnomalyEndKind;
}

std::string_view name_of(AnomalySeverity severity) {
  return kSeverityNames[static_cast<std::size_t>(severity)];
}

std::string_view name_of(AnomalyOutcome outcome) {
  return kOutcomeNames[static_cast<std::size_t>(outcome)];
}

std::string_view name_of(AnomalyDirection direction) {
  return kDirectionNames[static_cast<std::size_t>(direction)];
}

std::string series_key(const SeriesInfo& series) {
  if (series.labels.empty()) return series.name;
  std::string key = series.name + "{";
  for (const Label& label : series.labels) {
    if (key.back() != '{') key += ',';
    key.append(label.name).append("=").append(label.value);
  }
  return key + "}";
}

std::vector<Label> anomaly_details(const Anomaly& anomaly) {
  std::vector<Label> details = {
      {"episode", std::to_string(anomaly.episode)},
      {"level", std::string(name_of(anomaly.severity))},
      {"outcome", std::string(name_of(anomaly.outcome))},
      {"start_ms", std::to_string(anomaly.start_ms)},
      {"peak_ms", std::to_string(anomaly.peak_ms)},
      {"end_ms", std::to_string(anomaly.end_ms)},
      {"score", number_text(anomaly.score)},
      {"threshold", number_text(anomaly.threshold)},
      {"flares", std::to_string(anomaly.flares)},
      {"troubled_ms", std::to_string(anomaly.troubled_ms)},
  };
  const std::size_t causes = std::min(anomaly.causes.size(), kMaxAnomalyCauses);
  for (std::size_t i = 0; i < causes; ++i) {
    details.push_back(
        {std::string(kCausePrefix) + std::to_string(i + 1), cause_text(anomaly.causes[i])});
  }
  return details;
}

std::optional<Anomaly> anomaly_of(const std::vector<Label>& details) {
  Anomaly out;
  for (const Label& detail : details) {
    if (!detail.name.starts_with(kCausePrefix)) {
      if (!take_fact(out, detail.name, detail.value)) return std::nullopt;
      continue;
    }
    auto cause = cause_of(detail.value);
    if (!cause || out.causes.size() == kMaxAnomalyCauses) return std::nullopt;
    out.causes.push_back(*std::move(cause));
  }
  if (out.episode == 0) return std::nullopt;
  return out;
}

std::string text_of(const AnomalyId& id) {
  return id.node + ":" + epoch_text(id.epoch) + ":" + std::to_string(id.episode);
}

std::optional<AnomalyId> parse_anomaly_id(std::string_view text) {
  const std::size_t first = text.find(':');
  const std::size_t second = first == std::string_view::npos ? first : text.find(':', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  AnomalyId id;
  id.node = text.substr(0, first);
  const std::string_view epoch = text.substr(first + 1, second - first - 1);
  const auto end = std::from_chars(epoch.data(), epoch.data() + epoch.size(), id.epoch, 16);
  if (!NodeId::parse(id.node) || epoch.size() != kEpochDigits || end.ec != std::errc() ||
      end.ptr != epoch.data() + epoch.size() || !read_number(text.substr(second + 1), id.episode) ||
      id.episode == 0) {
    return std::nullopt;
  }
  return id;
}

}  // namespace bw::wire
