// Reads the parameters of a request, checked: the first that is wrong makes the answer a problem.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/core/api/http.h"
#include "coordinator/core/api/target.h"
#include "schemas/wire/messages.h"

namespace bw::coordinator::api {

struct Parameter;

class Parameters {
 public:
  static constexpr std::size_t kMaxLabels = 8;
  static constexpr std::size_t kMaxName = 200;  // bytes of a metric's or label's name
  static constexpr std::size_t kMaxValue = 256;

  // Both outlive the reader.
  Parameters(const Target& target, std::int64_t now_ms) : target_(target), now_ms_(now_ms) {}

  // Names outside `known`, and names given twice that may not be, are wrong.
  void expect_only(std::span<const Parameter> known);

  std::int64_t integer(std::string_view name, std::int64_t fallback, std::int64_t least,
                       std::int64_t most);
  std::int64_t time(std::string_view name, std::string_view fallback);
  // Nothing where it is missing.
  std::optional<std::int64_t> duration(std::string_view name);
  // The index among `choices`.
  std::optional<std::size_t> choice(std::string_view name,
                                    std::span<const std::string_view> choices);
  std::string node(std::string_view name);
  // Letters, digits and . _ : / -
  std::string metric(std::string_view name);
  std::string text(std::string_view name);
  std::vector<wire::Label> labels(std::string_view name);
  // Names of metrics' kind, in their order; the parameter may be repeated.
  std::vector<std::string> names(std::string_view name);

  // Patterns over names, with * and ?, in their order; the parameter may be repeated.
  std::vector<std::string> patterns(std::string_view name);

  void fail(std::string_view name, std::string detail);
  std::optional<Response> problem() const;

 private:
  const Target& target_;
  std::int64_t now_ms_;
  struct Failure {
    std::string name;
    std::string detail;
  };
  std::optional<Failure> failure_;
};

}  // namespace bw::coordinator::api
