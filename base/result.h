// Result<T>: a value, or the reason why there is none, for failures that are to be expected.
//
// Method names are those of std::expected (C++23), so that it can take over one day. A reason gains
// context on its way up: "open /proc/stat: Permission denied".
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace bw {

struct Error {
  std::string message;

  // "context: message"
  [[nodiscard]] Error within(std::string_view context) const {
    return Error{std::string(context) + ": " + message};
  }
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  // The value; asking for it where there is none is a bug.
  T& value() & {
    BW_ASSERT(has_value());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    BW_ASSERT(has_value());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    BW_ASSERT(has_value());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  template <typename U>
  T value_or(U&& fallback) const& {
    return has_value() ? value() : static_cast<T>(std::forward<U>(fallback));
  }

  const Error& error() const {
    BW_ASSERT(!has_value());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), failed_(true) {}

  bool has_value() const { return !failed_; }
  explicit operator bool() const { return has_value(); }

  const Error& error() const {
    BW_ASSERT(failed_);
    return error_;
  }

 private:
  Error error_;
  bool failed_ = false;
};

}  // namespace bw
