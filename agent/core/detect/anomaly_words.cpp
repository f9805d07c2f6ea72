#include "agent/core/detect/anomaly_words.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace bw::agent {

namespace {

constexpr std::size_t kCausesInWords = 3;
constexpr int kWordDigits = 3;

// How a unit of the metric table is said, and what its numbers are multiplied by for that.
struct SpokenUnit {
  std::string_view unit;
  double scale = 1;
  std::string_view spoken;
  double step = 0;  // above 0: k, M, G, T go before it, each so many times the last
};
constexpr SpokenUnit kSpokenUnits[] = {
    {"%", 1, "%", 0},
    {"B", 1, "B", 1000},
    {"B/s", 1, "B/s", 1000},
    {"KiB/s", 1024, "B/s", 1000},
    {"C", 1, "°C", 0},
    {"mW", 1e-3, "W", 0},
    {"uW", 1e-6, "W", 0},
    {"mV", 1e-3, "V", 0},
    {"mA", 1e-3, "A", 0},
    {"MHz", 1e6, "Hz", 1000},
    {"Hz", 1, "Hz", 1000},
    {"rpm", 1, "rpm", 0},
    {"ms", 1, "ms", 0},
    {"1", 1, "", 0},
    {"count", 1, "", 1000},
    {"tasks", 1, "", 0},
    {"count/s", 1, "/s", 1000},
    {"pages/s", 1, "pages/s", 1000},
    // Time a second: of all the time there is.
    {"us/s", 1e-4, "% of the time", 0},
    {"ms/s", 0.1, "% of the time", 0},
    {"ns/s", 1e-7, "% of the time", 0},
    // Of all CPUs together.
    {"s/s", 1, "CPUs", 0},
};
constexpr std::string_view kSizePrefixes[] = {"", "k", "M", "G", "T", "P"};

SpokenUnit spoken_unit(std::string_view unit) {
  const auto* const found = std::ranges::find(kSpokenUnits, unit, &SpokenUnit::unit);
  return found == std::end(kSpokenUnits) ? SpokenUnit{unit, 1, unit, 0} : *found;
}

// Three digits, but whole numbers whole: "0.52", "98.1", "1234".
std::string digits_text(double value) {
  if (std::fabs(value) < 1e-9) return "0";
  std::array<char, 32> text{};
  const auto all = [&](auto... form) {
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value, form...);
    return std::string(text.data(), end.ptr);
  };
  const double size = std::fabs(value);
  if (size >= 1e6 || size < 1e-3) return all(std::chars_format::scientific, kWordDigits - 1);
  const int whole = size >= 1 ? static_cast<int>(std::floor(std::log10(size))) + 1 : 0;
  std::string made = all(std::chars_format::fixed, std::max(0, kWordDigits - std::max(whole, 1)));
  if (made.find('.') == std::string::npos) return made;
  while (made.back() == '0') made.pop_back();
  if (made.back() == '.') made.pop_back();
  return made;
}

// The prefix that fits the larger of two numbers, by its place in kSizePrefixes.
std::size_t prefix_of(double size, double step) {
  std::size_t prefix = 0;
  while (step > 0 && size >= step && prefix + 1 < std::size(kSizePrefixes)) {
    size /= step;
    ++prefix;
  }
  return prefix;
}

std::string with_unit(std::string number, const SpokenUnit& unit, std::size_t prefix) {
  std::string name = std::string(kSizePrefixes[prefix]) + std::string(unit.spoken);
  if (name.empty()) return number;
  // "12 k" of something without a name, and "7/s", stand close.
  const bool close = unit.spoken.empty() || unit.spoken.front() == '/';
  return number + (close ? "" : " ") + name;
}

