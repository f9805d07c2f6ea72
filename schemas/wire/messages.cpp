#include "schemas/wire/messages.h"

#include <algorithm>
#include <string_view>

#include "schemas/wire/clip.h"
#include "schemas/wire/limits.h"

namespace bw::wire {

namespace {

// FNV-1a, 64 bits. Source: Fowler, Noll, Vo; draft-eastlake-fnv.
class Fnv {
 public:
  void byte(std::uint8_t value) { hash_ = (hash_ ^ value) * 0x100000001b3U; }
  void count(std::size_t value) {
    for (int shift = 0; shift < 32; shift += 8) byte(static_cast<std::uint8_t>(value >> shift));
  }
  // Its length goes first, so that no two lists of texts run into the same bytes.
  void text(std::string_view value) {
    const std::string_view clipped = clip_text(value);
    count(clipped.size());
    for (const char c : clipped) byte(static_cast<std::uint8_t>(c));
  }
  std::uint64_t hash() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325U;
};

}  // namespace

// Over what goes onto the wire, so over the clipped fields: both sides compute the same.
std::uint64_t series_table_id(const std::vector<SeriesInfo>& series) {
  Fnv fnv;
  fnv.count(series.size());
  for (const SeriesInfo& one : series) {
    fnv.text(one.name);
    fnv.text(one.unit);
    fnv.byte(static_cast<std::uint8_t>(one.kind));
    const std::size_t labels = std::min(one.labels.size(), kMaxLabels);
    fnv.count(labels);
    for (std::size_t i = 0; i < labels; ++i) {
      fnv.text(one.labels[i].name);
      fnv.text(one.labels[i].value);
    }
  }
  return fnv.hash() == 0 ? 1 : fnv.hash();
}

}  // namespace bw::wire
