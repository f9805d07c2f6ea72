// The blocks of one batch, and the requests made of their pieces.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "coordinator/core/export/block.h"
#include "coordinator/core/export/delivery.h"
#include "coordinator/core/export/glob.h"
#include "coordinator/core/export/verdict.h"

namespace bw::coordinator::exporting {

class Batch {
 public:
  Batch() = default;
  // rows: of each block, as the store says.
  Batch(std::vector<Block> blocks, std::vector<std::size_t> rows, const MetricFilter& filter);

  std::vector<BlockShape> shapes() const;

  struct Request {
    std::string bytes;
    std::uint64_t samples = 0;
  };
  // A block that cannot be read adds nothing. `boots` learns from what it sees.
  Request encode(Protocol protocol, std::int64_t resolution_ms, std::span<const Piece> pieces,
                 BootTimes& boots) const;

 private:
  Request encode_remote_write(std::int64_t resolution_ms, std::span<const Piece> pieces) const;
  Request encode_otlp(std::int64_t resolution_ms, std::span<const Piece> pieces,
                      BootTimes& boots) const;

  std::vector<Block> blocks_;
  std::vector<std::size_t> rows_;
  std::vector<std::vector<std::size_t>> aliases_;  // of each block, those that are sent
};

}  // namespace bw::coordinator::exporting
