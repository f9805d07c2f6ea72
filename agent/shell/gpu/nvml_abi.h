// What is used of NVML's binary interface: numbers and layouts as NVIDIA publishes them ("NVML API
// Reference Guide", and nvml.h as it comes with github.com/NVIDIA/go-nvml), said in our words.
//
// No nvml.h is needed to build the agent. Functions are looked up by name: nvml_library.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bw::agent::nvml {

using Device = void*;  // an opaque handle, valid from nvmlInit to nvmlShutdown
using GpmSample = void*;
using EventSet = void*;

// Answers; any other number may come too.
enum Return : int {
  kSuccess = 0,
  kUninitialized = 1,
  kInvalidArgument = 2,
  kNotSupported = 3,
  kNoPermission = 4,
  kNotFound = 6,
  kInsufficientSize = 7,
  kDriverNotLoaded = 9,
  kTimeout = 10,
  kLibraryNotFound = 12,
  kFunctionNotFound = 13,
  kGpuIsLost = 15,
  kResetRequired = 16,
  kOperatingSystem = 17,
  kLibRmVersionMismatch = 18,
  kNoData = 21,
  kArgumentVersionMismatch = 25,
  kDeprecated = 26,
  kNotReady = 27,
  kGpuNotFound = 28,
  kUnknown = 999,
};

// A structure that carries its version has the size in the low bytes and the version in the top.
template <typename T>
constexpr unsigned version_of(unsigned version) {
  return static_cast<unsigned>(sizeof(T)) | (version << 24U);
}

struct Utilization {
  unsigned gpu;
  unsigned memory;
};
struct Memory {
  unsigned long long total;
  unsigned long long free;
  unsigned long long used;  // with what is reserved
};
struct MemoryV2 {
  unsigned version;
  unsigned long long total;
  unsigned long long reserved;
  unsigned long long free;
  unsigned long long used;
};
struct Bar1Memory {
  unsigned long long total;
  unsigned long long free;
  unsigned long long used;
};
struct MarginTemperature {
  unsigned version;
  int margin;
};
struct TemperatureV1 {
  unsigned version;
  int sensor;
  int temperature;
};
union Value {
  double d;
  int si;
  unsigned ui;
  unsigned long ul;
  unsigned long long ull;
  long long sll;
  unsigned short us;
};
enum ValueType : int {
  kDouble = 0,
  kUnsigned = 1,
  kUnsignedLong = 2,
  kUnsignedLongLong = 3,
  kSignedLongLong = 4,
  kSigned = 5,
  kUnsignedShort = 6,
};
struct FieldValue {
  unsigned field;
  unsigned scope;
  long long timestamp_us;
  long long latency_us;
  int type;
  int result;
  Value value;
};
struct ProcessUtilization {
  unsigned pid;
  unsigned long long timestamp_us;
  unsigned sm;
  unsigned memory;
  unsigned encoder;
  unsigned decoder;
};
struct GpmMetric {
  unsigned id;
  int result;
  double value;
  char* names[3];
};
// The published array has room for every metric there is (NVML_GPM_METRIC_MAX), and grows with
// them; the library is to look at the first `count` alone.
inline constexpr std::size_t kGpmRoom = 333;
struct GpmMetricsGet {
  unsigned version;
  unsigned count;
  GpmSample first;
  GpmSample second;
  GpmMetric metrics[kGpmRoom];
};
struct GpmSupport {
  unsigned version;
  unsigned supported;
};
struct EventData {
  Device device;
  unsigned long long type;
  unsigned long long data;  // the Xid; of other types 0
  unsigned gpu_instance;    // kNoInstance where it is of the whole GPU
  unsigned compute_instance;
};

// One running process: pid, memory, and, from version 2 of the call on, the ids of its instances.
// How long an entry is, is not to be known from the function's name: drivers 535 have 8 bytes more
// behind it than those before and after (github.com/XuehaiPan/nvitop, pull request 79).
struct ProcessInfoHead {
  unsigned pid;
  unsigned long long memory;
};
inline constexpr std::size_t kProcessInfoLeast = 16;
inline constexpr std::size_t kProcessInfoUsual = 24;
inline constexpr std::size_t kProcessInfoMost = 32;
inline constexpr unsigned long long kNotAvailable = ~0ULL;

static_assert(sizeof(Value) == 8 && sizeof(unsigned) == 4);
static_assert(sizeof(FieldValue) == 40 && offsetof(FieldValue, value) == 32);
static_assert(sizeof(MemoryV2) == 40);
static_assert(sizeof(ProcessUtilization) == 32);
static_assert(sizeof(ProcessInfoHead) == kProcessInfoLeast);
static_assert(version_of<MemoryV2>(2) == 0x02000028);
static_assert(version_of<MarginTemperature>(1) == 0x01000008);
static_assert(version_of<TemperatureV1>(1) == 0x0100000C);

inline constexpr int kTemperatureGpu = 0;
// Kinds of thresholds, for GPUs before Ada.
inline constexpr int kShutdownThreshold = 0;
inline constexpr int kSlowdownThreshold = 1;
inline constexpr int kMemoryThreshold = 2;
inline constexpr int kGpuThreshold = 3;
inline constexpr int kClockSm = 1;
inline constexpr int kClockMemory = 2;
inline constexpr int kClockVideo = 3;
inline constexpr int kPcieTransmit = 0;
inline constexpr int kPcieReceive = 1;
inline constexpr int kEccCorrected = 0;
inline constexpr int kEccUncorrected = 1;
inline constexpr int kEccVolatile = 0;
inline constexpr int kEccAggregate = 1;
inline constexpr unsigned kAllLinks = ~0U;
inline constexpr unsigned kGpmVersion = 1;
inline constexpr unsigned kUnknownState = 32;  // of performance
// Types of events.
inline constexpr unsigned long long kUncorrectedEccEvent = 0x2;
inline constexpr unsigned long long kXidEvent = 0x8;
inline constexpr unsigned long long kCorrectedEccStormEvent = 0x200;
inline constexpr unsigned long long kRetirementEvent = 0x400;  // of memory
inline constexpr unsigned long long kRetirementFailureEvent = 0x800;
inline constexpr unsigned kNoInstance = ~0U;
inline constexpr unsigned kNoWait = 0;

}  // namespace bw::agent::nvml
