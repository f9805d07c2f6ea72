#include "coordinator/shell/store_table_codec.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <zlib.h>

#include "base/assert.h"
#include "schemas/wire/limits.h"
#include "schemas/wire/varint.h"

namespace bw::coordinator {

namespace {

using wire::ByteReader;
using wire::SeriesInfo;
using Bytes = std::vector<std::byte>;

constexpr std::uint8_t kVersion = 1;

// Deflate makes no more than this out of a byte.
constexpr std::size_t kMostInflation = 1032;

bool is_before(const SeriesInfo& a, const SeriesInfo& b) {
  const auto key = [](const SeriesInfo& one) { return std::tie(one.name, one.unit, one.kind); };
  if (key(a) != key(b)) return key(a) < key(b);
  return std::lexicographical_compare(a.labels.begin(), a.labels.end(), b.labels.begin(),
                                      b.labels.end(), [](const auto& x, const auto& y) {
                                        return std::tie(x.name, x.value) <
                                               std::tie(y.name, y.value);
                                      });
}

// Texts by the order of their first use.
class Texts {
 public:
  std::size_t place_of(const std::string& text) {
    const auto entry = places_.emplace(text, order_.size());
    if (entry.second) order_.emplace_back(text);
    return entry.first->second;
  }
  void put(Bytes& out) const {
    wire::put_varint(out, order_.size());
    for (const std::string_view text : order_) wire::put_varint(out, text.size());
    for (const std::string_view text : order_) {
      for (const char c : text) out.push_back(static_cast<std::byte>(c));
    }
  }

 private:
  std::map<std::string_view, std::size_t> places_;
  std::vector<std::string_view> order_;  // of the series, which outlive this
};

// By column: what is alike lies beside each other, which deflate likes.
void put_series(Bytes& out, std::span<const SeriesInfo> series, Texts& texts) {
  for (const SeriesInfo& one : series) wire::put_varint(out, texts.place_of(one.name));
  for (const SeriesInfo& one : series) wire::put_varint(out, texts.place_of(one.unit));
  for (const SeriesInfo& one : series) {
    const auto kind = static_cast<std::uint64_t>(one.kind);
    wire::put_varint(out, one.labels.size() * 2 + (kind & 1));
  }
  for (const SeriesInfo& one : series) {
    for (const wire::Label& label : one.labels) {
      wire::put_varint(out, texts.place_of(label.name));
      wire::put_varint(out, texts.place_of(label.value));
    }
  }
}

// Runs of series that stand in the base too, and of others.
void put_runs(Bytes& out, const SeriesList& series, const SeriesList* base, Texts& texts) {
  std::vector<std::size_t> sorted(base == nullptr ? 0 : base->size());
  for (std::size_t i = 0; i < sorted.size(); ++i) sorted[i] = i;
  std::sort(sorted.begin(), sorted.end(), [&](std::size_t a, std::size_t b) {
    if (is_before((*base)[a], (*base)[b])) return true;
    return !is_before((*base)[b], (*base)[a]) && a < b;
  });
  const auto place_in_base = [&](const SeriesInfo& one) -> std::optional<std::size_t> {
    const auto found = std::lower_bound(sorted.begin(), sorted.end(), one,
                                        [&](std::size_t place, const SeriesInfo& series_of) {
                                          return is_before((*base)[place], series_of);
                                        });
    if (found == sorted.end() || (*base)[*found] != one) return std::nullopt;
    return *found;
  };
  std::size_t expected = 0;  // place in the base behind the last run
  for (std::size_t i = 0; i < series.size();) {
    std::size_t length = 0;
    if (const auto place = place_in_base(series[i])) {
      while (i + length < series.size() && *place + length < base->size() &&
             series[i + length] == (*base)[*place + length]) {
        ++length;
      }
      wire::put_varint(out, length * 2 + 1);
      wire::put_varint(out, wire::zigzag(static_cast<std::int64_t>(*place) -
                                         static_cast<std::int64_t>(expected)));
      expected = *place + length;
    } else {
      do {
        ++length;
      } while (i + length < series.size() && !place_in_base(series[i + length]));
      wire::put_varint(out, length * 2);
      put_series(out, std::span(series).subspan(i, length), texts);
    }
    i += length;
  }
}

std::optional<Bytes> inflated(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  const auto version = in.byte();
  const auto size = in.varint();
  if (!version || *version != kVersion || !size || *size > kMostTableBytes ||
      *size > in.size() * kMostInflation) {
    return std::nullopt;
  }
  Bytes out(static_cast<std::size_t>(*size));
  const auto packed = *in.take(in.size());
  auto length = static_cast<uLongf>(out.size());
  const int code = uncompress(reinterpret_cast<Bytef*>(out.data()), &length,
                              reinterpret_cast<const Bytef*>(packed.data()), packed.size());
  if (code != Z_OK || length != out.size()) return std::nullopt;
  return out;
}

// Reads what put_series() and put_runs() write. Any read that fails spoils the whole.
class TableDecoder {
 public:
  TableDecoder(std::span<const std::byte> bytes, const SeriesList& base)
      : in_(bytes), base_(base) {}

