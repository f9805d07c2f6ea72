// What the detector finds, as events: one of its begin, one where it got worse, one of its end.
// What flares up and dies down all night is one episode, and is told ever more rarely: see
// kDoubling.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "agent/core/detect/detector.h"
#include "agent/core/detect/watched_series.h"
#include "schemas/wire/anomaly.h"
#include "schemas/wire/messages.h"

namespace bw::agent {

class AnomalyTeller {
 public:
  // An episode's first begin is told; of those within its cool-down the second, fourth, eighth and
  // so on, each with its end. The rest of them is in the counts of what is told next.
  static constexpr bool tells_flare(std::uint32_t flares) { return (flares & (flares - 1)) == 0; }

  explicit AnomalyTeller(Duration cool_down) : cool_down_(cool_down) {}

  // A row's verdict; appends what is to be told.
  void take(const RowVerdict& verdict, const Detector& detector, const WatchedSeries& watched,
            Instant now, WallTime wall, std::vector<wire::EventRecord>& events);
  // The agent stops, and what is on was not told to end.
  void stop(const Detector& detector, WallTime wall, std::vector<wire::EventRecord>& events);
  std::uint64_t begun() const { return begun_; }
  std::uint64_t updated() const { return updated_; }
  std::uint64_t ended() const { return ended_; }

 private:
  wire::Anomaly anomaly(const Detector& detector, wire::AnomalyOutcome outcome) const;
  void name_causes(const Detector& detector, const WatchedSeries& watched);
  void tell_active(const Detector& detector, WallTime wall, std::string_view kind,
                   std::vector<wire::EventRecord>& events);
  void tell_end(const Detector& detector, WallTime wall, wire::AnomalyOutcome outcome,
                std::vector<wire::EventRecord>& events);

  Duration cool_down_;
  std::vector<wire::AnomalyCause> causes_;  // of the highest row
  bool told_active_ = false;                // the last word of it was that it is on
  AnomalySeverity told_severity_ = AnomalySeverity::minor;
  std::uint32_t told_flares_ = 0;  // of the episode, 0: none yet
  std::uint64_t begun_ = 0;        // told, since start
  std::uint64_t updated_ = 0;
  std::uint64_t ended_ = 0;
};

}  // namespace bw::agent
