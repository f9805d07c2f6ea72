#include "agent/shell/run_directory.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <limits>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/shell/shim/journal.h"
#include "agent/shell/shim/launch_format.h"
#include "base/text.h"

namespace bw::agent {

namespace {

constexpr std::string_view kRunFile = "run";
constexpr std::string_view kHeardFile = "heard";
constexpr std::size_t kMaxRunFile = 64U << 10;
constexpr std::size_t kTail = 32U << 10;  // of a log, which is looked at for its last lines

Error system_error(std::string_view what) {
  return Error{std::string(what) + ": " + std::system_category().message(errno)};
}

// At most the last `most` bytes of it; nothing where it can't be read.
std::optional<std::string> read_end(const std::string& path, std::size_t most) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  const off_t size = lseek(fd, 0, SEEK_END);
  const off_t from = std::max<off_t>(0, size - static_cast<off_t>(most));
  std::string text(static_cast<std::size_t>(std::max<off_t>(0, size - from)), '\0');
  const ssize_t length = pread(fd, text.data(), text.size(), from);
  close(fd);
  if (length < 0) return std::nullopt;
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(at), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return parts;
}

std::string record_text(const RunRecord& record) {
  std::string text = "version 1\n";
  const auto add = [&](std::string_view key, std::string_view value) {
    text.append(key).append(" ").append(value).append("\n");
  };
  add("workload", record.workload);
  add("replica", std::to_string(record.replica));
  add("run", std::to_string(record.run));
  add("launch", std::to_string(record.launch));
  add("generation", std::to_string(record.spec_generation));
  add("token", std::to_string(record.fencing_token));
  add("failures", std::to_string(record.failures));
  add("restarts", std::to_string(record.restarts));
  add("grace_ms", std::to_string(record.grace_ms));
  add("started_ms", std::to_string(record.started_ms));
  add("boot", record.boot_id);
  for (const std::string& gpu : record.gpus) add("gpu", gpu);
  add("limits", record.limits);
  return text + "end\n";
}

// Whether the line was one it knows, or may skip: a later version may say more.
bool take_line(std::string_view key, std::string_view value, RunRecord& record) {
  const auto number = number_of(value);
  const auto take = [&](auto& field) {
    if (number) field = static_cast<std::decay_t<decltype(field)>>(*number);
    return number.has_value();
  };
  if (key == "version") return number == 1U;
  if (key == "replica") return take(record.replica);
  if (key == "run") return take(record.run);
  if (key == "launch") return take(record.launch);
  if (key == "generation") return take(record.spec_generation);
  if (key == "token") return take(record.fencing_token);
  if (key == "failures") return take(record.failures);
  if (key == "restarts") return take(record.restarts);
  if (key == "grace_ms") return take(record.grace_ms);
  if (key == "started_ms") return take(record.started_ms);
  if (key == "workload") record.workload = value;
  if (key == "boot") record.boot_id = value;
  if (key == "gpu") record.gpus.emplace_back(value);
  if (key == "limits") record.limits = value;
  return true;
}

}  // namespace

std::string run_folder(std::string_view id) {
  std::string folder(id);
  std::replace(folder.begin(), folder.end(), '/', '@');
  return folder;
}

