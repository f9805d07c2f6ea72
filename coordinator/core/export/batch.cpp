#include "coordinator/core/export/batch.h"

#include <utility>

#include "base/assert.h"
#include "coordinator/core/export/otlp.h"
#include "coordinator/core/export/remote_write.h"

namespace bw::coordinator::exporting {

namespace {

// When the kernel's counters began; 0 where the block does not tell.
std::int64_t boot_of(const Block& block, BlockSamples& samples, BootTimes& boots) {
  for (std::size_t alias = 0; alias < block.series->size(); ++alias) {
    if ((*block.series)[alias].name != "sys.uptime") continue;
    const BlockSamples::Samples uptime = samples.read(alias);
    if (uptime.times_ms.empty()) return 0;
    return boots.of(block.node, uptime.times_ms.back(), uptime.values.back());
  }
  return 0;
}

}  // namespace

Batch::Batch(std::vector<Block> blocks, std::vector<std::size_t> rows, const MetricFilter& filter)
    : blocks_(std::move(blocks)), rows_(std::move(rows)) {
  BW_ASSERT(blocks_.size() == rows_.size());
  for (const Block& block : blocks_) {
    aliases_.push_back(block.series == nullptr ? std::vector<std::size_t>{}
                                               : admitted(*block.series, filter));
  }
}

std::vector<BlockShape> Batch::shapes() const {
  std::vector<BlockShape> shapes;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const Block& block = blocks_[i];
    shapes.push_back({block.id, block.node, block.start_ms, block.end_ms, rows_[i],
                      aliases_[i].size(), block.series == nullptr});
  }
  return shapes;
}

Batch::Request Batch::encode(Protocol protocol, std::int64_t resolution_ms,
                             std::span<const Piece> pieces, BootTimes& boots) const {
  return protocol == Protocol::remote_write ? encode_remote_write(resolution_ms, pieces)
                                            : encode_otlp(resolution_ms, pieces, boots);
}

Batch::Request Batch::encode_remote_write(std::int64_t resolution_ms,
                                          std::span<const Piece> pieces) const {
  Request request;
  RemoteWriteEncoder encoder;
  for (const Piece& piece : pieces) {
    const Block& block = blocks_[piece.block];
    auto samples = BlockSamples::open(block, resolution_ms);
    if (!samples) continue;
    for (std::size_t i = piece.first; i < piece.last; ++i) {
      const std::size_t alias = aliases_[piece.block][i];
      const BlockSamples::Samples read = samples->read(alias);
      encoder.add(block, (*block.series)[alias], read.times_ms, read.values);
      request.samples += read.times_ms.size();
    }
  }
  request.bytes = encoder.take();
  return request;
}

Batch::Request Batch::encode_otlp(std::int64_t resolution_ms, std::span<const Piece> pieces,
                                  BootTimes& boots) const {
  Request request;
  OtlpEncoder encoder;
  for (const Piece& piece : pieces) {
    const Block& block = blocks_[piece.block];
    auto samples = BlockSamples::open(block, resolution_ms);
    if (!samples) continue;
    const std::int64_t boot_ms = boot_of(block, *samples, boots);
    encoder.begin_node(block);
    for (std::size_t i = piece.first; i < piece.last; ++i) {
      const std::size_t alias = aliases_[piece.block][i];
      const wire::SeriesInfo& series = (*block.series)[alias];
      const BlockSamples::Samples read = samples->read(alias);
      // What the agent counts of itself began with it, all else with the kernel.
      const bool is_own = series.name.starts_with("self.");
      encoder.add(series, is_own ? block.epoch_started_ms : boot_ms, read.times_ms, read.values);
      request.samples += read.times_ms.size();
    }
  }
  request.bytes = encoder.take();
  return request;
}

}  // namespace bw::coordinator::exporting
