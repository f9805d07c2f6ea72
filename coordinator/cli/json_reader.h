// Reads the members of JSON objects into plain values. The first member that is of a wrong type is
// remembered as a trouble that says where; all reads after it give unknown values.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "coordinator/cli/model.h"

namespace bw::cli {

// One object of a document; valid during the call of read_json() that made it.
class JsonReader {
 public:
  // `object` is a value of the library's; known in json_reader.cpp alone.
  JsonReader(const void* object, std::string path, std::string& trouble);

  // Members that are missing or null are unknown: empty, false, nothing.
  bool has(const char* name) const;
  std::string text(const char* name);
  // Numbers of 64 bits travel as numbers or as strings.
  std::string id(const char* name);
  std::optional<double> number(const char* name);
  std::optional<std::uint64_t> count(const char* name);
  bool flag(const char* name);
  // RFC 3339, or milliseconds since 1970.
  std::optional<std::int64_t> time(const char* name);
  Labels labels(const char* name);
  // What of a list is text.
  std::vector<std::string> texts(const char* name);
  // An object of counts, in its order.
  std::vector<std::pair<std::string, std::uint64_t>> counts(const char* name);
  // A list of [unix_ms, value]; it has to be there.
  std::vector<QueryPoint> points(const char* name);
  // Nothing of it where it is missing.
  JsonReader object(const char* name);
  // Calls `each` with every item.
  void list(const char* name, bool required, const std::function<void(JsonReader)>& each);
  void require(const char* name);

 private:
  void fail(std::string_view name, std::string_view expected);
  std::string path_of(std::string_view name) const;

  const void* object_;
  std::string path_;
  std::string& trouble_;
};

// Calls `read` with the whole document; what is wrong with it is an error in words.
Result<void> read_json(std::string_view text, const std::function<void(JsonReader&)>& read);

// `read` turns the whole document into a T.
template <typename T, typename F>
Result<T> decode_json(std::string_view text, F&& read) {
  T result{};
  const auto done = read_json(text, [&](JsonReader& whole) { read(whole, result); });
  if (!done) return done.error();
  return result;
}

}  // namespace bw::cli
