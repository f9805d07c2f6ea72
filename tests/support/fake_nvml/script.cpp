#include "tests/support/fake_nvml/script.h"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <sstream>

#include <sys/stat.h>

namespace bw::fake_nvml {

namespace {

constexpr int kGpuIsLost = 15;

int gpu_of(const std::string& word) {
  return word == "*" ? Script::kEvery : std::atoi(word.c_str());
}

void add_line(Script& script, const std::string& text) {
  std::istringstream line(text);
  std::string order;
  std::string gpu;
  std::string name;
  line >> order;
  if (order == "count") line >> script.count;
  if (order == "driver") line >> script.driver;
  if (order == "init") line >> script.init;
  if (order == "layout") line >> script.layout;
  if (order == "lost" && line >> gpu) script.lost[gpu_of(gpu)] = true;
  if (order == "hang" && line >> gpu >> name) script.hangs[{gpu_of(gpu), name}] = true;
  if (order == "value" && line >> gpu >> name) line >> script.values[{gpu_of(gpu), name}];
  if (order == "error" && line >> gpu >> name) line >> script.errors[{gpu_of(gpu), name}];
  if (order == "slow" && line >> gpu >> name) line >> script.slow[{gpu_of(gpu), name}];
  if (order == "process" && line >> gpu) {
    Process& added = script.processes[gpu_of(gpu)].emplace_back();
    line >> added.pid >> added.bytes >> added.sm;
  }
  if (order == "event") {
    Event& added = script.events.emplace_back();
    line >> added.gpu >> added.type >> added.data;
    unsigned gpu_instance = 0;
    unsigned compute_instance = 0;
    if (line >> gpu_instance >> compute_instance) {
      added.gpu_instance = gpu_instance;
      added.compute_instance = compute_instance;
    }
  }
  if (order == "instance" && line >> gpu) {
    Instance& added = script.instances[gpu_of(gpu)].emplace_back();
    line >> added.gpu_instance >> added.compute_instance >> added.used >> added.total;
  }
}

template <typename Value>
const Value* find(const std::map<Script::Target, Value>& map, int gpu, const std::string& name) {
  for (const auto& target : {Script::Target{gpu, name}, Script::Target{Script::kEvery, name},
                             Script::Target{gpu, "*"}, Script::Target{Script::kEvery, "*"}}) {
    const auto found = map.find(target);
    if (found != map.end()) return &found->second;
  }
  return nullptr;
}

}  // namespace

bool Script::has(int gpu, const std::string& name, double& value) const {
  const double* found = find(values, gpu, name);
  if (found != nullptr) value = *found;
  return found != nullptr;
}

int Script::answer(int gpu, const std::string& function) const {
  if (gpu >= 0 && (lost.contains(gpu) || lost.contains(kEvery))) return kGpuIsLost;
  const int* error = find(errors, gpu, function);
  return error == nullptr ? 0 : *error;
}

bool Script::hangs_in(int gpu, const std::string& function) const {
  return find(hangs, gpu, function) != nullptr;
}

int Script::delay_ms(int gpu, const std::string& function) const {
  const int* delay = find(slow, gpu, function);
  return delay == nullptr ? 0 : *delay;
}

// Whoever writes the file puts another one in its place, so that no half of it is read. A bench
// wants to measure others than this look: with BW_FAKE_NVML_LAZY it is done once a second.
std::shared_ptr<const Script> current_script() {
  static std::mutex mutex;
  // Never destroyed: a thread that hangs in here may wake while the process ends.
  static auto& script = *new std::shared_ptr<const Script>(std::make_shared<const Script>());
  static std::chrono::steady_clock::time_point looked;
  static struct timespec changed {};
  static ino_t inode = 0;
  const std::lock_guard lock(mutex);
  const auto now = std::chrono::steady_clock::now();
  const char* path = std::getenv("BW_FAKE_NVML");
  const bool lazy = std::getenv("BW_FAKE_NVML_LAZY") != nullptr;
  if (path == nullptr || (lazy && now - looked < std::chrono::seconds(1))) return script;
  looked = now;
  struct stat facts {};
  if (stat(path, &facts) != 0) return script;
  if (facts.st_ino == inode && facts.st_mtim.tv_nsec == changed.tv_nsec &&
      facts.st_mtim.tv_sec == changed.tv_sec) {
    return script;
  }
  inode = facts.st_ino;
  changed = facts.st_mtim;
  auto read = std::make_shared<Script>();
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) add_line(*read, line);
  script = std::move(read);
  return script;
}

}  // namespace bw::fake_nvml
