#include "tests/sim/ledger.h"

namespace bw::sim {

namespace {

std::string name(const RecordName& record) {
  const auto& [node, epoch, number] = record;
  return node + "/" + std::to_string(epoch) + "/" + std::to_string(number);
}

}  // namespace

void Ledger::made(const std::string& node, std::uint64_t epoch, std::uint64_t number,
                  std::uint32_t checksum) {
  const auto [entry, is_new] = made_.try_emplace({node, epoch, number});
  (void)is_new;
  entry->second.checksum = checksum;
}

void Ledger::on_disk(const std::string& node, std::uint64_t epoch, std::uint64_t number) {
  made_.at({node, epoch, number}).on_disk = true;
}

void Ledger::run_ended(const std::string& node, std::uint64_t epoch) {
  for (auto entry = made_.lower_bound({node, epoch, 0});
       entry != made_.end() && std::get<0>(entry->first) == node &&
       std::get<1>(entry->first) == epoch;
       ++entry) {
    if (!entry->second.on_disk) entry->second.may_be_lost = true;
  }
}

void Ledger::gave_up(const std::string& node, std::uint64_t epoch, std::uint64_t first,
                     std::uint64_t last) {
  for (std::uint64_t number = first; number <= last; ++number) {
    const auto entry = made_.find({node, epoch, number});
    if (entry != made_.end()) entry->second.given_up = true;
  }
}

void Ledger::stored(const std::string& node, std::uint64_t epoch, std::uint64_t number,
                    std::uint32_t checksum) {
  const RecordName record{node, epoch, number};
  const auto entry = made_.find(record);
  if (entry == made_.end()) {
    faults_.push_back(name(record) + ": stored and never made");
  } else if (entry->second.checksum != checksum) {
    faults_.push_back(name(record) + ": stored with other content");
  }
  if (!stored_.try_emplace(record, checksum).second) {
    faults_.push_back(name(record) + ": stored twice");
  }
}

void Ledger::gap_stored(const std::string& node, std::uint64_t epoch, std::uint64_t first,
                        std::uint64_t last) {
  for (std::uint64_t number = first; number <= last; ++number) gaps_.insert({node, epoch, number});
}

void Ledger::store_replaced() {
  set_aside_.insert(stored_.begin(), stored_.end());
  stored_.clear();
}

std::vector<std::string> Ledger::verdict() const {
  std::vector<std::string> faults = faults_;
  for (const auto& [record, made] : made_) {
    if (stored_.contains(record) || set_aside_.contains(record)) continue;
    if (made.may_be_lost) continue;
    if (made.given_up && gaps_.contains(record)) continue;
    faults.push_back(name(record) + (made.given_up ? ": given up, and no gap says so" : ": lost"));
  }
  return faults;
}

}  // namespace bw::sim
