#include "coordinator/core/ingest/progress.h"

#include <algorithm>
#include <utility>

namespace bw::coordinator {

Progress::Progress(std::uint64_t contiguous, std::vector<std::uint64_t> above)
    : contiguous_(contiguous), above_(std::move(above)) {
  std::sort(above_.begin(), above_.end());
  above_.erase(std::unique(above_.begin(), above_.end()), above_.end());
  absorb();
}

bool Progress::contains(std::uint64_t number) const {
  return number <= contiguous_ || std::binary_search(above_.begin(), above_.end(), number);
}

bool Progress::add(std::uint64_t number) {
  if (contains(number)) return true;
  if (number == contiguous_ + 1) {
    contiguous_ = number;
    absorb();
    return true;
  }
  if (above_.size() >= kMaxAbove) return false;
  above_.insert(std::upper_bound(above_.begin(), above_.end(), number), number);
  return true;
}

std::vector<Progress::Run> Progress::close_below(std::uint64_t oldest) {
  std::vector<Run> missing;
  for (const std::uint64_t number : above_) {
    if (number >= oldest) break;
    if (number > contiguous_ + 1) missing.push_back({contiguous_ + 1, number - 1});
    contiguous_ = number;
  }
  if (oldest > contiguous_ + 1) {
    missing.push_back({contiguous_ + 1, oldest - 1});
    contiguous_ = oldest - 1;
  }
  absorb();
  return missing;
}

void Progress::absorb() {
  auto next = above_.begin();
  while (next != above_.end() && *next <= contiguous_ + 1) {
    contiguous_ = std::max(contiguous_, *next);
    ++next;
  }
  above_.erase(above_.begin(), next);
}

}  // namespace bw::coordinator
