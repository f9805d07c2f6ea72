// Real programs on loopback: starts them in a folder of their own, kills them, asks their API and
// reads their database.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace bw::integration {

// A folder below the system's temporary one, gone at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A child process, its output appended to a file; killed at the end if it still runs.
class Process {
 public:
  Process(std::string log_file) : log_file_(std::move(log_file)) {}
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // `environment` is added to this process' own.
  void start(const std::vector<std::string>& argv,
             const std::map<std::string, std::string>& environment = {});
  bool running();
  void signal(int number);
  // Waits for the end; the exit code, 128 + signal, or nothing where it still runs after `most`.
  std::optional<int> wait(std::chrono::milliseconds most);
  void kill();  // SIGKILL, and waits
  pid_t pid() const { return pid_; }
  std::string log() const;

 private:
  std::string log_file_;
  pid_t pid_ = -1;
};

int free_port();

struct HttpAnswer {
  int status = 0;  // 0: no connection
  std::string body;
};
HttpAnswer http_get(int port, const std::string& target);

// Waits until `condition` holds, asking every 20 ms. False after `most`.
bool eventually(std::chrono::milliseconds most, const std::function<bool()>& condition);

// Programs of the build, by name.
std::string program(const std::string& name);

// Broker, coordinator and one agent, quick: ten samples and a block a second.
class Site {
 public:
  Site();

  // Fails the test where the broker does not come up.
  void start_broker();
  void start_coordinator(const std::vector<std::string>& more = {},
                         const std::map<std::string, std::string>& environment = {});
  void start_agent(const std::vector<std::string>& more = {});

  // The node is online and its live samples arrive.
  bool live(std::chrono::milliseconds most = std::chrono::seconds(15));
  // A number of /metrics, 0 where there is none; `name` with its labels as printed.
  double metric(const std::string& name);

  using Numbers =
      std::map<std::string, std::multiset<long>>;  // by epoch; twice what is there twice
  Numbers stored_records();    // blocks and events in the coordinator's database
  Numbers recorded_records();  // those that the agent's log says are on disk
  Numbers waiting_records();   // in the agent's outbox; to be asked when the agent has ended
  long stored_gaps();

  TemporaryFolder folder;
  int broker_port = free_port();
  int api_port = free_port();
  std::string node = "box-1";
  std::string coordinator_state = folder.path() + "/coordinator";
  std::string agent_state = folder.path() + "/agent";
  Process broker{folder.path() + "/broker.log"};
  Process coordinator{folder.path() + "/coordinator.log"};
  Process agent{folder.path() + "/agent.log"};
};

}  // namespace bw::integration
