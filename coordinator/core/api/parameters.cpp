#include "coordinator/core/api/parameters.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "base/ids.h"
#include "base/text.h"
#include "coordinator/core/api/problem.h"
#include "coordinator/core/api/route.h"
#include "coordinator/core/api/time_text.h"

namespace bw::coordinator::api {

namespace {

constexpr std::string_view kNameCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/-";

std::string quoted(std::string_view text) {
  constexpr std::size_t kShown = 80;
  return "'" + std::string(text.substr(0, kShown)) + (text.size() > kShown ? "..." : "") + "'";
}

// What is wrong with a metric's or label's name; empty where nothing is.
std::string name_trouble(std::string_view name) {
  if (name.empty()) return "a name must not be empty";
  if (name.size() > Parameters::kMaxName) {
    return "a name has at most " + std::to_string(Parameters::kMaxName) + " characters";
  }
  if (name.find_first_not_of(kNameCharacters) != std::string_view::npos) {
    return "a name may contain letters, digits and . _ : / - only, not " + quoted(name);
  }
  return {};
}

}  // namespace

void Parameters::expect_only(std::span<const Parameter> known) {
  std::vector<std::string_view> names;
  for (const Parameter& parameter : known) names.push_back(parameter.name);
  for (auto one = target_.parameters.begin(); one != target_.parameters.end(); ++one) {
    const std::string& name = one->first;
    const auto parameter = std::find_if(known.begin(), known.end(),
                                        [&](const Parameter& each) { return each.name == name; });
    if (parameter == known.end()) {
      const std::string_view meant = nearest(name, names);
      return fail(name, "there is no parameter " + quoted(name) +
                            (meant.empty() ? "" : ", did you mean " + quoted(meant) + "?"));
    }
    const bool is_again = std::any_of(target_.parameters.begin(), one,
                                      [&](const auto& earlier) { return earlier.first == name; });
    if (is_again && !parameter->is_repeatable) {
      return fail(name, quoted(name) + " can be given once only");
    }
  }
  for (const Parameter& parameter : known) {
    if (parameter.is_required && !target_.get(parameter.name)) {
      return fail(parameter.name, quoted(parameter.name) + " is missing");
    }
  }
}

std::int64_t Parameters::integer(std::string_view name, std::int64_t fallback, std::int64_t least,
                                 std::int64_t most) {
  const auto text = target_.get(name);
  if (!text) return fallback;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size() || number < least ||
      number > most) {
    fail(name, quoted(*text) + " is not a whole number from " + std::to_string(least) + " to " +
                   std::to_string(most));
    return fallback;
  }
  return number;
}

std::int64_t Parameters::time(std::string_view name, std::string_view fallback) {
  const auto text = target_.get(name);
  const auto ms = parse_time(text.value_or(fallback).substr(0, 100), now_ms_);
  if (ms) return *ms;
  fail(name, ms.error().message);
  return 0;
}

std::optional<std::int64_t> Parameters::duration(std::string_view name) {
  const auto text = target_.get(name);
  if (!text) return std::nullopt;
  const auto ms = parse_duration(text->substr(0, 100));
  if (ms) return *ms;
  fail(name, ms.error().message);
  return std::nullopt;
}

std::optional<std::size_t> Parameters::choice(std::string_view name,
                                              std::span<const std::string_view> choices) {
  const auto text = target_.get(name);
  if (!text) return std::nullopt;
  const auto found = std::find(choices.begin(), choices.end(), *text);
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  std::string all;
  for (const std::string_view one : choices) all += (all.empty() ? "" : ", ") + std::string(one);
  fail(name, quoted(*text) + " is none of " + all);
  return std::nullopt;
}

std::string Parameters::node(std::string_view name) {
  const auto text = target_.get(name);
  if (!text) return {};
  const auto id = NodeId::parse(*text);
  if (!id) fail(name, id.error().message);
  return std::string(*text);
}

std::string Parameters::metric(std::string_view name) {
  const auto text = target_.get(name);
  if (!text) return {};
  if (std::string trouble = name_trouble(*text); !trouble.empty()) fail(name, std::move(trouble));
  return std::string(*text);
}

std::string Parameters::text(std::string_view name) {
  const auto text = target_.get(name);
  if (!text) return {};
  if (text->size() > kMaxValue) {
    fail(name, "a value has at most " + std::to_string(kMaxValue) + " characters");
  }
  return std::string(*text);
}

std::vector<wire::Label> Parameters::labels(std::string_view name) {
  std::vector<wire::Label> labels;
  for (const auto& [key, value] : target_.parameters) {
    if (key != name) continue;
    const std::size_t equals = value.find('=');
    if (equals == std::string::npos) {
      fail(name, quoted(value) + " is not of the form name=value");
      return labels;
    }
    wire::Label label{value.substr(0, equals), value.substr(equals + 1)};
    if (std::string trouble = name_trouble(label.name); !trouble.empty()) {
      fail(name, std::move(trouble));
    }
    if (label.value.size() > kMaxValue) {
      fail(name, "a value has at most " + std::to_string(kMaxValue) + " characters");
    }
    labels.push_back(std::move(label));
  }
  if (labels.size() > kMaxLabels) {
    fail(name, "there are more than " + std::to_string(kMaxLabels) + " labels");
  }
  return labels;
}

std::vector<std::string> Parameters::names(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& [key, value] : target_.parameters) {
    if (key != name) continue;
    if (std::string trouble = name_trouble(value); !trouble.empty()) fail(name, std::move(trouble));
    names.push_back(value);
  }
  return names;
}

std::vector<std::string> Parameters::patterns(std::string_view name) {
  std::vector<std::string> patterns;
  for (const auto& [key, value] : target_.parameters) {
    if (key != name) continue;
    std::string bare = value;
    for (char& c : bare) {
      if (c == '*' || c == '?') c = '_';
    }
    if (std::string trouble = name_trouble(bare); !trouble.empty()) fail(name, std::move(trouble));
    patterns.push_back(value);
  }
  return patterns;
}

void Parameters::fail(std::string_view name, std::string detail) {
  if (!failure_) failure_ = Failure{std::string(name), std::move(detail)};
}

std::optional<Response> Parameters::problem() const {
  if (!failure_) return std::nullopt;
  return api::problem(400, failure_->detail, target_.path, failure_->name);
}

}  // namespace bw::coordinator::api
