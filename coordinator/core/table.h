// Series tables in memory: shared between the nodes that have the same one, as machines of one make
// do.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "schemas/wire/messages.h"

namespace bw::coordinator {

using Table = std::shared_ptr<const std::vector<wire::SeriesInfo>>;

class TablePool {
 public:
  // The table of this content, an earlier one where one is still in use.
  Table share(std::uint64_t table_id, const std::vector<wire::SeriesInfo>& series);

  std::size_t size() const { return tables_.size(); }

 private:
  std::map<std::uint64_t, std::weak_ptr<const std::vector<wire::SeriesInfo>>> tables_;
  std::size_t sweep_at_ = 64;  // entries, at which those no longer in use are dropped
};

}  // namespace bw::coordinator
