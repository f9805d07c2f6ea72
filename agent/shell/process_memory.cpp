#include "agent/shell/process_memory.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <iterator>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace bw::agent {

namespace {

std::shared_ptr<const int> open_proc(const std::string& root) {
  const std::string path = (root == "/" ? "" : root) + "/proc";
  return {new int(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), [](const int* fd) {
            if (*fd >= 0) close(*fd);
            delete fd;
          }};
}

void read_item(int proc, ProcessMemory::Item& item) {
  char path[64];
  std::snprintf(path, sizeof path, "%d/%s", item.pid,
                item.what == ProcessMemory::What::pss ? "smaps_rollup" : "cmdline");
  const int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
  item.error = fd < 0 ? errno : 0;
  if (fd < 0) return;
  char text[ProcessMemory::kMaxText];
  const ssize_t got = read(fd, text, sizeof text);
  if (got < 0) item.error = errno;
  if (got > 0) item.text.assign(text, static_cast<std::size_t>(got));
  close(fd);
}

}  // namespace

// The items below `done` are the agent's, the others the thread's.
class ProcessMemory::Batch : public SlowTask {
 public:
  Batch(std::string device, std::shared_ptr<const int> proc)
      : SlowTask(Lane::processes, std::move(device)), proc_(std::move(proc)) {}

  std::vector<Item> items;
  std::atomic<std::size_t> done = 0;
  std::atomic<bool> left_behind = false;

 private:
  void run() override {
    for (std::size_t i = 0; i < items.size() && !left_behind; ++i) {
      read_item(*proc_, items[i]);
      done = i + 1;
    }
  }

  const std::shared_ptr<const int> proc_;
};

ProcessMemory::ProcessMemory(const std::string& root, SlowLanes& lanes)
    : lanes_(lanes), proc_(open_proc(root)) {}

ProcessMemory::~ProcessMemory() {
  if (batch_) batch_->left_behind = true;
}

bool ProcessMemory::ask(int pid, std::uint64_t started, What what) {
  if (asked_.size() == kMaxAsks) return false;
  const auto is_it = [pid](const Stuck& stuck) { return stuck.pid == pid; };
  if (std::ranges::any_of(stuck_, is_it)) return false;
  asked_.push_back({.pid = pid, .started = started, .what = what, .error = 0, .text = {}});
  return true;
}

void ProcessMemory::begin(Instant now) {
  if (reading_ || asked_.empty()) return;
  if (!batch_) batch_ = std::make_shared<Batch>("batch " + std::to_string(++batches_), proc_);
  std::swap(batch_->items, asked_);
  asked_.clear();
  batch_->done = 0;
  seen_ = 0;
  reading_ = true;
  lanes_.start(batch_, now);
}

void ProcessMemory::collect(Instant now, const std::function<void(const Item&)>& answer) {
  collect_stuck(now, answer);
  if (!reading_) return;
  const SlowLanes::Report report = lanes_.look(*batch_, now);
  const std::size_t done = batch_->done;
  const bool over = report.state == SlowTask::State::done;
  const bool hangs = report.hangs && done == std::exchange(seen_, done);
  if (!over && !hangs) return;
  reading_ = false;
  for (std::size_t i = 0; i < done; ++i) answer(batch_->items[i]);
  if (over) return lanes_.take(*batch_);
  leave_behind(done);
}

void ProcessMemory::leave_behind(std::size_t done) {
  batch_->left_behind = true;
  // Else it has ended at this moment.
  if (done < batch_->items.size()) {
    stuck_.push_back({.batch = batch_, .index = done, .pid = batch_->items[done].pid});
    for (std::size_t i = done + 1; i < batch_->items.size(); ++i) {
      const Item& item = batch_->items[i];
      ask(item.pid, item.started, item.what);
    }
  }
  batch_.reset();
}

// Those that have answered after all.
void ProcessMemory::collect_stuck(Instant now, const std::function<void(const Item&)>& answer) {
  for (std::size_t i = stuck_.size(); i-- > 0;) {
    if (lanes_.look(*stuck_[i].batch, now).state != SlowTask::State::done) continue;
    const Stuck stuck = std::move(stuck_[i]);
    stuck_.erase(stuck_.begin() + static_cast<std::ptrdiff_t>(i));
    const Item& item = stuck.batch->items[stuck.index];
    if (stuck.batch->done > stuck.index) {
      answer(item);
    } else {
      ask(item.pid, item.started, item.what);  // it was left before it began
    }
  }
}

}  // namespace bw::agent