std::string cause_words(const wire::AnomalyCause& cause, bool past) {
  const std::string value = quantity_text(cause.value, cause.unit);
  std::string words = cause.metric;
  switch (cause.direction) {
    case wire::AnomalyDirection::above:
    case wire::AnomalyDirection::below:
      if (std::isnan(cause.value)) {
        words += past ? " had no value" : " has no value";
      } else {
        words += (past ? " was " : " is ") + value;
      }
      break;
    case wire::AnomalyDirection::restless:
      words += (past ? " varied more than usual, at " : " varies more than usual, now ") + value;
      break;
    case wire::AnomalyDirection::still:
      words += (past ? " varied less than usual, at " : " varies less than usual, now ") + value;
      break;
    case wire::AnomalyDirection::unlike:
      words += (past ? " did not go with the others, at " : " does not go with the others, now ") +
               value;
      break;
  }
  const auto percent = static_cast<int>(std::lround(100 * cause.share));
  return words + ", usually " + range_text(cause.low, cause.high, cause.unit) + " (" +
         std::to_string(percent) + " % of it)";
}

std::string trouble_words(const wire::Anomaly& anomaly) {
  constexpr std::uint64_t kMinuteS = 60;
  constexpr std::uint64_t kHourS = 3600;
  const std::uint64_t seconds = anomaly.troubled_ms / 1000;
  std::string words = std::to_string(seconds) + " s";
  if (seconds >= 2 * kMinuteS) words = std::to_string(seconds / kMinuteS) + " min";
  if (seconds >= 2 * kHourS) {
    words = std::to_string(seconds / kHourS) + " h";
    const std::uint64_t minutes = seconds % kHourS / kMinuteS;
    if (minutes > 0) words += " " + std::to_string(minutes) + " min";
  }
  if (anomaly.flares > 1) words += " in " + std::to_string(anomaly.flares) + " stretches";
  return words;
}

std::string head_words(const wire::Anomaly& anomaly) {
  switch (anomaly.outcome) {
    case wire::AnomalyOutcome::active:
      return anomaly.flares > 1
                 ? "unlike itself again (" + std::to_string(anomaly.flares) + " times by now)"
                 : "unlike itself";
    case wire::AnomalyOutcome::calm:
      return "as usual again after " + trouble_words(anomaly) + "; at its worst";
    case wire::AnomalyOutcome::lasting:
      return "unlike itself for " + trouble_words(anomaly) +
             ", which is taken for usual from now on; at its farthest";
    case wire::AnomalyOutcome::silenced:
      return "a known change silences what was unlike itself for " + trouble_words(anomaly) +
             "; at its worst";
    case wire::AnomalyOutcome::stopped:
      return "the agent was stopped while the box was unlike itself; at its worst";
  }
  return {};
}

}  // namespace

std::string quantity_text(double value, std::string_view unit) {
  if (std::isnan(value)) return "no value";
  const SpokenUnit spoken = spoken_unit(unit);
  const double scaled = value * spoken.scale;
  const std::size_t prefix = prefix_of(std::fabs(scaled), spoken.step);
  const double shown = scaled / std::pow(spoken.step, static_cast<double>(prefix));
  return with_unit(digits_text(prefix > 0 ? shown : scaled), spoken, prefix);
}

std::string range_text(double low, double high, std::string_view unit) {
  const SpokenUnit spoken = spoken_unit(unit);
  const double largest = std::max(std::fabs(low), std::fabs(high)) * spoken.scale;
  const std::size_t prefix = prefix_of(largest, spoken.step);
  const double scale =
      prefix > 0 ? spoken.scale / std::pow(spoken.step, static_cast<double>(prefix)) : spoken.scale;
  const std::string from = digits_text(low * scale);
  const std::string to = digits_text(high * scale);
  return with_unit(from == to ? to : from + " to " + to, spoken, prefix);
}

std::string anomaly_text(const wire::Anomaly& anomaly) {
  std::string text = head_words(anomaly);
  const bool past = anomaly.outcome != wire::AnomalyOutcome::active;
  const std::size_t count = std::min(anomaly.causes.size(), kCausesInWords);
  for (std::size_t i = 0; i < count; ++i) {
    text += i > 0 ? "; " : past ? ", " : ": ";
    text += cause_words(anomaly.causes[i], past);
  }
  return text;
}

}  // namespace bw::agent