  std::optional<SeriesList> decode() {
    if (!read_texts()) return std::nullopt;
    const std::size_t count = number(wire::kMaxSeries);
    SeriesList series;
    while (is_good_ && series.size() < count) {
      const std::size_t run = number(2 * wire::kMaxSeries + 1);
      const std::size_t length = run / 2;
      if (length == 0 || length > count - series.size()) return std::nullopt;
      if (run % 2 == 1) {
        copy(series, length);
      } else {
        read_series(series, length);
      }
    }
    if (!is_good_ || in_.size() != 0) return std::nullopt;
    return series;
  }

 private:
  std::size_t number(std::size_t most) {
    const auto value = in_.varint();
    is_good_ = is_good_ && value && *value <= most;
    return is_good_ ? static_cast<std::size_t>(*value) : 0;
  }

  bool read_texts() {
    std::vector<std::size_t> lengths(number(in_.size()));
    for (std::size_t& length : lengths) length = number(kMostTableBytes);
    for (const std::size_t length : lengths) {
      const auto text = in_.take(length);
      if (!is_good_ || !text) return false;
      texts_.emplace_back(reinterpret_cast<const char*>(text->data()), text->size());
    }
    return is_good_;
  }

  std::string text() {
    const std::size_t place = number(texts_.size());
    is_good_ = is_good_ && place < texts_.size();
    return is_good_ ? texts_[place] : std::string{};
  }

  void copy(SeriesList& series, std::size_t length) {
    const auto step = in_.varint();
    constexpr auto kMostStep = static_cast<std::int64_t>(wire::kMaxSeries);
    const std::int64_t by = step ? wire::unzigzag(*step) : 0;
    const std::int64_t from = expected_ + std::clamp(by, -kMostStep, kMostStep);
    const auto size = static_cast<std::int64_t>(base_.size());
    is_good_ = step && by >= -kMostStep && by <= kMostStep && from >= 0 && from <= size &&
               static_cast<std::int64_t>(length) <= size - from;
    if (!is_good_) return;
    series.insert(series.end(), base_.begin() + from,
                  base_.begin() + from + static_cast<std::ptrdiff_t>(length));
    expected_ = from + static_cast<std::int64_t>(length);
  }

  void read_series(SeriesList& series, std::size_t length) {
    if (length > in_.size()) is_good_ = false;  // nothing is allocated for what can't be there
    if (!is_good_) return;
    const std::size_t first = series.size();
    series.resize(first + length);
    const auto added = std::span(series).subspan(first);
    for (SeriesInfo& one : added) one.name = text();
    for (SeriesInfo& one : added) one.unit = text();
    for (SeriesInfo& one : added) {
      const std::size_t head = number(2 * wire::kMaxLabels + 1);
      one.kind = static_cast<wire::SeriesKind>(head % 2);
      one.labels.resize(head / 2);
    }
    for (SeriesInfo& one : added) {
      for (wire::Label& label : one.labels) {
        label.name = text();
        label.value = text();
      }
    }
  }

  ByteReader in_;
  const SeriesList& base_;
  std::vector<std::string> texts_;
  std::int64_t expected_ = 0;
  bool is_good_ = true;
};

}  // namespace

std::vector<std::byte> encode_table(const SeriesList& series, const SeriesList* base) {
  Texts texts;
  Bytes runs;
  wire::put_varint(runs, series.size());
  put_runs(runs, series, base, texts);
  Bytes body;
  texts.put(body);
  body.insert(body.end(), runs.begin(), runs.end());
  BW_ASSERT(body.size() <= kMostTableBytes);
  Bytes out(1, std::byte{kVersion});
  wire::put_varint(out, body.size());
  const std::size_t head = out.size();
  auto length = compressBound(static_cast<uLong>(body.size()));
  out.resize(head + length);
  const int code = compress2(reinterpret_cast<Bytef*>(out.data() + head), &length,
                             reinterpret_cast<const Bytef*>(body.data()), body.size(), 6);
  BW_ASSERT(code == Z_OK);  // there is room, and memory does not run out
  out.resize(head + length);
  return out;
}

std::optional<SeriesList> decode_table(std::span<const std::byte> bytes,
                                       std::span<const std::byte> base) {
  SeriesList base_series;
  if (!base.empty()) {
    auto decoded = decode_table(base, {});
    if (!decoded) return std::nullopt;
    base_series = std::move(*decoded);
  }
  return decode_difference(bytes, base_series);
}

std::optional<SeriesList> decode_difference(std::span<const std::byte> bytes,
                                            const SeriesList& base) {
  const auto body = inflated(bytes);
  if (!body) return std::nullopt;
  return TableDecoder(*body, base).decode();
}

}  // namespace bw::coordinator
