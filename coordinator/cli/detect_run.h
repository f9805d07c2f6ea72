// One run of a node's detector over the rows of files that have the same metrics.
//
// Makes of rows what the detector is fed with on a node, and of its verdicts the episodes of a
// report. Opening files and holding them against labels is detect_file.h's.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "agent/core/detect/detector.h"
#include "coordinator/cli/detect_file.h"
#include "coordinator/cli/detect_model.h"
#include "coordinator/cli/detect_table.h"

namespace bw::cli {

class DetectRun {
 public:
  DetectRun(const DetectOptions& options, MetricPlaces places, std::int64_t period_ms);

  agent::Detector& detector() { return detector_; }
  std::size_t late_rows() const { return static_cast<std::size_t>(detector_.rows_ignored()); }
  // What is known now, without an id.
  wire::Model model() const;

  // The rows of a file behind this one.
  void begin_file() { last_time_ms_.reset(); }
  // Fails where the rows span more than can be counted.
  Result<agent::RowVerdict> step(const DetectRow& row);
  // Writes into the report what the row just stepped changes about its episodes.
  void note(const agent::RowVerdict& verdict, const DetectRow& row, const DetectTable& table,
            DetectReport& report);

 private:
  void settle(std::int64_t apart_ms);
  void update(const agent::RowVerdict& verdict, const DetectRow& row, const DetectTable& table);
  std::vector<AnomalyCause> causes() const;

  MetricPlaces places_;
  std::int64_t period_ms_;
  agent::DetectorOptions made_;
  agent::Detector detector_;
  std::vector<double> values_;
  bool is_first_ = true;
  std::optional<std::int64_t> first_time_ms_;  // of the first row with one
  std::optional<std::int64_t> last_time_ms_;   // of the last row
  std::int64_t elapsed_ms_ = 0;
  Instant now_{};
  bool any_known_ = false;
  bool is_kept_ = false;
  std::uint64_t known_id_ = 0;
  DetectEpisode current_;
};

}  // namespace bw::cli
