// What the benchmark `record` (tests/bench/record.py) can't do in Python; prints one JSON object.
//
//   bw_record_bench trace TRACE                  what a trace holds, and its size on the wire
//   bw_record_bench noisy DIRECTORY SERIES MINUTES
//   bw_record_bench refill TRACE DIRECTORY NODES
//   bw_record_bench replay TRACE DIRECTORY
//   bw_record_bench days TRACE DIRECTORY NODES DAYS SERIES
//   bw_record_bench outbox TRACE DIRECTORY MINUTES
//   bw_record_bench openmetrics TRACE            not JSON
//   bw_record_bench remote-write TRACE URL NODES
//   bw_record_bench load TRACE PORT NODES SERIES SECONDS flood|real-time [BLOCKS-A-SECOND]
//   bw_record_bench columns TRACE                nanoseconds to encode and decode a sample
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <time.h>

#include "base/runtime/clock.h"
#include "schemas/wire/columns.h"
#include "schemas/wire/varint.h"
#include "tests/bench/record/load.h"
#include "tests/bench/record/peers.h"
#include "tests/bench/record/stores.h"

namespace bw::bench {
namespace {

template <typename T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

class Arguments {
 public:
  Arguments(int count, char** values) : values_(values + 1, values + count) {}

  std::string text() {
    if (next_ >= values_.size()) {
      std::fprintf(stderr, "an argument is missing: see the head of main.cpp\n");
      std::exit(2);
    }
    return values_[next_++];
  }
  std::size_t number() { return std::stoul(text()); }
  bool more() const { return next_ < values_.size(); }

