// Posts requests to one receiver over HTTP(S), by libcurl, and packs them for their way: snappy's
// block format for remote write, gzip for OTLP. Belongs to one thread, but for interrupt().
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "coordinator/core/export/verdict.h"
#include "coordinator/shell/export_settings.h"

namespace bw::coordinator {

std::string pack_snappy(const std::string& bytes);
std::string pack_gzip(const std::string& bytes);

class ExportPoster {
 public:
  static constexpr std::size_t kMaxAnswer = 64U << 10;  // bytes of an answer that are read

  // `target` must outlive the poster.
  explicit ExportPoster(const ExportTarget& target);
  ~ExportPoster();
  ExportPoster(const ExportPoster&) = delete;
  ExportPoster& operator=(const ExportPoster&) = delete;

  struct Reply {
    exporting::HttpAnswer answer;
    std::string body;
  };
  // `request` as its encoder left it. Returns within the target's timeout, or soon after
  // interrupt().
  Reply post(const std::string& request);

  // From any thread: ends what is under way, and all that would follow.
  void interrupt();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bw::coordinator
