#include "tests/integration/harness.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/runtime/sqlite.h"

namespace bw::integration {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "bellwether-XXXXXX").string();
  path_ = mkdtemp(name.data()) == nullptr ? "" : name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Process::~Process() {
  kill();
}

void Process::start(const std::vector<std::string>& argv,
                    const std::map<std::string, std::string>& environment) {
  kill();
  std::vector<char*> arguments;
  for (const auto& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  pid_ = fork();
  if (pid_ != 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that dies leaves nothing behind
  const int log = open(log_file_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

std::optional<int> Process::wait(milliseconds most) {
  const auto end = steady_clock::now() + most;
  while (pid_ > 0) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    if (steady_clock::now() >= end) return std::nullopt;
    std::this_thread::sleep_for(milliseconds{5});
  }
  return std::nullopt;
}

bool Process::running() {
  if (pid_ <= 0) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == pid_) pid_ = -1;
  return pid_ > 0;
}

void Process::signal(int number) {
  if (pid_ > 0) ::kill(pid_, number);
}

void Process::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::string Process::log() const {
  std::ifstream file(log_file_);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

}  // namespace

// Below the range that the kernel hands to clients, so that nobody takes the port of a server that
// is down; tests that run side by side begin at different places.
int free_port() {
  constexpr int kFirst = 12000;
  constexpr int kCount = 18000;
  static int next = static_cast<int>(getpid()) * 131 % kCount;
  for (int tries = 0; tries < kCount; ++tries) {
    const int port = kFirst + next;
    next = (next + 1) % kCount;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = loopback(port);
    const bool is_free = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    if (is_free) return port;
  }
  return 0;
}

HttpAnswer http_get(int port, const std::string& target) {
  HttpAnswer answer;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = loopback(port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const std::string request =
        "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    (void)!write(fd, request.data(), request.size());
    std::string text;
    char buffer[65536];
    pollfd ready{fd, POLLIN, 0};
    while (poll(&ready, 1, 10000) == 1) {
      const ssize_t got = read(fd, buffer, sizeof buffer);
      if (got <= 0) break;
      text.append(buffer, static_cast<std::size_t>(got));
    }
    const auto body = text.find("\r\n\r\n");
    if (text.rfind("HTTP/1.1 ", 0) == 0 && body != std::string::npos) {
      answer.status = std::atoi(text.c_str() + 9);
      answer.body = text.substr(body + 4);
    }
  }
  close(fd);
  return answer;
}

bool eventually(milliseconds most, const std::function<bool()>& condition) {
  const auto end = steady_clock::now() + most;
  while (!condition()) {
    if (steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(milliseconds{20});
  }
  return true;
}

std::string program(const std::string& name) {
  return std::string(BW_BINARY_DIR) + "/bin/" + name;
}

Site::Site() {
  std::filesystem::create_directories(folder.path() + "/broker");
  std::ofstream(folder.path() + "/mosquitto.conf")
      << "listener " << broker_port << " 127.0.0.1\nallow_anonymous true\npersistence true\n"
      << "persistence_location " << folder.path() << "/broker/\nautosave_interval 1\n"
      << "max_queued_messages 100000\nuser root\n";
}

void Site::start_broker() {
  broker.start({"/usr/sbin/mosquitto", "-c", folder.path() + "/mosquitto.conf"});
  const bool is_up = eventually(std::chrono::seconds{5}, [&] {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = loopback(broker_port);
    const bool up = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    return up;
  });
  ASSERT_TRUE(is_up) << broker.log();
}

void Site::start_coordinator(const std::vector<std::string>& more,
                             const std::map<std::string, std::string>& environment) {
  std::vector<std::string> argv{program("bellwether-coordinator"),
                                "--set",
                                "broker.url=mqtt://127.0.0.1:" + std::to_string(broker_port),
                                "--set",
                                "api.listen=127.0.0.1:" + std::to_string(api_port),
                                "--set",
                                "state.directory=" + coordinator_state};
  argv.insert(argv.end(), more.begin(), more.end());
  std::filesystem::create_directories(coordinator_state);
  coordinator.start(argv, environment);
}

void Site::start_agent(const std::vector<std::string>& more) {
  std::vector<std::string> argv{program("bellwether-agent")};
  for (const std::string& setting :
       {"node.id=" + node, "broker.url=mqtt://127.0.0.1:" + std::to_string(broker_port),
        "state.directory=" + agent_state, std::string("collect.period_ms=100"),
        std::string("history.block_s=1"), std::string("history.first_block_s=1"),
        std::string("log.level=debug")}) {
    argv.insert(argv.end(), {"--set", setting});
  }
  argv.insert(argv.end(), more.begin(), more.end());
  std::filesystem::create_directories(agent_state);
  agent.start(argv);
}

bool Site::live(milliseconds most) {
  double before = -1;
  return eventually(most, [&] {
    const auto answer = http_get(api_port, "/api/v1/nodes/" + node);
    if (answer.body.find("\"status\":\"online\"") == std::string::npos) return false;
    const double samples = metric("bw_live_samples_total");
    if (before < 0) before = samples;
    return samples > before;
  });
}

double Site::metric(const std::string& name) {
  const std::string text = "\n" + http_get(api_port, "/metrics").body;
  const auto at = text.find("\n" + name + " ");
  return at == std::string::npos ? 0 : std::atof(text.c_str() + at + name.size() + 2);
}

Site::Numbers Site::stored_records() {
  Numbers numbers;
  auto database = Database::open_read_only(coordinator_state + "/bellwether.db");
  if (!database) return numbers;
  auto rows = database->prepare(
      "SELECT epoch, number FROM blocks UNION ALL SELECT epoch, number FROM events");
  if (!rows) return numbers;
  while (true) {
    const auto more = rows->step();
    if (!more || !*more) return numbers;
    numbers[std::to_string(static_cast<std::uint64_t>(rows->integer(0)))].insert(rows->integer(1));
  }
}

Site::Numbers Site::recorded_records() {
  Numbers numbers;
  std::istringstream lines(agent.log());
  for (std::string line; std::getline(lines, line);) {
    const auto at = line.find("record ");
    const auto slash = line.find('/', at);
    if (at == std::string::npos || slash == std::string::npos ||
        line.find(" is on disk", slash) == std::string::npos) {
      continue;
    }
    numbers[line.substr(at + 7, slash - at - 7)].insert(std::atol(line.c_str() + slash + 1));
  }
  return numbers;
}

Site::Numbers Site::waiting_records() {
  Numbers numbers;
  auto database = Database::open_read_only(agent_state + "/outbox.db");
  if (!database) return numbers;
  auto rows = database->prepare(
      "SELECT epoch, id & 4294967295 FROM records JOIN epochs ON ordinal = id >> 32");
  if (!rows) return numbers;
  while (true) {
    const auto more = rows->step();
    if (!more || !*more) return numbers;
    numbers[std::to_string(static_cast<std::uint64_t>(rows->integer(0)))].insert(rows->integer(1));
  }
}

long Site::stored_gaps() {
  auto database = Database::open_read_only(coordinator_state + "/bellwether.db");
  if (!database) return -1;
  auto rows = database->prepare("SELECT count(*) FROM gaps");
  if (!rows || !rows->step()) return -1;
  return static_cast<long>(rows->integer(0));
}

}  // namespace bw::integration
