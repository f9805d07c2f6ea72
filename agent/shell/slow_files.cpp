#include "agent/shell/slow_files.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "agent/shell/file_reader.h"
#include "agent/shell/nvme_log.h"
#include "base/assert.h"

namespace bw::agent {

namespace {

std::shared_ptr<const int> open_root(const std::string& root) {
  return {new int(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), [](const int* fd) {
            if (*fd >= 0) close(*fd);
            delete fd;
          }};
}

}  // namespace

std::string_view device_of(std::string_view path) {
  constexpr std::string_view kClasses = "/sys/class/";
  const std::size_t above = path.rfind('/');
  if (!path.starts_with(kClasses)) return path.substr(0, above);
  const std::size_t device = path.find('/', kClasses.size());
  return device == std::string_view::npos ? path : path.substr(0, path.find('/', device + 1));
}

int fetch_slow(SourceId source, int root, const std::string& path, SlowFiles::Buffer buffer,
               std::size_t& length) {
  if (source == SourceId::nvme_smart) return read_nvme_log(root, path, buffer, length);
  // Opened each time: drivers are asked when reading, and few of these are read every second.
  const int fd = openat(root, path.c_str() + 1, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return errno;
  // A number is there at once; longer texts come in pieces.
  int error = 0;
  length = 0;
  while (length < buffer.size()) {
    const ssize_t got =
        pread(fd, buffer.data() + length, buffer.size() - length, static_cast<off_t>(length));
    if (got < 0) error = errno;
    if (got <= 0) break;
    length += static_cast<std::size_t>(got);
    if (buffer.size() <= SlowFiles::kMaxText) break;
  }
  close(fd);
  if (error != 0) length = 0;
  if (length < buffer.size() || length <= SlowFiles::kMaxText) return error;
  while (length > 0 && buffer[length - 1] != '\n') --length;  // of what was cut, whole lines
  return error;
}

class SlowFiles::FileTask : public SlowTask {
 public:
  FileTask(const SourceSpec& spec, std::string asked, std::shared_ptr<const int> root, Fetch fetch)
      : SlowTask(spec.lane, std::string(device_of(asked))),
        source(spec.id),
        path(std::move(asked)),
        buffer(spec.path.find_first_of("* ") == std::string_view::npos ? kMaxSingleText : kMaxText),
        root_(std::move(root)),
        fetch_(std::move(fetch)) {}

  const SourceId source;
  const std::string path;
  std::vector<char> buffer;
  std::size_t length = 0;
  int error = 0;

 private:
  void run() override {
    length = 0;
    error = fetch_(source, *root_, path, buffer, length);
  }

  const std::shared_ptr<const int> root_;
  const Fetch fetch_;
};

SlowFiles::SlowFiles(const std::string& root, SlowLanes& lanes, std::span<const SourceSpec> sources,
                     Fetch fetch)
    : root_(open_root(root)), lanes_(lanes), fetch_(fetch ? std::move(fetch) : fetch_slow) {
  for (const SourceSpec& spec : sources) {
    if (metrics::is_slow(spec.lane)) sources_.emplace_back().spec = &spec;
  }
}

SlowFiles::~SlowFiles() = default;

std::size_t SlowFiles::left_out() const {
  std::size_t sum = 0;
  for (const Source& source : sources_) sum += source.left_out;
  return sum;
}

// Keeps the tasks of paths that are still there: one may hang.
void SlowFiles::rescan(Source& source, std::uint64_t tick) {
  source.rescan = (tick / kRescanTicks + 1) * kRescanTicks;
  std::vector<std::shared_ptr<FileTask>> files;
  for (std::string& path : expand_patterns(*root_, source.spec->path, kMaxFiles, source.left_out)) {
    const auto old = std::find_if(source.files.begin(), source.files.end(),
                                  [&](const auto& file) { return file->path == path; });
    files.push_back(old != source.files.end()
                        ? std::move(*old)
                        : std::make_shared<FileTask>(*source.spec, std::move(path), root_, fetch_));
    if (old != source.files.end()) source.files.erase(old);
  }
  source.files = std::move(files);
}

void SlowFiles::begin(std::uint64_t tick, Instant now) {
  for (Source& source : sources_) {
    if (tick < source.due || source.reading) continue;
    source.due = (tick / source.spec->every + 1) * source.spec->every;
    if (tick >= source.rescan) rescan(source, tick);
    source.reading = !source.files.empty();
    for (const auto& file : source.files) {
      const SlowTask::State state = lanes_.look(*file, now).state;
      if (state == SlowTask::State::done) lanes_.take(*file);  // it answered too late
      const bool free = state == SlowTask::State::done || state == SlowTask::State::idle;
      if (free) lanes_.start(file, now);
    }
  }
}

bool SlowFiles::is_complete(const Source& source, Instant now) const {
  return std::ranges::all_of(source.files,
                             [&](const auto& file) { return lanes_.look(*file, now).is_over(); });
}

void SlowFiles::collect(Instant now, std::vector<TextReading>& readings) {
  used_ = 0;
  std::size_t most = 0;
  for (const Source& source : sources_) {
    if (!source.reading) continue;
    for (const auto& file : source.files) most += file->buffer.size();
  }
  if (texts_.size() < most) texts_.resize(most);  // before any text points into it
  for (Source& source : sources_) {
    if (!source.reading || !is_complete(source, now)) continue;
    source.reading = false;
    hand_over(source, now, readings);
  }
}

void SlowFiles::hand_over(Source& source, Instant now, std::vector<TextReading>& readings) {
  for (const auto& file : source.files) {
    const SlowLanes::Report report = lanes_.look(*file, now);
    TextReading& reading = readings.emplace_back();
    reading.source = source.spec->id;
    reading.path = file->path;
    if (report.state != SlowTask::State::done) {
      reading.error = report.hangs ? ETIMEDOUT : EBUSY;
      reading.waited = report.waited;
      continue;
    }
    reading.took = report.took;
    reading.error = file->error;
    if (file->error == 0) {
      char* const text = texts_.data() + used_;
      std::copy_n(file->buffer.begin(), file->length, text);
      reading.text = {text, file->length};
      used_ += file->length;
    }
    lanes_.take(*file);
    if (means_missing(reading.error)) readings.pop_back();
  }
}

}  // namespace bw::agent
