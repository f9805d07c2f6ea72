// A disk in memory, for SQLite, that loses its power: of what was not synced, each sector is there
// afterwards or not, as a seed draws it.
//
// For as long as it lives it is SQLite's default file system in this process, so that the code
// under test is the real one. One connection to a file at a time. Model: a sector of 512 bytes is
// written whole or not at all; unsynced writes arrive in any order or never; a file that was made
// and never synced may be gone, one that was deleted without a sync of its directory may be back.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"

namespace bw::test {

class SimulatedDisk {
 public:
  explicit SimulatedDisk(std::uint64_t seed);
  ~SimulatedDisk();
  SimulatedDisk(const SimulatedDisk&) = delete;
  SimulatedDisk& operator=(const SimulatedDisk&) = delete;

  // The power goes with the n-th write, truncation, deletion or sync from now on (1: the next): it
  // fails, as does everything after it.
  void lose_power_at(std::uint64_t operation) { off_at_ = operations_ + operation; }
  bool is_off() const { return is_off_; }
  // Only after all connections of before were closed.
  void power_on();

  std::uint64_t operations() const { return operations_; }
  std::uint64_t bytes_written() const { return bytes_written_; }
  std::uint64_t syncs() const { return syncs_; }
  std::uint64_t size(const std::string& name) const;
  // Files whose name holds `part`.
  std::size_t count(const std::string& part) const;

 private:
  struct Vfs;  // SQLite's side
  struct Change {
    bool is_truncation = false;
    std::uint64_t offset = 0;  // of a truncation: the new size
    std::vector<unsigned char> bytes;
  };
  struct FileData {
    std::string name;
    std::vector<unsigned char> now;
    std::vector<unsigned char> synced;
    bool was_synced = false;  // ever: then it exists
    std::vector<Change> unsynced;
    std::vector<std::unique_ptr<std::vector<unsigned char>>> shared;  // memory, for the log's index
  };

  bool count_operation();  // false: the power is off
  void settle(FileData& file, int fate, double chance);
  static void apply(std::vector<unsigned char>& content, const Change& change);

  Rng rng_;
  std::unique_ptr<Vfs> vfs_;
  std::map<std::string, std::shared_ptr<FileData>> files_;
  std::vector<std::shared_ptr<FileData>> deleted_;  // and perhaps not for ever
  std::uint64_t operations_ = 0;
  std::uint64_t off_at_ = 0;
  std::uint64_t bytes_written_ = 0;
  std::uint64_t syncs_ = 0;
  bool is_off_ = false;
};

}  // namespace bw::test
