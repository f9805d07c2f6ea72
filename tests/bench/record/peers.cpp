#include "tests/bench/record/peers.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <curl/curl.h>
#include <snappy.h>

#include "base/runtime/clock.h"
#include "coordinator/core/export/remote_write.h"

namespace bw::bench {

namespace {

using coordinator::exporting::Block;
using coordinator::exporting::BlockSamples;
using coordinator::exporting::RemoteWriteEncoder;

class Poster {
 public:
  explicit Poster(const std::string& url) : handle_(curl_easy_init()) {
    for (const char* header : {"Content-Encoding: snappy", "Content-Type: application/x-protobuf",
                               "X-Prometheus-Remote-Write-Version: 0.1.0", "Expect:"}) {
      headers_ = curl_slist_append(headers_, header);
    }
    curl_easy_setopt(handle_, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, &ignore);
  }
  ~Poster() {
    curl_slist_free_all(headers_);
    curl_easy_cleanup(handle_);
  }
  Poster(const Poster&) = delete;
  Poster& operator=(const Poster&) = delete;

  void post(const std::string& body) {
    curl_easy_setopt(handle_, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(handle_, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    const CURLcode code = curl_easy_perform(handle_);
    long status = 0;
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK && status / 100 == 2) return;
    std::fprintf(stderr, "the receiver: %s, status %ld\n", curl_easy_strerror(code), status);
    std::exit(1);
  }

 private:
  static std::size_t ignore(char*, std::size_t size, std::size_t count, void*) {
    return size * count;
  }

  CURL* handle_;
  curl_slist* headers_ = nullptr;
};

std::string metric_name(const std::string& name) {
  std::string out;
  for (const char c : name) out += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return out;
}

}  // namespace

void print_openmetrics(const Trace& trace) {
  for (std::size_t alias = 0; alias < trace.series.size(); ++alias) {
    const wire::SeriesInfo& series = trace.series[alias];
    std::string labels = "node=\"n\"";
    for (const wire::Label& label : series.labels) {
      labels += "," + metric_name(label.name) + "=\"" + label.value + "\"";
    }
    const std::string name = metric_name(series.name);
    for (const TraceBlock& block : trace.blocks) {
      for (std::size_t row = 0; row < block.times_ms.size(); ++row) {
        const double value = block.values[row * trace.series.size() + alias];
        if (std::isnan(value)) continue;
        std::printf("%s{%s} %.17g %.3f\n", name.c_str(), labels.c_str(), value,
                    static_cast<double>(block.times_ms[row]) / 1000);
      }
    }
  }
  std::printf("# EOF\n");
}

RemoteWriteResult remote_write(const Trace& trace, const std::string& url, std::size_t nodes) {
  Poster poster(url);
  RemoteWriteResult result;
  const auto series = std::make_shared<const std::vector<wire::SeriesInfo>>(trace.series);
  const std::int64_t by_ms = to_ms(wall_now()) - trace.blocks.back().times_ms.back();
  std::string compressed;
  RemoteWriteEncoder encoder;
  double spent_s = 0;  // waiting for the receiver
  for (const TraceBlock& minute : trace.blocks) {
    for (std::size_t node = 0; node < nodes; ++node) {
      Block block;
      block.node = "n" + std::to_string(node);
      block.site = "bench";
      block.start_ms = minute.times_ms.front() + by_ms;
      block.end_ms = minute.times_ms.back() + by_ms;
      block.series = series;
      block.columns = moved(minute.columns, by_ms);
      auto samples = BlockSamples::open(block, 0);
      for (std::size_t alias = 0; samples && alias < series->size(); ++alias) {
        const auto column = samples->read(alias);
        if (column.values.empty()) continue;
        encoder.add(block, (*series)[alias], column.times_ms, column.values);
        result.samples += column.values.size();
      }
      const std::string request = encoder.take();
      snappy::Compress(request.data(), request.size(), &compressed);
      const Instant begin = monotonic_now();
      poster.post(compressed);
      spent_s += std::chrono::duration<double>(monotonic_now() - begin).count();
      ++result.requests;
      result.bytes += compressed.size();
    }
  }
  result.seconds = spent_s;
  return result;
}

}  // namespace bw::bench
