// The agent's part that has to do with its anomaly detector: what it sees, says and keeps, and the
// commands that are about it.
#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "agent/core/agent.h"
#include "schemas/wire/limits.h"

namespace bw::agent {

namespace {

// The fact that a silence was asked for: until when by the wall clock, and for how long.
constexpr std::string_view kSilenceFact = "detect.silence";

// The fact of what rows the kept model's features are made: of others it says nothing.
constexpr std::string_view kFormFact = "detect.form";

std::string form_of(const AgentOptions& options) {
  const auto period = std::chrono::duration_cast<std::chrono::milliseconds>(options.period);
  return "a window of " + std::to_string(options.detect->window) + " rows, one in " +
         std::to_string(period.count()) + " ms";
}

std::string words_of(std::chrono::milliseconds duration) {
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 3600;
  const std::int64_t seconds = std::chrono::ceil<std::chrono::seconds>(duration).count();
  if (seconds >= 2 * kHour) {
    const std::int64_t minutes = seconds % kHour / kMinute;
    const std::string rest = minutes > 0 ? " " + std::to_string(minutes) + " min" : "";
    return std::to_string(seconds / kHour) + " h" + rest;
  }
  if (seconds >= 2 * kMinute) return std::to_string(seconds / kMinute) + " min";
  return std::to_string(seconds) + " s";
}

// A disk that did not forget what it was to forget is asked again.
constexpr Duration kForgetAgainAfter = std::chrono::minutes{1};

bool is_within_silence(std::int64_t ms) {
  return ms >= 0 && static_cast<std::uint64_t>(ms) <= wire::kMaxSilenceMs;
}

}  // namespace

void Agent::on(const ModelKept& event, Instant now, Effects& effects) {
  if (keeping_ > 0) --keeping_;
  if (event.trouble.empty()) return;
  effects.emplace_back(Log{LogLevel::error, "what was learnt could not be kept: " + event.trouble});
  if (forgetting_) {
    forget_again_at_ = now + kForgetAgainAfter;
  } else if (detector_) {
    detector_->keep_failed();
  }
}

void Agent::restore_detector(const OutboxOpened& opened, Effects& effects) {
  if (!detector_) return;
  std::string form = form_of(options_);
  for (const Fact& fact : opened.facts) {
    if (fact.name == kFormFact) form = fact.value;
    if (fact.name != kSilenceFact || silence_commanded_) continue;
    Silence silence;
    const char* const end = fact.value.data() + fact.value.size();
    const auto until = std::from_chars(fact.value.data(), end, silence.until_ms);
    const bool parted = until.ec == std::errc() && until.ptr != end && *until.ptr == ' ';
    if (!parted || std::from_chars(until.ptr + 1, end, silence.for_ms).ptr != end) continue;
    const bool in_time =
        silence.until_ms >= wire::kMinTimeMs && silence.until_ms <= wire::kMaxTimeMs;
    if (in_time && is_within_silence(silence.for_ms)) earlier_silence_ = silence;
  }
  if (opened.model.empty()) return;
  auto model = wire::decode_model(opened.model);
  // The disk told late what it holds: what was learnt meanwhile may be more by now.
  if (model && detector_->rows() >= model->rows && detector_->ready()) return;
  Result<void> restored = model ? Result<void>{} : Result<void>{model.error()};
  if (form != form_of(options_)) {
    restored = Error{"it was learnt with " + form + ", and now it is " + form_of(options_)};
  }
  if (restored) restored = detector_->restore(*model);
  if (restored) {
    effects.emplace_back(Log{LogLevel::info, "goes on from what was learnt of " +
                                                 std::to_string(detector_->rows()) + " rows"});
    return;
  }
  effects.emplace_back(Log{LogLevel::error,
                           "what an earlier run learnt can't be used and is "
                           "forgotten: " +
                               restored.error().message});
  detector_->tell_refused("what an earlier run learnt", restored.error().message);
  forget_model(effects);
}

// A silence holds over a restart, and no longer than was asked for, whatever the clock says.
void Agent::restore_silence(const Readings& readings) {
  if (!earlier_silence_) return;
  const Silence earlier = *std::exchange(earlier_silence_, std::nullopt);
  const std::int64_t left =
      std::clamp<std::int64_t>(earlier.until_ms - to_ms(readings.wall), 0, earlier.for_ms);
  if (left == 0) {
    recorder_.set_fact({std::string(kSilenceFact), ""});
    return;
  }
  detector_->silence(readings.when + readings.suspended + std::chrono::milliseconds{left});
}

void Agent::watch_anomalies(const Readings& readings, Effects& effects) {
  suspended_ = readings.suspended;
  if (!detector_) return;
  restore_silence(readings);
  const Sample& sample = collector_.sample();
  detector_->tick(readings.when + readings.suspended, readings.wall, sample.series(),
                  sample.table_id(), sample.live(), effects);
  record_anomalies();
  const bool again = forget_again_at_ && readings.when >= *forget_again_at_;
  if (detector_->take_forgotten() || again) forget_model(effects);
  if (detector_->wants_keeping()) keep_model(effects);

  const Detector& detector = detector_->detector();
  AnomalyHealth health;
  health.learnt = detector_->ready();
  health.score = detector_->verdict().score;
  health.threshold = detector_->verdict().threshold;
  health.active = detector.active();
  health.silenced = detector_->verdict().silenced;
  health.series = detector_->watched().found();
  health.a_day = detector.episodes_a_day();
  health.model_rows = detector_->rows();
  health.model_age = detector_->age();
  health.drift = detector.drift();
  health.begun = detector_->teller().begun();
  health.updated = detector_->teller().updated();
  health.ended = detector_->teller().ended();
  health.model_changes = detector_->model_changes();
  health.retrainings = detector_->retrainings();
  collector_.set(health, readings.tick);
}

void Agent::record_anomalies() {
  for (wire::EventRecord& event : detector_->take_events()) recorder_.add_event(std::move(event));
}

void Agent::keep_model(Effects& effects) {
  auto model = detector_->model(Detector::kAllRows);
  auto payload = model ? wire::encode_model(*model) : Result<std::vector<std::byte>>{model.error()};
  detector_->kept();
  if (!payload) {
    effects.emplace_back(
        Log{LogLevel::error, "what was learnt can't be written down: " + payload.error().message});
    return;
  }
  kept_bytes_ = std::move(*payload);
  recorder_.set_fact({std::string(kFormFact), form_of(options_)});
  ++keeping_;
  forgetting_ = false;
  forget_again_at_.reset();
  effects.emplace_back(KeepModel{kept_bytes_});
}

void Agent::forget_model(Effects& effects) {
  ++keeping_;
  forgetting_ = true;
  forget_again_at_.reset();
  effects.emplace_back(KeepModel{});
}

void Agent::let_go_of_large() {
  if (!kept_bytes_.empty()) kept_bytes_ = {};
  if (std::exchange(answered_large_, false)) result_encoder_ = wire::Encoder();
}

void Agent::answer(const std::string& id, const Answer& answer, Effects& effects) {
  answered_large_ = answered_large_ || !answer.model.empty();
  effects.emplace_back(Publish{wire::Topic::result,
                               result_encoder_.encode(wire::CommandResult{
                                   id, options_.epoch, answer.status, answer.text, answer.model})});
}

// Commands about the detector. One that came before, since its answer was lost, is answered as it
// was; but a model that was asked for is made anew.
void Agent::obey(const wire::Command& command, Instant now, Effects& effects) {
  const auto before = std::ranges::find(answered_, command.id, &Answered::id);
  if (before != answered_.end() && before->answer.model.empty()) {
    answer(command.id, before->answer, effects);
    return;
  }
  const Answer made = carry_out(command, now, effects);
  answer(command.id, made, effects);
  if (!made.model.empty()) return;
  if (answered_.size() == kAnswersKept) answered_.pop_front();
  answered_.push_back({command.id, made});
}

Agent::Answer Agent::carry_out(const wire::Command& command, Instant now, Effects& effects) {
  if (!detector_) {
    return {wire::CommandStatus::refused, "this agent does not watch for anomalies", {}};
  }
  if (command.expires_ms != 0 && to_ms(wall_) > command.expires_ms) {
    return {wire::CommandStatus::expired,
            "it came " + words_of(std::chrono::milliseconds{to_ms(wall_) - command.expires_ms}) +
                " too late by this node's clock",
            {}};
  }
  if (command.kind == wire::CommandKind::silence) return silence(command, now, effects);
  if (command.kind == wire::CommandKind::train) return train(command, effects);
  return deploy(command, effects);
}

Agent::Answer Agent::silence(const wire::Command& command, Instant now, Effects& effects) {
  const std::string why = command.reason.empty() ? "" : ": " + command.reason;
  earlier_silence_.reset();
  silence_commanded_ = true;
  // Its fact is on disk with the next row: what follows may be that power is cut.
  recorder_.write_within(options_.period);
  if (command.for_ms == 0) {
    detector_->silence(now + suspended_);
    recorder_.set_fact({std::string(kSilenceFact), ""});
    effects.emplace_back(Log{LogLevel::info, "anomalies are told again" + why});
    return {wire::CommandStatus::done, "anomalies are told again", {}};
  }
  const std::chrono::milliseconds most{
      static_cast<std::int64_t>(std::min(command.for_ms, wire::kMaxSilenceMs))};
  detector_->silence(now + suspended_ + most);
  recorder_.set_fact({std::string(kSilenceFact), std::to_string(to_ms(wall_) + most.count()) + " " +
                                                     std::to_string(most.count())});
  const std::string text = "no anomaly is told for " + words_of(most);
  effects.emplace_back(Log{LogLevel::info, text + why});
  return {wire::CommandStatus::done, text, {}};
}

Agent::Answer Agent::train(const wire::Command& command, Effects& effects) {
  if (command.fresh) {
    detector_->forget();
    forget_model(effects);
    if (linked_) announce(effects);
    effects.emplace_back(Log{LogLevel::info, "all that was learnt is forgotten, as asked for"});
    return {wire::CommandStatus::done, "all that was learnt is forgotten, and learnt anew", {}};
  }
  auto model = detector_->model(NodeDetector::kSampleRows);
  if (!model) return {wire::CommandStatus::failed, model.error().message, {}};
  auto payload = wire::encode_model(*model);
  if (!payload) return {wire::CommandStatus::failed, payload.error().message, {}};
  return {wire::CommandStatus::done, "", std::move(*payload)};
}

Agent::Answer Agent::deploy(const wire::Command& command, Effects& effects) {
  if (!detector_->settled()) {
    // Not for good, as a refusal is: it is sent again.
    return {wire::CommandStatus::failed,
            "the agent has only just started: it does not know its series yet",
            {}};
  }
  auto model = wire::decode_model(command.model);
  const Result<void> taken = model ? detector_->take_over(*model) : Result<void>{model.error()};
  if (!taken) {
    const std::string& why = taken.error().message;
    detector_->tell_refused("a model that was deployed here", why);
    effects.emplace_back(Log{LogLevel::warning, "a model is not taken over: " + why});
    return {wire::CommandStatus::refused, why, {}};
  }
  keep_model(effects);
  if (linked_) announce(effects);
  effects.emplace_back(
      Log{LogLevel::info, "the model " + detector_->model_id() + " stands for what is usual here"});
  return {wire::CommandStatus::done, "", {}};
}

}  // namespace bw::agent
