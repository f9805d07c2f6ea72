// JSON documents as wholes: printed for people, turned into YAML, several pages made one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bw::cli {

inline constexpr int kMaxJsonDepth = 64;

// False for a text whose brackets nest deeper than kMaxJsonDepth: reading such a one needs a stack
// as deep as the sender likes.
bool is_shallow(std::string_view json);

// The order of members is kept; two spaces a level, a line break at the end.
Result<std::string> pretty_json(std::string_view json);
// YAML 1.2, block style; strings that YAML would read as something else are quoted.
Result<std::string> to_yaml(std::string_view json);
// The pages of one list, {"nodes": [...], "next": ...} each, as one document without "next".
Result<std::string> merge_pages(const std::vector<std::string>& pages, std::string_view member);

}  // namespace bw::cli
