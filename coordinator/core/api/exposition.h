// Prometheus' text format 0.0.4, line by line
// (prometheus.io/docs/instrumenting/exposition_formats).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace bw::coordinator::api {

// HELP and TYPE.
void append_family(std::string& out, std::string_view name, std::string_view type,
                   std::string_view help);
// {name="value"  or ,name="value"
void append_label(std::string& out, char separator, std::string_view name, std::string_view value);
// " 1.5"
void append_value(std::string& out, double value);
// The double of the float's shortest text: .1F as .1.
double shortest(float value);

// A whole answer, family after family.
class Exposition {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  void family(std::string_view name, std::string_view type, std::string_view help);
  // Of the family begun last.
  void sample(std::uint64_t value, Labels labels = {});
  void single(std::string_view name, std::string_view type, std::string_view help,
              std::uint64_t value);
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::string name_;
};

}  // namespace bw::coordinator::api
