// A history block on its way out, and its samples by series: what both encoders start from.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "coordinator/core/export/glob.h"
#include "coordinator/core/table.h"
#include "schemas/wire/columns.h"

namespace bw::coordinator::exporting {

// As the store holds it, with what is known of its node.
struct Block {
  std::int64_t id = 0;
  std::string node;
  std::string site;
  std::string hostname;
  std::uint64_t epoch = 0;
  std::int64_t epoch_started_ms = 0;  // when this run of the agent began; 0: not known
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
  Table series;  // null: it cannot be read
  std::vector<std::byte> columns;
};

// The series of a table that a filter admits, by alias, ascending.
std::vector<std::size_t> admitted(const std::vector<wire::SeriesInfo>& series,
                                  const MetricFilter& filter);

// The samples of one block: decoded one series at a time, in the order of their times. Where a
// clock stood still or was set back, the later of two samples of one time counts.
class BlockSamples {
 public:
  // `block` must outlive this. resolution_ms: of each stretch of this length the last sample; 0:
  // every sample. Nothing where the columns cannot be read.
  static std::optional<BlockSamples> open(const Block& block, std::int64_t resolution_ms);

  std::size_t rows() const { return reader_.rows(); }

  // Valid until the next call. Samples without a value are left out; empty where there are none.
  struct Samples {
    std::span<const std::int64_t> times_ms;
    std::span<const double> values;
  };
  Samples read(std::size_t alias);

 private:
  BlockSamples(wire::ColumnReader reader, std::int64_t resolution_ms);

  wire::ColumnReader reader_;
  std::int64_t resolution_ms_;
  std::vector<std::size_t> order_;  // rows by time
  std::vector<double> column_;
  std::vector<std::int64_t> times_ms_;
  std::vector<double> values_;
};

// When counters of a node's kernel began: at its boot, told from its uptime. Clocks drift, so a
// boot counts as another one only when it is a minute away from the one known.
class BootTimes {
 public:
  static constexpr std::int64_t kSameBootMs = 60'000;
  static constexpr std::size_t kMaxNodes = 20'000;  // more: all are learned anew

  std::int64_t of(const std::string& node, std::int64_t time_ms, double uptime_s);

 private:
  std::map<std::string, std::int64_t> known_;
};

}  // namespace bw::coordinator::exporting
