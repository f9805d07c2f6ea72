// Files that tell a few numbers of one device each: /sys has most of what it knows in such.
//
// The device is known by its file's path. A series is declared once it has a value, and given other
// labels where the device turns out to be another one: after it was gone, or when its name file has
// changed. Name files are read once a minute: so long may a device carry the name of the one
// before.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/collect/device_table.h"
#include "agent/core/collect/source.h"

namespace bw::metrics {
struct MetricInfo;
}

namespace bw::agent {

// Files of one line each, kept by path: what zones, chips, sensors and packages are called.
class NameSource : public Source {
 public:
  static constexpr std::size_t kMaxNames = 1024;
  static constexpr std::size_t kMaxName = 64;  // bytes; longer ones are cut

  explicit NameSource(Sample& sample) : Source(sample) {}

  bool read(const TextReading& reading, Instant when) override;
  bool refused(const TextReading& reading) override;
  void lose() override {}

  // What the file at `path` said: empty where it could not be read. Null where it was not yet read.
  const std::string* find(std::string_view path) const;
  // Another number after a file told something else than before.
  std::uint64_t version() const { return version_; }

 private:
  void set(std::string_view path, std::string_view name);

  struct Entry {
    std::string path;
    std::string name;
  };
  std::vector<Entry> entries_;
  std::uint64_t version_ = 0;
  std::size_t next_ = 0;  // where the next file is looked for first: they come in their order
};

class DeviceFileSource : public Source {
 public:
  static constexpr std::size_t kMaxValues = 16;
  using Values = std::array<double, kMaxValues>;

  struct Rules {
    std::span<const metrics::MetricInfo> metrics;  // kMaxValues at most, of the same labels
    std::size_t most = 64;                         // devices kept
    // What the device is called, of its file's path; empty: it is none to follow.
    std::string_view (*device)(std::string_view path);
    // The numbers of a text, in the order of `metrics`; what is left alone has no value. False
    // where nothing was understood.
    bool (*parse)(std::string_view text, Values& values);
    // One that is gone may give its place, and its series, to another: of those whose names come
    // and go.
    bool reuse = false;
  };

  // `names` tells the second label: what the file `name_file` beside the device's says. It may be
  // null.
  DeviceFileSource(Sample& sample, const Rules& rules, const NameSource* names = nullptr,
                   std::string_view name_file = {});

  bool read(const TextReading& reading, Instant when) override;
  bool refused(const TextReading& reading) override;
  void finish() override;
  void lose() override;
  std::uint64_t ignored() const override { return devices_.ignored(); }

 protected:
  struct Device : KnownDevice {  // by its path
    std::array<Sample::Alias, kMaxValues> aliases;
    bool known = false;  // the aliases are its own
    bool named = false;
    std::uint64_t names_version = 0;  // that it was named by
    std::vector<wire::Label> labels;
    // Of sources that count up what a file tells, see EnergySource.
    double last = Sample::kNoValue;
    double sum = 0;
    double range = 0;
  };

  // Gives a device its labels. False as long as a name is not known.
  virtual bool name(Device& device);
  // Of the names it is made of, see NameSource.
  virtual std::uint64_t names_version() const;
  // Has a text's values be what the series get.
  virtual void adapt(Device&, Values&) {}

 private:
  Device* at(std::string_view path);
  void rename(Device& device);
  void set(Device& device, const Values& values);
  void lose(Device& device);

  Rules rules_;
  const NameSource* names_;
  std::string_view name_file_;
  DeviceTable<Device> devices_;
};

// Parts of paths: the directory `above` levels over the file, 1 its own; and the file's name.
std::string_view directory_above(std::string_view path, std::size_t above);
std::string_view file_name(std::string_view path);
std::string sibling(std::string_view path, std::string_view file);  // another file beside it

// What a file may answer without anything being wrong: it has no value now, or is not for us.
bool is_no_trouble(int error);

// Ways to read a text for Rules::parse: its first word as a number, or in hexadecimal.
bool parse_number(std::string_view text, DeviceFileSource::Values& values);
bool parse_positive(std::string_view text, DeviceFileSource::Values& values);  // below 0: none
bool parse_hex(std::string_view text, DeviceFileSource::Values& values);       // "0x03 0x01"

}  // namespace bw::agent
