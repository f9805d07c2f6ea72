// History made up for two nodes, ten minutes of it at 1 Hz, told to a coordinator minute by minute
// as agents would: so that a test knows every sample there must be.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "schemas/wire/codec.h"
#include "schemas/wire/columns.h"
#include "tests/integration/publisher.h"

namespace bw::integration {

class ToldHistory {
 public:
  static constexpr int kMinutes = 10;
  static constexpr int kNodes = 2;
  static constexpr int kSeries = 3;

  // Begins at a multiple of five minutes, long enough ago that all of it is past.
  ToldHistory() {
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
    begin_ms_ = (now / 300'000 - kMinutes / 5) * 300'000;
  }

  std::int64_t begin_ms() const { return begin_ms_; }
  std::int64_t end_ms() const { return begin_ms_ + kMinutes * 60'000; }

  static std::string node(int index) { return "box-" + std::to_string(index + 1); }
  static std::vector<wire::SeriesInfo> series() {
    return {{"cpu.util", "%", wire::SeriesKind::gauge, {}},
            {"net.rx_bytes", "B", wire::SeriesKind::counter, {{"interface", "eth0"}}},
            {"net.rx_bytes", "B", wire::SeriesKind::counter, {{"interface", "eth1"}}}};
  }
  // Of a node's series at a second since the begin.
  static double value(int node, int series, int second) {
    if (series == 0) return (second * 7 + node * 13) % 1000 / 10.;
    return 1000. * (node + 1) * series * second + 5;
  }

  void announce(Publisher& to) const {
    wire::Encoder encoder;
    for (int i = 0; i < kNodes; ++i) {
      wire::NodeBirth birth;
      birth.epoch = birth.store_id = static_cast<std::uint64_t>(i + 1);
      birth.site = "paris";
      birth.started_ms = begin_ms_;
      birth.period_ms = 1000;
      birth.series = series();
      birth.table_id = wire::series_table_id(birth.series);
      publish(to, i, "birth", encoder.encode(birth));
    }
  }

  // A minute, of one node or of all.
  void tell(Publisher& to, int minute) const {
    for (int i = 0; i < kNodes; ++i) tell(to, minute, i);
  }
  void tell(Publisher& to, int minute, int node_index) const {
    std::vector<std::int64_t> times;
    std::vector<double> values;
    for (int second = minute * 60; second < minute * 60 + 60; ++second) {
      times.push_back(begin_ms_ + second * 1000);
      for (int one = 0; one < kSeries; ++one) values.push_back(value(node_index, one, second));
    }
    wire::ColumnEncoder columns;
    const auto encoded = columns.encode(times, values, kSeries);
    wire::HistoryBlock block;
    block.epoch = static_cast<std::uint64_t>(node_index + 1);
    block.number = static_cast<std::uint64_t>(minute + 1);
    block.oldest = 1;
    block.table_id = wire::series_table_id(series());
    block.start_ms = times.front();
    block.end_ms = times.back();
    block.rows = 60;
    block.columns.assign(encoded.begin(), encoded.end());
    wire::Encoder encoder;
    publish(to, node_index, "history", encoder.encode(block));
  }

 private:
  static void publish(Publisher& to, int index, const std::string& leaf, wire::Bytes payload) {
    to.publish("bw/v1/" + node(index) + "/up/" + leaf, {payload.begin(), payload.end()});
  }

  std::int64_t begin_ms_ = 0;
};

}  // namespace bw::integration
