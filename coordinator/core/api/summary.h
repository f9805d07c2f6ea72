// The handful of figures that tell how a node does, out of its live values.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "coordinator/core/view.h"

namespace bw::coordinator::api {

class Summaries {
 public:
  // The members of one node's summary object. What a node does not measure is null.
  void write(JsonWriter& json, const NodeView& node);

 private:
  // For each figure the aliases it is made of; nodes with the same table share them.
  using Aliases = std::vector<std::vector<std::size_t>>;
  const Aliases& aliases_of(const std::vector<wire::SeriesInfo>& series);

  std::map<const std::vector<wire::SeriesInfo>*, Aliases> known_;
};

// The names of the figures, in their order.
std::vector<std::string_view> summary_names();

}  // namespace bw::coordinator::api
