#include "coordinator/core/models.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace bw::coordinator {

namespace {

constexpr std::uint64_t kGiB = 1ULL << 30;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

// With '-' for what a name does not have.
std::string as_name(std::string_view text) {
  std::string name;
  for (const char c : text) {
    if (is_name_character(c)) {
      name += c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  name.resize(std::min(name.size(), kMaxModelNameBytes));
  while (name.ends_with('-')) name.pop_back();
  return name;
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// "2xnvidia-l4", of the first GPU's name; empty where none is told.
std::string gpus_of(const std::vector<wire::SeriesInfo>& series) {
  std::size_t count = 0;
  std::string first;
  for (const wire::SeriesInfo& one : series) {
    if (one.name != "gpu.info") continue;
    ++count;
    for (const wire::Label& label : one.labels) {
      // The least of all names, so that the order of the series does not matter.
      if (label.name == "name" && (first.empty() || label.value < first)) first = label.value;
    }
  }
  if (count == 0) return {};
  return std::to_string(count) + "x" + lower(as_name(first.empty() ? "gpu" : first));
}

}  // namespace

Result<std::string> parse_model_name(std::string_view text) {
  if (text.empty() || text.size() > kMaxModelNameBytes ||
      !std::all_of(text.begin(), text.end(), is_name_character)) {
    return Error{"the name of a model is 1 to 64 letters, digits, '.', '_' and '-'"};
  }
  return std::string(text);
}

Result<ModelId> parse_model_id(std::string_view text) {
  const Error wrong{"a model is named like edge@3: a name, '@' and its version"};
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return wrong;
  auto name = parse_model_name(text.substr(0, at));
  const std::string_view digits = text.substr(at + 1);
  std::uint32_t version = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), version);
  const bool is_number = error == std::errc() && end == digits.data() + digits.size();
  if (!name || !is_number || version == 0 || digits.front() == '0') return wrong;
  return ModelId{*std::move(name), version};
}

std::string NodeClasses::of(const wire::NodeBirth& birth,
                            const std::vector<wire::SeriesInfo>* series) {
  for (const wire::Label& label : birth.labels) {
    if (label.name != "class") continue;
    if (std::string name = as_name(label.value); !name.empty()) return name;
  }
  const wire::Hardware& hardware = birth.hardware;
  const std::string arch = as_name(hardware.arch);
  std::string name = arch.empty() ? "unknown" : arch;
  name += "-" + std::to_string(hardware.cpus) + "cpu";
  name += "-" + std::to_string((hardware.memory_bytes + kGiB / 2) / kGiB) + "gib";
  if (series != nullptr) {
    const auto [known, is_new] = gpus_.try_emplace(series);
    if (is_new) known->second = gpus_of(*series);
    if (!known->second.empty()) name += "-" + known->second;
  }
  return as_name(name);
}

std::string_view name_of(WishState state) {
  constexpr std::string_view kNames[] = {"waiting", "done", "refused", "ended"};
  static_assert(std::size(kNames) == kWishStates);
  return kNames[static_cast<std::size_t>(state)];
}

std::string_view name_of(CommandState state) {
  constexpr std::string_view kNames[] = {"sent",    "storing", "done",     "failed",
                                         "refused", "expired", "timed_out"};
  return kNames[static_cast<std::size_t>(state)];
}

}  // namespace bw::coordinator
