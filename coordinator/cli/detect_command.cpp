#include "coordinator/cli/detect_command.h"

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iostream>

#include <sys/stat.h>

#include "coordinator/cli/display.h"
#include "coordinator/cli/document.h"
#include "coordinator/cli/run.h"
#include "coordinator/cli/times.h"
#include "coordinator/cli/view_detect.h"

namespace bw::cli {

namespace {

constexpr double kMostAlarmsADay = 10'000;
constexpr std::uint64_t kMostWindowRows = 300;  // the slow window is three of them
constexpr std::int64_t kLongestPeriodMs = std::int64_t{30} * 86'400'000;

template <typename Number>
std::optional<Number> number_of(const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Error wrong_flag(const std::string& flag, const std::string& value, const std::string& right) {
  return Error{flag + ": '" + visible(value) + "' is not " + right};
}

// A number above 0 and at most `most`.
Result<std::optional<double>> positive(const Invocation& invocation, const std::string& flag,
                                       double most) {
  if (!invocation.has(flag)) return std::optional<double>{};
  const std::string text = invocation.value(flag);
  const auto number = number_of<double>(text);
  if (!number || !(*number > 0 && *number <= most)) {
    std::string bound = std::to_string(most);
    bound.erase(bound.find_last_not_of('0') + 1);
    if (bound.ends_with('.')) bound.pop_back();
    return wrong_flag(flag, text, "a number above 0, up to " + bound);
  }
  return std::optional(*number);
}

Result<std::optional<std::uint64_t>> whole(const Invocation& invocation, const std::string& flag,
                                           std::uint64_t least, std::uint64_t most) {
  if (!invocation.has(flag)) return std::optional<std::uint64_t>{};
  const std::string text = invocation.value(flag);
  const auto number = number_of<std::uint64_t>(text);
  if (!number || *number < least || *number > most) {
    return wrong_flag(
        flag, text, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return std::optional(*number);
}

Result<void> take_numbers(const Invocation& invocation, DetectOptions& out) {
  const auto alarms = positive(invocation, "--false-alarms-a-day", kMostAlarmsADay);
  if (!alarms) return alarms.error();
  out.false_alarms_a_day = *alarms;
  const auto threshold = positive(invocation, "--alert-threshold", 1e6);
  if (!threshold) return threshold.error();
  out.alert_threshold = *threshold;
  const auto contamination = positive(invocation, "--contamination", 0.5);
  if (!contamination) return contamination.error();
  out.contamination = *contamination;
  const auto window = whole(invocation, "--window", 2, kMostWindowRows);
  if (!window) return window.error();
  if (*window) out.window = static_cast<std::size_t>(**window);
  const auto seed = whole(invocation, "--seed", 0, std::numeric_limits<std::uint64_t>::max());
  if (!seed) return seed.error();
  out.seed = seed->value_or(0);
  const auto rows = whole(invocation, "--train-rows", 1, 1'000'000'000);
  if (!rows) return rows.error();
  out.train_rows = static_cast<std::size_t>(rows->value_or(0));
  return {};
}

// By whatever path, a link among them. What is no file, such as a terminal, can be both.
bool is_same_file(const std::string& one, const std::string& other) {
  if (one.empty() || other.empty()) return false;
  if (one == other) return true;
  struct stat first {};
  struct stat second {};
  if (::stat(one.c_str(), &first) != 0 || ::stat(other.c_str(), &second) != 0) return false;
  return S_ISREG(first.st_mode) && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

// Flags that exclude each other, and files that would be written over.
Result<void> check_together(const Invocation& invocation) {
  constexpr std::pair<const char*, const char*> kEither[] = {
      {"--train", "--train-rows"},
      {"--alert-threshold", "--contamination"},
      {"--alert-threshold", "--false-alarms-a-day"},
      {"--contamination", "--false-alarms-a-day"}};
  for (const auto& [one, other] : kEither) {
    if (invocation.has(one) && invocation.has(other)) {
      return Error{std::string(one) + " and " + other + " exclude each other"};
    }
  }
  // A model may take the place of the one that it began with: it is whole before it does.
  constexpr std::pair<const char*, const char*> kApart[] = {
      {"--scores", "--csv"},        {"--scores", "--labels"},     {"--scores", "--train"},
      {"--scores", "--model"},      {"--scores", "--save-model"}, {"--save-model", "--csv"},
      {"--save-model", "--labels"}, {"--save-model", "--train"}};
  for (const auto& [output, other] : kApart) {
    if (is_same_file(invocation.value(output), invocation.value(other))) {
      return Error{std::string(output) + ": it would overwrite the file of " + other};
    }
  }
  return {};
}

// Where scores go: a file, stdout, or nowhere. It is opened for the first of them: where the inputs
// are no good, what it held is left as it was.
class ScoreSink {
 public:
  explicit ScoreSink(std::string path) : path_(std::move(path)) {}
  TakeScore taker() {
    if (path_.empty()) return {};
    return [this](const ScoredRow& row) -> Result<void> {
      if (out_ == nullptr) {
        if (auto opened = open(); !opened) return opened;
      }
      *out_ << score_line(row) << '\n';
      return {};
    };
  }
  // Trouble in words; empty where all was written.
  std::string close() {
    if (!trouble_.empty() || out_ == nullptr) return trouble_;
    out_->flush();
    return *out_ ? "" : path_ + ": the scores could not be written";
  }
  bool is_stdout() const { return path_ == "-"; }

 private:
  Result<void> open() {
    if (!is_stdout()) {
      file_.open(path_, std::ios::trunc);
      if (!file_) {
        trouble_ = path_ + ": " + std::strerror(errno);
        return Error{trouble_};
      }
    }
    out_ = is_stdout() ? &std::cout : &file_;
    *out_ << kScoreTitles << '\n';
    return {};
  }

  std::string path_;
  std::string trouble_;
  std::ofstream file_;
  std::ostream* out_ = nullptr;
};

std::string names_view(const DetectReport& report) {
  std::string text;
  for (const DetectEpisode& one : report.episodes) text += one.begin + "\n";
  return text;
}

Shown present(const DetectReport& report, const std::string& output, const View& view) {
  if (output == "name") return {kDone, names_view(report), ""};
  if (output != "json" && output != "yaml") return {kDone, detect_view(report, view), ""};
  const std::string json = detect_document(report);
  const auto text = output == "json" ? pretty_json(json) : to_yaml(json);
  return text ? Shown{kDone, text.value(), ""} : Shown{kFailed, "", text.error().message};
}

}  // namespace

Result<DetectOptions> detect_options(const Invocation& invocation) {
  if (!invocation.has("--csv")) {
    return Error{"detect needs --csv, like this: bellwether detect --csv metrics.csv"};
  }
  DetectOptions out;
  out.csv = invocation.value("--csv");
  out.labels = invocation.value("--labels");
  out.train = invocation.value("--train");
  out.model = invocation.value("--model");
  out.save_model = invocation.value("--save-model");
  out.columns = invocation.values("--columns");
  if (const auto together = check_together(invocation); !together) return together.error();
  if (const auto taken = take_numbers(invocation, out); !taken) return taken.error();
  if (invocation.has("--period")) {
    const auto period = parse_duration(invocation.value("--period"));
    if (!period) return period.error().within("--period");
    if (*period > kLongestPeriodMs) {
      return wrong_flag("--period", invocation.value("--period"), "at most 30d");
    }
    out.period_ms = *period;
  }
  return out;
}

Shown run_detect(const Invocation& invocation, const View& view) {
  const auto options = detect_options(invocation);
  if (!options) return {kWrongUsage, "", options.error().message, true};
  ScoreSink sink(invocation.value("--scores"));
  const auto report = detect_file(*options, sink.taker());
  const std::string unwritten = sink.close();
  if (!unwritten.empty()) return {kFailed, "", unwritten};
  if (!report) return {kWrongUsage, "", report.error().message};
  if (sink.is_stdout()) return {kDone, "", ""};
  return present(*report, invocation.value("--output"), view);
}

}  // namespace bw::cli
