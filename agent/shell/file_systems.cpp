#include "agent/shell/file_systems.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/resource.h>
#include <sys/statvfs.h>

namespace bw::agent {

namespace {

Duration duration_of(const timeval& time) {
  return std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
}

}  // namespace

void ask_statvfs(const std::string& path, FileSystemReading& reading) {
  struct statvfs facts {};
  if (statvfs(path.c_str(), &facts) != 0) {
    reading.error = errno;
    return;
  }
  reading.block_size = facts.f_frsize;
  reading.blocks = facts.f_blocks;
  reading.blocks_free = facts.f_bfree;
  reading.blocks_available = facts.f_bavail;
  reading.inodes = facts.f_files;
  reading.inodes_free = facts.f_ffree;
  reading.read_only = (facts.f_flag & ST_RDONLY) != 0;
}

class FileSystems::MountTask : public SlowTask {
 public:
  MountTask(const MountPoint& asked, const std::string& root, Ask ask)
      : SlowTask(asked.network ? Lane::network_mounts : Lane::mounts, asked.path),
        mount_point(asked),
        path_(root + asked.path),
        ask_(std::move(ask)) {}

  const MountPoint mount_point;
  FileSystemReading reading;

 private:
  void run() override {
    reading = {};
    ask_(path_, reading);
  }

  const std::string path_;
  const Ask ask_;
};

FileSystems::FileSystems(const std::string& root, SlowLanes& lanes, Ask ask)
    : root_(root), lanes_(lanes), ask_(ask ? std::move(ask) : ask_statvfs) {
  while (root_.ends_with('/')) root_.pop_back();
}

FileSystems::~FileSystems() = default;

// Keeps the tasks of those that are still mounted: one may hang.
void FileSystems::follow(std::span<const MountPoint> mount_points) {
  asked_.assign(mount_points.begin(), mount_points.end());
  std::vector<std::shared_ptr<MountTask>> tasks;
  for (const MountPoint& mount_point : asked_) {
    const auto old = std::ranges::find_if(
        tasks_, [&](const auto& task) { return task && task->mount_point == mount_point; });
    tasks.push_back(old != tasks_.end() ? std::move(*old)
                                        : std::make_shared<MountTask>(mount_point, root_, ask_));
  }
  tasks_ = std::move(tasks);
}

void FileSystems::begin(std::span<const MountPoint> mount_points, std::uint64_t tick, Instant now) {
  const bool same = std::ranges::equal(asked_, mount_points);
  if (same && (tick < due_ || asking_)) return;
  if (!same) follow(mount_points);
  due_ = tick + kEveryTicks;
  asking_ = !tasks_.empty();
  for (const auto& task : tasks_) {
    const SlowTask::State state = lanes_.look(*task, now).state;
    if (state == SlowTask::State::done) lanes_.take(*task);  // it answered too late
    const bool free = state == SlowTask::State::done || state == SlowTask::State::idle;
    if (free) lanes_.start(task, now);
  }
}

std::span<const FileSystemReading> FileSystems::collect(Instant now) {
  if (!asking_) return {};
  const bool over = std::ranges::all_of(
      tasks_, [&](const auto& task) { return lanes_.look(*task, now).is_over(); });
  if (!over) return {};
  asking_ = false;
  readings_.clear();
  for (const auto& task : tasks_) {
    const SlowLanes::Report report = lanes_.look(*task, now);
    FileSystemReading& reading = readings_.emplace_back();
    if (report.state == SlowTask::State::done) {
      reading = task->reading;
      reading.took = report.took;
      lanes_.take(*task);
    } else {
      reading.error = report.hangs ? ETIMEDOUT : EBUSY;
      reading.waited = report.waited;
    }
    reading.mount_point = task->mount_point.path;
  }
  return readings_;
}

Duration process_cpu_time() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);  // fails only for bad arguments
  return duration_of(usage.ru_utime) + duration_of(usage.ru_stime);
}

}  // namespace bw::agent
