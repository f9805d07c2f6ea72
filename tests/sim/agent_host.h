// One box: an agent core, its disk and its link. The disk keeps each transaction whole or not at
// all, and that of a crash may be either.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/core/agent.h"
#include "tests/sim/broker.h"
#include "tests/sim/ledger.h"
#include "tests/sim/world.h"

namespace bw::sim {

class AgentHost {
 public:
  AgentHost(World& world, Broker& broker, Ledger& ledger, NodeId node, std::uint64_t outbox_bytes);

  void start();
  void crash();            // power or kill -9
  void stop_gracefully();  // SIGTERM
  bool running() const { return agent_ != nullptr; }
  bool refused() const { return refused_; }

  void break_network() {
    if (link_) link_->break_network();
  }
  void fill_disk(bool full) { disk_full_ = full; }
  void plug_in_disk() { ++disks_; }  // new series from the next tick on

  std::size_t waiting() const { return agent_ ? agent_->outbox().size() : disk_.size(); }
  const NodeId& node() const { return node_; }

 private:
  struct OnDisk {
    agent::StoredRecord record;
    std::vector<std::byte> payload;
    std::vector<wire::SeriesInfo> series;
  };
  void step(const agent::Event& event);
  void carry_out(const agent::Effects& effects);
  void note(wire::Topic topic, wire::Bytes payload);
  // What is written together: one transaction.
  struct Transaction {
    std::vector<OnDisk> records;
    std::vector<wire::EpochAck> trims;
    std::vector<agent::RecordKey> drops;
    std::vector<agent::Fact> facts;
  };
  void gather(const agent::PersistRecord& write);
  void keep_model(std::vector<std::byte> payload);
  void write();
  void apply(const Transaction& transaction);
  agent::OutboxOpened open_outbox();
  void tick();

  std::uint64_t outbox_bytes_;
  World& world_;
  Broker& broker_;
  Ledger& ledger_;
  NodeId node_;
  std::uint64_t store_id_;
  Duration block_;
  bool detects_;  // anomalies

  std::map<std::uint64_t, OnDisk> disk_;  // by the order of writing
  std::uint64_t next_write_ = 0;
  std::map<std::string, std::string> facts_;
  std::vector<std::byte> model_;
  bool disk_full_ = false;
  bool found_outbox_ = false;     // in this run
  bool last_try_failed_ = false;  // of this run
  int disks_ = 1;

  // Of one run; callbacks of an earlier run find `run_` changed.
  std::uint64_t run_ = 0;
  std::uint64_t tick_ = 0;
  Instant disk_free_at_{};
  Transaction gathered_;
  std::deque<Transaction> writing_;
  std::unique_ptr<agent::Agent> agent_;
  std::unique_ptr<Link> link_;
  bool refused_ = false;
};

}  // namespace bw::sim
