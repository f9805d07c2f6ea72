// What truly happened, kept beside the world: every record an agent made and every record a store
// took. At the end the two are held against each other.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "coordinator/core/records.h"
#include "schemas/wire/messages.h"

namespace bw::sim {

// node, epoch, number
using RecordName = std::tuple<std::string, std::uint64_t, std::uint64_t>;

class Ledger {
 public:
  // An agent made a record; it is lost rightly if its box dies before it is on disk.
  void made(const std::string& node, std::uint64_t epoch, std::uint64_t number,
            std::uint32_t checksum);
  void on_disk(const std::string& node, std::uint64_t epoch, std::uint64_t number);
  void run_ended(const std::string& node, std::uint64_t epoch);
  // An agent gave a record up and said so.
  void gave_up(const std::string& node, std::uint64_t epoch, std::uint64_t first,
               std::uint64_t last);

  // A store committed a record. `told_twice`: the store had it already.
  void stored(const std::string& node, std::uint64_t epoch, std::uint64_t number,
              std::uint32_t checksum);
  void gap_stored(const std::string& node, std::uint64_t epoch, std::uint64_t first,
                  std::uint64_t last);
  // The store's file was damaged and set aside: what it held counts as stored, and may come again.
  void store_replaced();

  // Everything that is not as it must be, in words; empty: all is well. Call when the world has
  // settled.
  std::vector<std::string> verdict() const;

  std::size_t records_made() const { return made_.size(); }
  std::size_t records_stored() const { return stored_.size(); }

 private:
  struct Made {
    std::uint32_t checksum = 0;
    bool on_disk = false;
    bool may_be_lost = false;
    bool given_up = false;
  };
  std::map<RecordName, Made> made_;
  std::map<RecordName, std::uint32_t> stored_;
  std::map<RecordName, std::uint32_t> set_aside_;
  std::set<RecordName> gaps_;
  std::vector<std::string> faults_;
};

}  // namespace bw::sim
