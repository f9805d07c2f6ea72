// Which series of the node's table the detector sees, and at which place each: a series keeps its
// place for the run, and over restarts by the model that is kept. What is unusual is left to
// others.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/detect/scorer.h"
#include "base/time.h"
#include "schemas/wire/messages.h"

namespace bw::agent {

// Globs over a series' name, "disk.util", or over its key, "disk.util{device=sda}".
struct WatchPatterns {
  std::vector<std::string> include;  // watched too, before all others
  std::vector<std::string> exclude;  // not watched
};

// What a series is known by in a model: its name with its labels, but for those that name the very
// device (uuid), so that the model fits the next box of its class.
std::string place_key(const wire::SeriesInfo& series);

// True where any of the patterns fits the name or the key.
bool any_pattern_fits(const std::vector<std::string>& patterns, const wire::SeriesInfo& series);

class WatchedSeries {
 public:
  static constexpr std::size_t kPlaces = kMaxMetrics;
  // A series that has had no value for this long makes room for another where no place is free.
  static constexpr Duration kMakesRoomAfter = std::chrono::hours{24};
  // Those that found no room are tried again so often.
  static constexpr Duration kTryAgainAfter = std::chrono::hours{1};
  static constexpr std::size_t kMaxKey = 256;  // bytes of a name that is shown

  struct Place {
    std::string key;    // place_key()
    std::string shown;  // wire::series_key(), cut at kMaxKey
    std::string unit;   // a counter's a second
    double low = 0;     // nominal range; the same: none
    double high = 0;
    std::size_t alias = kNowhere;
    Instant seen{};  // when it had a value last
  };
  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);
  // Of a place that was adopted: the next match() counts as if it had had a value.
  static constexpr Instant kNotLooked = Instant::max();

  explicit WatchedSeries(WatchPatterns patterns);

  // The places are those of a model from now on, in its order; kPlaces at most.
  // Whether their series are here, the next match() looks.
  void adopt(const std::vector<std::string>& keys, Instant now);
  // Places whose series the table that was matched last has not make room at once: they are those
  // of another node.
  void release_unknown(Instant now);
  void clear();

  // Looks at the table where it is another one, or some may find room now: true. given_away() are
  // then the places that now belong to other series than before: what was known of them is void.
  bool match(const std::vector<wire::SeriesInfo>& series, std::uint64_t table_id, Instant now);
  std::span<const std::size_t> given_away() const { return given_away_; }

  // The values by place, NaN where there is none; valid until the next call.
  std::span<const double> row(std::span<const float> live, Instant now);

  std::span<const Place> places() const { return places_; }
  std::size_t found() const { return found_; }        // places whose series the table has
  std::size_t left_out() const { return left_out_; }  // worth watching, and no place was free
  std::vector<std::string> keys() const;
  // How many of these keys the table has that was matched last.
  std::size_t count_known(const std::vector<std::string>& keys) const;

 private:
  struct Candidate {
    std::size_t alias;
    double low;
    double high;
  };
  std::vector<Candidate> candidates(const std::vector<wire::SeriesInfo>& series) const;
  bool is_left_out(const wire::SeriesInfo& series) const;
  std::size_t find_place(std::string_view key) const;
  std::size_t take_place(Instant now);

  WatchPatterns patterns_;
  std::vector<Place> places_;
  std::vector<std::string> known_;  // keys of the table's candidates, sorted
  std::array<double, kPlaces> row_{};
  std::vector<std::size_t> given_away_;
  std::size_t found_ = 0;
  std::size_t left_out_ = 0;
  std::uint64_t table_id_ = 0;
  Instant try_again_at_ = Instant::max();
};

}  // namespace bw::agent
