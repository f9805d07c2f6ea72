// What the fake libnvidia-ml.so.1 is to do, from the file that BW_FAKE_NVML names, read again
// whenever it changes.
//
// One order a line; later lines win; '*' is every GPU or every function:
//   count 8                       GPUs there are
//   driver 550.54.15
//   init 18                       what nvmlInit answers
//   value GPU NAME NUMBER         e.g. "value 0 util 42", "value * field.186 70000", and what a
//                                 field answers: "value * answer.186 999"
//   process GPU PID BYTES SM      a compute process
//   instance GPU GI CI USED TOTAL a MIG instance
//   event GPU TYPE DATA [GI CI]   happens when the script is put in place
//   error GPU FUNCTION CODE       e.g. "error 3 nvmlDeviceGetPowerUsage 3"; GPU -1: of none. The
//                                 wait for events fails while it is for a GPU of which it says so
//   lost GPU                      all its calls answer that it is lost
//   hang GPU FUNCTION             the call returns when the line is gone
//   slow GPU FUNCTION MS
//   layout 24                     bytes of an entry in the list of processes
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace bw::fake_nvml {

struct Process {
  unsigned pid = 0;
  unsigned long long bytes = 0;
  unsigned sm = 0;
};
struct Instance {
  unsigned gpu_instance = 0;
  unsigned compute_instance = 0;
  unsigned long long used = 0;
  unsigned long long total = 0;
};

struct Event {
  int gpu = 0;
  unsigned long long type = 0;
  unsigned long long data = 0;
  unsigned gpu_instance = ~0U;
  unsigned compute_instance = ~0U;
};

struct Script {
  static constexpr int kEvery = -2;
  static constexpr int kNone = -1;
  using Target = std::pair<int, std::string>;  // a GPU and a function or value

  unsigned count = 0;
  std::string driver = "550.54.15";
  int init = 0;
  std::size_t layout = 24;
  std::map<Target, double> values;
  std::map<Target, int> errors;
  std::map<Target, int> slow;
  std::map<Target, bool> hangs;
  std::map<int, bool> lost;
  std::map<int, std::vector<Process>> processes;
  std::map<int, std::vector<Instance>> instances;
  std::vector<Event> events;

  bool has(int gpu, const std::string& name, double& value) const;
  // What the call answers: an error of the script, or 0.
  int answer(int gpu, const std::string& function) const;
  bool hangs_in(int gpu, const std::string& function) const;
  int delay_ms(int gpu, const std::string& function) const;
};

// The script of now.
std::shared_ptr<const Script> current_script();

}  // namespace bw::fake_nvml
