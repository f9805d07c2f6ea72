#include "base/runtime/log.h"

#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log_limiter.h"
#include "base/runtime/clock.h"

namespace bw {

namespace {

constexpr std::string_view kLevelNames[] = {"debug", "info", "warning", "error"};
constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                 spdlog::level::warn, spdlog::level::err};
// What the journal takes a line's priority from, see sd-daemon(3).
constexpr std::string_view kJournalPrefixes[] = {"<7>", "<6>", "<4>", "<3>"};

std::size_t index(LogLevel level) {
  return static_cast<std::size_t>(level);
}

// JOURNAL_STREAM names the device and inode of the journal's pipe. A child whose error output was
// redirected inherits the variable, but not the pipe.
bool writes_to_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &status) != 0) return false;
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == stream;
}

// One event is one line, whatever a peer put into a text.
void append_printable(std::string& line, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      line += c;
    } else {
      line += "\\x";
      line += kHex[byte >> 4];
      line += kHex[byte & 15];
    }
  }
}

class Log {
 public:
  Log()
      : journal_(writes_to_journal()),
        logger_("", std::make_shared<spdlog::sinks::stderr_sink_st>()) {
    logger_.set_formatter(std::make_unique<spdlog::pattern_formatter>(
        journal_ ? "%v" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc));
    logger_.set_level(spdlog::level::info);
  }

  void set_level(LogLevel least) { logger_.set_level(kLevels[index(least)]); }

  void write(LogLevel level, std::string_view part, std::string_view text) {
    if (!logger_.should_log(kLevels[index(level)])) return;
    const std::lock_guard lock(mutex_);
    const auto verdict = limiter_.admit(part, monotonic_now());
    if (!verdict.passes) return;
    if (verdict.left_out > 0) {
      put(LogLevel::warning, part, std::to_string(verdict.left_out) + " lines left out");
    }
    put(level, part, text);
  }

 private:
  void put(LogLevel level, std::string_view part, std::string_view text) {
    line_.clear();
    if (journal_) line_ += kJournalPrefixes[index(level)];
    append_printable(line_, part);
    line_ += ": ";
    append_printable(line_, text);
    logger_.log(kLevels[index(level)], spdlog::string_view_t(line_));
  }

  bool journal_;
  std::mutex mutex_;
  LogLimiter limiter_;
  std::string line_;
  spdlog::logger logger_;
};

// Never destroyed: a thread may still have something to say while the program ends.
Log& the_log() {
  static Log& log = *new Log;
  return log;
}

}  // namespace

void start_log(LogLevel least) {
  set_log_level(least);
}

void set_log_level(LogLevel least) {
  the_log().set_level(least);
}

Result<LogLevel> parse_log_level(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kLevelNames); ++i) {
    if (name == kLevelNames[i]) return static_cast<LogLevel>(i);
  }
  return Error{"a log level is debug, info, warning or error, not '" + std::string(name) + "'"};
}

void log(LogLevel level, std::string_view part, std::string_view text) {
  the_log().write(level, part, text);
}

}  // namespace bw
