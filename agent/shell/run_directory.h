// What is on disk of one replica's newest run: what was started (written before it was), how it
// ended (written by its shim), its lock, its log. So a next agent knows it all.
//
// Files are small texts, made anew under another name and renamed. Nothing is synced but by the
// shim: what an agent's crash leaves is in the kernel, and no run outlasts a power failure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/result.h"
#include "schemas/wire/workload.h"

namespace bw::agent {

struct RunRecord {
  std::string workload;
  std::uint32_t replica = 0;
  std::uint64_t run = 0;
  std::uint64_t launch = 0;
  std::uint64_t spec_generation = 0;
  std::uint64_t fencing_token = 0;
  std::uint32_t failures = 0;
  std::uint32_t restarts = 0;
  std::uint64_t grace_ms = 0;
  std::uint64_t started_ms = 0;  // since boot, suspended times included
  std::string boot_id;
  std::vector<std::string> gpus;
  std::string limits;
  bool operator==(const RunRecord&) const = default;
};

// "web@0" for "web/0"; nothing where a folder of this name is none of ours.
std::string run_folder(std::string_view id);
std::optional<std::string> run_id(std::string_view folder);

class RunDirectory {
 public:
  explicit RunDirectory(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }

  // Makes the folder where it is missing, forgets how the run before ended, and writes `record`.
  Result<void> begin(const RunRecord& record) const;
  Result<RunRecord> record() const;

  // The shim that holds the lock; nothing: no run of it is alive.
  std::optional<pid_t> holder() const;
  pid_t main_pid() const;  // as the shim noted it; 0: not yet

  struct End {
    wire::WorkloadExit exit;
    std::string reason;  // where it could not be started
  };
  // Unknown where nobody wrote it down.
  End end() const;
  void note_unstarted(const std::string& why) const;

  // Whether its end was told to a supervisor.
  bool is_heard() const;
  void note_heard() const;

  // The last lines that the newest run wrote, the oldest first: as UTF-8, without their times.
  std::vector<std::string> last_lines(std::size_t most, std::size_t max_bytes) const;

  void remove() const;

 private:
  std::string file(std::string_view name) const;
  Result<void> write(std::string_view name, const std::string& text) const;

  std::string path_;
};

}  // namespace bw::agent
