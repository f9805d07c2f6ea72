// Sends the store's history to its receivers: a thread for each, so that one that hangs delays
// neither the others nor the coordinator. What is sent when is core/export/delivery.h's to decide.
//
// All methods are called, and the handler runs, on the event loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/runtime/event_loop.h"
#include "coordinator/core/coordinator.h"
#include "coordinator/shell/export_settings.h"

namespace bw::coordinator {

class Exporter {
 public:
  static constexpr Duration kReportPeriod = std::chrono::seconds{1};

  // ExportReported, where something changed since the last.
  using Handler = std::function<void(const Event&)>;

  // `store_path`: the store's database, open and with its schema.
  Exporter(EventLoop& loop, const ExportTargets& targets, const std::string& store_path,
           std::uint64_t seed, Handler handler);
  ~Exporter();  // waits for the threads

  // The store was replaced by a new one: all of it is still to be sent.
  void start_over();

  // Ends what is under way and reports a last time. False where threads did not end within `most`
  // (of a name that is being looked up, say): then this object must not be destroyed.
  bool stop(Duration most);

 private:
  struct Worker;
  void report();

  EventLoop& loop_;
  Handler handler_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<ExportStatus> reported_;
  Timer timer_;
};

}  // namespace bw::coordinator
