// A simulated fleet: many nodes publish births, live samples and history blocks to a real broker,
// and hear the coordinator's acknowledgements. Numbers, times and checksums are those of real
// agents; what lies in the columns is a trace's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "schemas/wire/codec.h"
#include "tests/bench/record/mqtt_socket.h"
#include "tests/bench/record/trace.h"

namespace bw::bench {

struct LoadOptions {
  int port = 0;
  std::size_t nodes = 1000;
  std::size_t connections = 4;
  double seconds = 60;
  double warm_up_s = 5;      // before what is measured
  double drain_s = 30;       // afterwards, for what is not acknowledged yet
  bool real_time = false;    // live samples each second, a block each minute; else:
  std::size_t window = 256;  // blocks on their way at once, of all nodes
  double blocks_per_s = 0;   // at most; 0: as many as are taken
};

struct LoadResult {
  std::uint64_t blocks = 0;  // acknowledged, all in all
  std::uint64_t samples = 0;
  std::uint64_t rows = 0;
  std::uint64_t live = 0;          // live samples sent
  std::uint64_t live_refused = 0;  // that could not be sent in time
  std::uint64_t resent = 0;
  std::uint64_t missing = 0;  // never acknowledged
  double samples_per_s = 0;   // acknowledged while it was measured
  double blocks_per_s = 0;
  double lag_p50_s = 0;  // from the handing over to the socket to the acknowledgement
  double lag_p99_s = 0;
  double lag_most_s = 0;
};

class Load {
 public:
  Load(const Trace& trace, LoadOptions options);

  // Births and states of all nodes.
  void announce();
  LoadResult run();

 private:
  struct Flying {
    std::uint64_t number = 0;
    double first_sent_s = 0;
    double sent_s = 0;
  };
  struct Node {
    std::string name;
    std::uint64_t epoch = 0;
    std::uint64_t next_number = 1;
    std::uint64_t sequence = 0;
    std::vector<Flying> flying;  // oldest first
  };

  double now_s() const;
  void turn(int most_ms);
  void heard(std::string_view topic, std::span<const std::byte> payload);
  bool send_block(std::size_t node, std::uint64_t number);
  bool publish(std::size_t node, wire::Topic topic, wire::Bytes payload, int qos, bool retained);
  bool send_next_block(std::size_t node);
  void send_what_is_due();
  void send_live(std::size_t node);
  void resend_what_is_late();
  MqttSocket& socket_of(std::size_t node) { return *sockets_[node % sockets_.size()]; }

  const Trace& trace_;
  LoadOptions options_;
  std::vector<std::uint64_t> samples_of_;  // by block of the trace
  std::vector<float> live_values_;
  std::vector<Node> nodes_;
  std::vector<std::unique_ptr<MqttSocket>> sockets_;
  wire::Encoder encoder_;
  std::int64_t begin_ms_ = 0;  // of the first block of all nodes
  double begin_s_ = 0;         // of run()
  bool measuring_ = false;
  std::size_t flying_ = 0;
  std::uint64_t published_ = 0;
  std::uint64_t live_due_ = 0;
  std::uint64_t next_node_ = 0;
  std::uint64_t measured_blocks_ = 0;
  std::uint64_t measured_samples_ = 0;
  std::vector<float> lags_s_;
  LoadResult result_;
};

}  // namespace bw::bench
