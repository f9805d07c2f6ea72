// The coordinator's box: its core, its store and its link. A commit takes time, may fail, and a
// crash takes what was not committed.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "coordinator/core/coordinator.h"
#include "tests/sim/broker.h"
#include "tests/sim/ledger.h"
#include "tests/sim/world.h"

namespace bw::sim {

// Faults put in on purpose, to see that they are found.
enum class Canary { none, acknowledge_before_commit };

class CoordinatorHost {
 public:
  CoordinatorHost(World& world, Broker& broker, Ledger& ledger, Canary canary);

  void start();
  void crash();
  bool running() const { return core_ != nullptr; }
  void break_network() {
    if (link_) link_->break_network();
  }
  void fill_disk(bool full) { disk_full_ = full; }
  // The database is damaged: set aside, and a new one begun.
  void damage_store();

  // GET; the body, empty where the coordinator is down.
  std::string get(const std::string& target);

 private:
  void step(const coordinator::Event& event);
  void carry_out(coordinator::Effects effects);
  void commit(coordinator::StoreBatch batch);
  void apply(const coordinator::Change& change);
  coordinator::StoreOpened stored() const;
  void tick();

  World& world_;
  Broker& broker_;
  Ledger& ledger_;
  Canary canary_;

  std::map<std::string, coordinator::StoredNode> disk_;
  bool disk_full_ = false;
  std::uint64_t disk_generation_ = 0;

  std::uint64_t run_ = 0;
  Instant disk_free_at_{};
  std::unique_ptr<coordinator::Coordinator> core_;
  std::unique_ptr<Link> link_;
  std::map<std::uint64_t, std::string> answers_;
  std::uint64_t next_request_ = 1;
};

}  // namespace bw::sim
