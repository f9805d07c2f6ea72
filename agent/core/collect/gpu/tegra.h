// What NVIDIA's Jetson boards tell in more than one file at once: how busy the memory is, what the
// supply rails deliver, and which programs hold the GPU's memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/collect/device_files.h"
#include "agent/core/collect/source.h"

namespace bw::agent {

// Errors of files that only root may read, and of chips that are switched off: no value, no
// trouble.
bool is_no_tegra_trouble(int error);

// Bytes of "15560K" and "2M", as nvmap's tables have them; NaN where it is none.
double nvmap_size(std::string_view text);

// The memory's clock in hertz, and its activity in kilohertz: the clock at which it would have been
// busy all the time.
class TegraMemorySource : public Source {
 public:
  explicit TegraMemorySource(Sample& sample) : Source(sample) {}

  bool read(const TextReading& reading, Instant when) override;
  bool refused(const TextReading& reading) override;
  void finish() override;
  void lose() override;

 private:
  double clock_ = Sample::kNoValue;
  double activity_ = Sample::kNoValue;
  Sample::Alias freq_ = Sample::kNoAlias;
  Sample::Alias util_ = Sample::kNoAlias;
};

// INA3221 monitors: voltage (mV) and current (mA) of up to three rails each, by name, and alarms.
class TegraRailSource : public Source {
 public:
  static constexpr std::size_t kMaxRails = 32;

  // `labels`: what the inputs of the monitors below /sys/class/hwmon are called.
  TegraRailSource(Sample& sample, const NameSource& labels) : Source(sample), labels_(labels) {}

  bool read(const TextReading& reading, Instant when) override;
  bool refused(const TextReading& reading) override;
  void finish() override;
  void lose() override;
  std::uint64_t ignored() const override { return ignored_; }

 private:
  struct Rail {
    std::string input;  // "hwmon3/1"
    std::string name;   // empty until it is known, and once the input is gone
    bool seen = false;  // since finish()
    bool followed = false;
    double voltage = Sample::kNoValue;
    double current = Sample::kNoValue;
    double alarm = Sample::kNoValue;
    Sample::Alias power_alias = Sample::kNoAlias;
    Sample::Alias voltage_alias = Sample::kNoAlias;
    Sample::Alias current_alias = Sample::kNoAlias;
    Sample::Alias alarm_alias = Sample::kNoAlias;
  };
  Rail* at(std::string_view path);
  void lose(const Rail& rail);
  void set(Rail& rail, Sample::Alias& alias, const metrics::MetricInfo& metric, double value);

  const NameSource& labels_;
  std::vector<Rail> rails_;
  std::uint64_t ignored_ = 0;
};

// The table of nvmap: a line a client, "user trainer 9209 15560K".
class TegraProcessSource : public Source {
 public:
  static constexpr std::size_t kMaxPrograms = 16;  // further ones are "other"
  // A program that was not seen so many times in a row gives its place to another: each change is a
  // new series table, so programs that come and go are "other".
  static constexpr std::size_t kForgetAfter = 6;

  explicit TegraProcessSource(Sample& sample) : Source(sample) {}

  bool read(const TextReading& reading, Instant when) override;
  bool refused(const TextReading& reading) override;
  void lose() override;

 private:
  struct Program {
    std::string name;
    double bytes = 0;
    std::size_t unseen = 0;  // times in a row
    Sample::Alias alias = Sample::kNoAlias;
  };
  Program& at(std::string_view name);

  std::vector<Program> programs_;
};

}  // namespace bw::agent
