// The newest values of all nodes in Prometheus' text format 0.0.4, made piece by piece: ten
// thousand nodes have a million of them, and nobody holds them all as text.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/core/view.h"

namespace bw::coordinator::api {

struct FederateFilter {
  std::vector<std::string> nodes;  // patterns with * and ?; empty: all
  std::vector<std::string> sites;
  std::vector<std::string> metrics;
  bool admits(const NodeView& node) const;
  bool admits(std::string_view metric) const;
};

// Metric by metric, as the format wants all lines of a metric together, and within it node by
// node. Values are those of the live samples: gauges, and counters as their rate a second. Nodes
// that are silent or offline have no newest value.
class Federation {
 public:
  static constexpr std::size_t kPieceBytes = 128U << 10;  // a piece ends with the node beyond it
  static constexpr std::size_t kNodesAPiece = 4096;       // looked at, matching or not

  // `fleet` must outlive it.
  Federation(const FleetView& fleet, FederateFilter filter);

  // The next lines; empty at the end.
  std::string next();

 private:
  // The series of a table that one metric has, as aliases: found once for all nodes of a table.
  using Aliases = std::vector<std::uint16_t>;
  using Series = std::vector<wire::SeriesInfo>;
  const Aliases& aliases_of(const NodeView& node);
  void begin_metric(std::string& out);
  void append(std::string& out, const NodeView& node);

  const FleetView& fleet_;
  FederateFilter filter_;
  std::vector<std::string> metrics_;  // names, those still to come at the back
  std::string after_;                 // the last node done of the metric under way
  bool is_begun_ = false;             // HELP and TYPE are written
  // Of the metric under way, by the table's id. Ids come from the nodes, and two tables may be made
  // to have the same: so what was found counts for the very table that nodes share only. A pointer
  // is good for one piece.
  struct Found {
    const Series* table = nullptr;
    Aliases aliases;
  };
  std::map<std::uint64_t, Found> tables_;
};

}  // namespace bw::coordinator::api