std::optional<std::string> run_id(std::string_view folder) {
  const std::size_t at = folder.find('@');
  if (at == std::string_view::npos || !wire::is_workload_name(folder.substr(0, at))) {
    return std::nullopt;
  }
  const auto replica = number_of(folder.substr(at + 1));
  if (!replica || *replica > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return std::string(folder.substr(0, at)) + "/" + std::string(folder.substr(at + 1));
}

std::string RunDirectory::file(std::string_view name) const {
  return path_ + "/" + std::string(name);
}

Result<void> RunDirectory::write(std::string_view name, const std::string& text) const {
  const std::string draft = file(name) + ".new";
  const int fd = open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return system_error("make " + draft);
  const ssize_t written = ::write(fd, text.data(), text.size());
  const bool is_whole = written == static_cast<ssize_t>(text.size());
  if (written >= 0 && !is_whole) errno = ENOSPC;
  Result<void> result = is_whole ? Result<void>() : Result<void>(system_error("write " + draft));
  close(fd);
  if (!result) return result;
  if (rename(draft.c_str(), file(name).c_str()) != 0) return system_error("rename " + draft);
  return {};
}

Result<void> RunDirectory::begin(const RunRecord& record) const {
  if (mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) return system_error("make " + path_);
  for (const std::string_view name : {kExitFile, kHeardFile, kPidFile}) {
    unlink(file(name).c_str());
  }
  return write(kRunFile, record_text(record));
}

Result<RunRecord> RunDirectory::record() const {
  const auto text = read_end(file(kRunFile), kMaxRunFile);
  if (!text) return Error{file(kRunFile) + " can't be read"};
  RunRecord record;
  if (!text->ends_with("\nend\n")) return Error{file(kRunFile) + " is damaged"};
  for (const std::string& line : split(*text, '\n')) {
    const std::size_t blank = std::min(line.find(' '), line.size());
    const std::string_view value = std::string_view(line).substr(std::min(line.size(), blank + 1));
    if (!take_line(std::string_view(line).substr(0, blank), value, record)) {
      return Error{file(kRunFile) + " is damaged: " + line};
    }
  }
  return record;
}

std::optional<pid_t> RunDirectory::holder() const {
  const int fd = open(file(kLockFile).c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  const bool is_asked = fcntl(fd, F_GETLK, &lock) == 0;
  close(fd);
  if (!is_asked || lock.l_type == F_UNLCK) return std::nullopt;
  return lock.l_pid;
}

pid_t RunDirectory::main_pid() const {
  auto text = read_end(file(kPidFile), 32);
  if (!text) return 0;
  if (text->ends_with('\n')) text->pop_back();
  return static_cast<pid_t>(number_of(*text).value_or(0));
}

RunDirectory::End RunDirectory::end() const {
  const End unseen{{wire::ExitKind::unknown, 0}, ""};
  auto text = read_end(file(kExitFile), kMaxRunFile);
  if (!text || !text->ends_with('\n')) return unseen;
  text->pop_back();
  const std::size_t blank = text->find(' ');
  if (blank == std::string::npos) return unseen;
  const std::string_view kind = std::string_view(*text).substr(0, blank);
  const std::string_view value = std::string_view(*text).substr(blank + 1);
  if (kind == "unstarted") return {{}, std::string(value)};
  const auto number = number_of(value);
  if (!number || (kind != "code" && kind != "signal")) return unseen;
  return {{kind == "code" ? wire::ExitKind::code : wire::ExitKind::signal,
           static_cast<std::int32_t>(*number)},
          ""};
}

void RunDirectory::note_unstarted(const std::string& why) const {
  // Without it the end is unknown, which is less, and not wrong.
  (void)write(kExitFile, "unstarted " + why + "\n").has_value();
}

bool RunDirectory::is_heard() const {
  return access(file(kHeardFile).c_str(), F_OK) == 0;
}

void RunDirectory::note_heard() const {
  (void)write(kHeardFile, "").has_value();
}

std::vector<std::string> RunDirectory::last_lines(std::size_t most, std::size_t max_bytes) const {
  std::string text = read_end(file("log.1"), kTail).value_or("");
  text += read_end(file("log"), kTail).value_or("");
  std::vector<std::string> lines;
  for (const std::string& line : split(text, '\n')) {
    // "TIME o TEXT"; the first one may have lost its beginning.
    const std::size_t time_end = line.find(' ');
    if (time_end == std::string::npos || !number_of(std::string_view(line).substr(0, time_end)) ||
        line.size() < time_end + 3) {
      continue;
    }
    if (line[time_end + 1] == '=') {
      lines.clear();  // of the run before
      continue;
    }
    lines.push_back(
        to_utf8(std::string_view(line).substr(time_end + 3), BadByte::replaced, max_bytes));
  }
  if (lines.size() > most) lines.erase(lines.begin(), lines.end() - static_cast<ptrdiff_t>(most));
  return lines;
}

// Only what is known to be there: no folder that someone put a link into is walked.
void RunDirectory::remove() const {
  for (const std::string_view name : {kRunFile, kHeardFile, kExitFile, kPidFile, kLockFile}) {
    unlink(file(name).c_str());
    unlink((file(name) + ".new").c_str());
  }
  unlink(file("log").c_str());
  for (std::size_t age = 1; age < Journal::kFiles; ++age) {
    unlink((file("log.") + std::to_string(age)).c_str());
  }
  rmdir(path_.c_str());
}

}  // namespace bw::agent
