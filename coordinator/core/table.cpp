#include "coordinator/core/table.h"

#include <algorithm>

namespace bw::coordinator {

Table TablePool::share(std::uint64_t table_id, const std::vector<wire::SeriesInfo>& series) {
  auto& entry = tables_[table_id];
  // Compared by content too: an id is a hash, and a node could be made to send another's.
  if (Table known = entry.lock(); known != nullptr && *known == series) return known;
  Table table = std::make_shared<const std::vector<wire::SeriesInfo>>(series);
  entry = table;
  if (tables_.size() >= sweep_at_) {
    std::erase_if(tables_, [](const auto& one) { return one.second.expired(); });
    sweep_at_ = std::max<std::size_t>(64, tables_.size() * 2);
  }
  return table;
}

}  // namespace bw::coordinator
