#include "agent/shell/file_reader.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/runtime/clock.h"

namespace bw::agent {

namespace {

constexpr std::size_t kFirstBuffer = 64U << 10;
// Room kept free for each read: a page, the most that a file of /proc gives at once for sure.
constexpr std::size_t kLeastRoom = 4096;
// Files of /proc give whole records of at most this size, for those read every tick: a reading that
// leaves more of a page free has met the end, and asking again would only tell that.
constexpr std::size_t kMostRecord = 512;

bool matches(std::string_view name, std::string_view pattern) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return name == pattern;
  const std::string_view head = pattern.substr(0, star);
  const std::string_view tail = pattern.substr(star + 1);
  return name.size() >= head.size() + tail.size() && name.starts_with(head) && name.ends_with(tail);
}

std::vector<std::string> names_in(int root, const std::string& directory) {
  std::vector<std::string> names;
  const int fd =
      openat(root, directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return names;
  DIR* stream = fdopendir(fd);
  if (stream == nullptr) {
    close(fd);
    return names;
  }
  while (const dirent* entry = readdir(stream)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  closedir(stream);
  return names;
}

std::vector<std::string> expand_one(int root, std::string_view pattern) {
  std::vector<std::string> found{""};  // without the leading '/', as openat() wants them
  while (!pattern.empty()) {
    pattern.remove_prefix(1);  // '/'
    const std::string_view component = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(component.size());
    std::vector<std::string> next;
    for (const std::string& directory : found) {
      const std::string prefix = directory.empty() ? "" : directory + "/";
      if (component.find('*') == std::string_view::npos) {
        next.push_back(prefix + std::string(component));
        continue;
      }
      for (const std::string& name : names_in(root, directory)) {
        if (matches(name, component)) next.push_back(prefix + name);
      }
    }
    found = std::move(next);
  }
  // What stands behind the last '*' was not looked for yet: a match is what exists.
  std::erase_if(
      found, [&](const std::string& path) { return faccessat(root, path.c_str(), F_OK, 0) != 0; });
  for (std::string& path : found) path.insert(path.begin(), '/');
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

// A kernel that has pressure information switched off shows the files and answers EOPNOTSUPP; a
// device that went while its file was open, ENODEV.
bool means_missing(int error) {
  return error == ENOENT || error == ENOTDIR || error == EOPNOTSUPP || error == ENODEV ||
         error == ENXIO;
}

std::vector<std::string> expand_patterns(int root, std::string_view patterns, std::size_t most,
                                         std::size_t& left_out) {
  std::vector<std::string> found;
  left_out = 0;
  while (!patterns.empty()) {
    const std::string_view pattern = patterns.substr(0, patterns.find(' '));
    patterns.remove_prefix(std::min(patterns.size(), pattern.size() + 1));
    for (std::string& path : expand_one(root, pattern)) {
      if (found.size() < most) {
        found.push_back(std::move(path));
      } else {
        ++left_out;
      }
    }
  }
  return found;
}

FileReader::FileReader(const std::string& root, std::span<const SourceSpec> sources)
    : root_(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  buffer_.resize(kFirstBuffer);
  for (const SourceSpec& spec : sources) {
    if (spec.lane != metrics::Lane::tick) continue;
    Source& source = sources_.emplace_back();
    source.spec = &spec;
    source.pattern = spec.path.find('*') != std::string_view::npos;
    if (source.pattern) continue;
    source.files.push_back(File{.path = std::string(spec.path)});
    ++files_;
  }
}

FileReader::~FileReader() {
  for (Source& source : sources_) {
    for (File& file : source.files) close_file(file);
  }
  if (root_ >= 0) close(root_);
}

std::span<const TextReading> FileReader::read(std::uint64_t tick) {
  used_ = 0;
  pieces_.clear();
  readings_.clear();
  clock_ = monotonic_now();
  for (Source& source : sources_) {
    if (tick < source.due) continue;
    source.due = (tick / source.spec->every + 1) * source.spec->every;
    if (source.pattern && tick >= source.rescan) rescan(source, tick);
    for (File& file : source.files) read_file(source, file, tick);
  }
  for (std::size_t i = 0; i < readings_.size(); ++i) {
    readings_[i].text = {buffer_.data() + pieces_[i].offset, pieces_[i].length};
  }
  return readings_;
}

std::size_t FileReader::left_out() const {
  std::size_t sum = 0;
  for (const Source& source : sources_) sum += source.left_out;
  return sum;
}

// Keeps the open files of paths that are still there.
void FileReader::rescan(Source& source, std::uint64_t tick) {
  source.rescan = (tick / kRescanTicks + 1) * kRescanTicks;
  files_ -= source.files.size();
  std::vector<std::string> paths = expand_patterns(
      root_, source.spec->path, std::min(kMaxMatches, kMaxFiles - files_), source.left_out);
  std::vector<File> files;
  files.reserve(paths.size());
  for (std::string& path : paths) {
    const auto old = std::find_if(source.files.begin(), source.files.end(),
                                  [&](const File& file) { return file.path == path; });
    if (old == source.files.end()) {
      files.push_back(File{.path = std::move(path)});
      continue;
    }
    old->missing_until = 0;
    files.push_back(File{.path = std::move(path), .fd = std::exchange(old->fd, -1)});
  }
  for (File& file : source.files) close_file(file);
  source.files = std::move(files);
  files_ += source.files.size();
}

void FileReader::read_file(const Source& source, File& file, std::uint64_t tick) {
  if (tick < file.missing_until) return;
  std::size_t length = 0;
  int error = 0;
  if (file.fd >= 0) {
    error = read_text(*source.spec, file.fd, length);
    // The device may have come back as another one, behind the same name.
    if (error != 0) close_file(file);
  }
  if (file.fd < 0) {
    error = open_file(file);
    if (error == 0) error = read_text(*source.spec, file.fd, length);
    if (error != 0) close_file(file);
  }
  if (means_missing(error)) {
    file.missing_until = tick + kRescanTicks;
    return;
  }
  file.missing_until = 0;
  if (error != 0) length = 0;
  const Instant now = monotonic_now();
  readings_.push_back(TextReading{.source = source.spec->id,
                                  .path = file.path,
                                  .text = {},
                                  .error = error,
                                  .took = now - std::exchange(clock_, now)});
  pieces_.push_back(Piece{.offset = used_, .length = length});
  used_ += length;
  if (source.spec->every >= kCloseFrom || open_ > kMaxOpen) close_file(file);
}

int FileReader::open_file(File& file) {
  // Not blocking: a FIFO in the place of a file must not stop the tick.
  file.fd = openat(root_, file.path.c_str() + 1, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file.fd < 0) return errno;
  ++open_;
  return 0;
}

// Files of /proc come in pieces of a page or so: the end is where nothing more comes.
int FileReader::read_text(const SourceSpec& spec, int fd, std::size_t& length) {
  length = 0;
  // Others may have longer records: a mount with many options, a CPU with many domains.
  const std::size_t sure_end = spec.every == 1 ? kLeastRoom - kMostRecord : 0;
  while (length < kMaxText) {
    if (used_ + length + kLeastRoom > kMaxTexts) return EFBIG;
    if (buffer_.size() - used_ - length < kLeastRoom) buffer_.resize(buffer_.size() * 2);
    const std::size_t room = std::min(buffer_.size() - used_, kMaxText) - length;
    const ssize_t got =
        pread(fd, buffer_.data() + used_ + length, room, static_cast<off_t>(length));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) return 0;
    length += static_cast<std::size_t>(got);
    if (length < sure_end) return 0;
  }
  return 0;
}

void FileReader::close_file(File& file) {
  if (file.fd < 0) return;
  close(file.fd);
  file.fd = -1;
  --open_;
}

}  // namespace bw::agent