 private:
  std::vector<std::string> values_;
  std::size_t next_ = 0;
};

// Of an MQTT v5 PUBLISH with QoS 1: fixed header, topic with its length, packet id, no properties.
std::size_t packet_bytes(std::size_t topic, std::size_t payload) {
  const std::size_t rest = 2 + topic + 2 + 1 + payload;
  return 1 + wire::varint_size(rest) + rest;
}

void describe(const Trace& trace) {
  const std::string topic = "bw/v1/plant-2-box-17/up/history";
  std::size_t columns = 0;
  std::size_t wire_bytes = 0;
  std::size_t rows = 0;
  wire::Encoder encoder;
  for (std::size_t i = 0; i < trace.blocks.size(); ++i) {
    const TraceBlock& from = trace.blocks[i];
    wire::HistoryBlock block;
    block.epoch = 0x8765432187654321;
    block.number = i + 1;
    block.oldest = i + 1;
    block.table_id = trace.table_id;
    block.start_ms = from.times_ms.front();
    block.end_ms = from.times_ms.back();
    block.rows = static_cast<std::uint32_t>(from.times_ms.size());
    block.columns = from.columns;
    columns += from.columns.size();
    rows += from.times_ms.size();
    wire_bytes += packet_bytes(topic.size(), encoder.encode(block).size());
  }
  std::printf(
      "{\"blocks\": %zu, \"series\": %zu, \"rows\": %zu, \"samples\": %zu,"
      " \"columns_bytes\": %zu, \"wire_bytes\": %zu, \"first_ms\": %lld,"
      " \"last_ms\": %lld}\n",
      trace.blocks.size(), trace.series.size(), rows, trace.samples(), columns, wire_bytes,
      static_cast<long long>(trace.first_ms()),
      static_cast<long long>(trace.blocks.back().times_ms.back()));
}

void load(Arguments& in) {
  const Trace whole = must(load_trace(in.text()));
  LoadOptions options;
  options.port = static_cast<int>(in.number());
  options.nodes = in.number();
  const Trace trace = narrowed(whole, in.number());
  options.seconds = static_cast<double>(in.number());
  options.real_time = in.text() == "real-time";
  if (in.more()) options.blocks_per_s = static_cast<double>(in.number());
  Load fleet(trace, options);
  fleet.announce();
  const LoadResult result = fleet.run();
  std::printf(
      "{\"series\": %zu, \"blocks\": %llu, \"samples\": %llu, \"rows\": %llu,"
      " \"live\": %llu, \"live_refused\": %llu, \"resent\": %llu, \"missing\": %llu,"
      " \"samples_per_s\": %.0f, \"blocks_per_s\": %.1f, \"lag_p50_s\": %.4f,"
      " \"lag_p99_s\": %.4f, \"lag_most_s\": %.4f}\n",
      trace.series.size(), static_cast<unsigned long long>(result.blocks),
      static_cast<unsigned long long>(result.samples), static_cast<unsigned long long>(result.rows),
      static_cast<unsigned long long>(result.live),
      static_cast<unsigned long long>(result.live_refused),
      static_cast<unsigned long long>(result.resent),
      static_cast<unsigned long long>(result.missing), result.samples_per_s, result.blocks_per_s,
      result.lag_p50_s, result.lag_p99_s, result.lag_most_s);
}

// Of this program's processor time, the least of several rounds: others may be at work.
template <typename Work>
double least_ns(std::size_t samples, Work work) {
  const auto spent_ns = [] {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
  };
  double least = 1e18;
  for (int round = 0; round < 5; ++round) {
    const double begin = spent_ns();
    work();
    least = std::min(least, (spent_ns() - begin) / static_cast<double>(samples));
  }
  return least;
}

void measure_columns(const Trace& trace) {
  std::size_t samples = 0;
  for (const TraceBlock& block : trace.blocks) samples += block.values.size();
  wire::ColumnEncoder encoder;
  const double encode_ns = least_ns(samples, [&] {
    for (const TraceBlock& block : trace.blocks) {
      (void)encoder.encode(block.times_ms, block.values, trace.series.size());
    }
  });
  std::size_t read = 0;
  const double decode_ns = least_ns(samples, [&] {
    for (const TraceBlock& block : trace.blocks) {
      const auto reader = wire::ColumnReader::open(block.columns);
      std::vector<double> column(block.times_ms.size());
      for (std::size_t i = 0; reader && i < reader->columns(); ++i) read += reader->read(i, column);
    }
  });
  std::printf("{\"encode_ns\": %.1f, \"decode_ns\": %.1f, \"columns_read\": %zu}\n", encode_ns,
              decode_ns, read);
}

int run(Arguments in) {
  const std::string command = in.text();
  if (command == "load") {
    load(in);
  } else if (command == "trace") {
    describe(must(load_trace(in.text())));
  } else if (command == "columns") {
    measure_columns(must(load_trace(in.text())));
  } else if (command == "openmetrics") {
    print_openmetrics(must(load_trace(in.text())));
  } else if (command == "noisy") {
    const std::string directory = in.text();
    const std::size_t series = in.number();
    const std::size_t minutes = in.number();
    const std::int64_t first_ms = to_ms(wall_now()) - static_cast<std::int64_t>(minutes) * 60'000;
    must(fill_with_trace(directory, noisy_trace(series, minutes, first_ms), 1));
    std::printf("{}\n");
  } else if (command == "refill") {
    const Trace trace = must(load_trace(in.text()));
    const std::string directory = in.text();
    must(fill_with_trace(directory, trace, in.number()));
    std::printf("{}\n");
  } else if (command == "days") {
    const Trace whole = must(load_trace(in.text()));
    const std::string directory = in.text();
    const std::size_t nodes = in.number();
    const std::size_t days = in.number();
    const MonthResult made =
        must(fill_with_days(directory, narrowed(whole, in.number()), nodes, days));
    std::printf(
        "{\"blocks\": %llu, \"samples\": %llu, \"fill_s\": %.1f, \"roll_up_s\": %.1f,"
        " \"rolled_share\": %.4f}\n",
        static_cast<unsigned long long>(made.blocks), static_cast<unsigned long long>(made.samples),
        made.fill_s, made.roll_up_s, made.rolled_share);
  } else if (command == "replay") {
    const std::string path = in.text();
    const ReplayResult made = must(replay(path, in.text()));
    std::printf("{\"samples\": %llu, \"tables\": %llu, \"table_bytes\": %llu}\n",
                static_cast<unsigned long long>(made.samples),
                static_cast<unsigned long long>(made.tables),
                static_cast<unsigned long long>(made.table_bytes));
  } else if (command == "outbox") {
    const Trace trace = must(load_trace(in.text()));
    const std::string directory = in.text();
    must(fill_outbox(directory, trace, in.number()));
    std::printf("{}\n");
  } else if (command == "remote-write") {
    const Trace trace = must(load_trace(in.text()));
    const std::string url = in.text();
    const RemoteWriteResult sent = remote_write(trace, url, in.number());
    std::printf("{\"samples\": %llu, \"requests\": %llu, \"bytes\": %llu, \"seconds\": %.3f}\n",
                static_cast<unsigned long long>(sent.samples),
                static_cast<unsigned long long>(sent.requests),
                static_cast<unsigned long long>(sent.bytes), sent.seconds);
  } else {
    std::fprintf(stderr, "there is no command '%s'\n", command.c_str());
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace bw::bench

int main(int count, char** values) {
  return bw::bench::run(bw::bench::Arguments(count, values));
}
