#include "agent/core/collect/gpu_events.h"

#include <gtest/gtest.h>

#include "agent/core/collect/kernel_log/kernel_log.h"
#include "tests/unit/agent/core/collect/kernel_log/lines.h"

namespace bw::agent {
namespace {

class GpuEventsTest : public testing::Test {
 protected:
  GpuEventsTest() {
    readings_.gpus.resize(2);
    readings_.gpus[1].pci = "0000:3b:00.0";
    readings_.gpus[1].identity =
        std::make_shared<const GpuIdentity>(GpuIdentity{"GPU-1", "Fake GPU", "550.54", "96.00"});
  }
  const wire::EventRecord& tell(GpuEventKind kind, std::uint64_t xid = 0) {
    readings_.events = {GpuEventReading{.gpu = 1, .kind = kind, .xid = xid}};
    return tell();
  }
  const wire::EventRecord& tell() {
    events_.clear();
    tell_gpu_events(readings_, wall_from_ms(5000), log_, events_);
    static const wire::EventRecord none;
    return events_.empty() ? none : events_.front().record;
  }
  void read_log(bool available = true) {
    std::vector<ToldEvent> events;
    KernelLogReading reading;
    reading.available = available;
    reading.boot_id = "boot";
    reading.caught_up = true;
    log_.read(reading, Instant{}, wall_from_ms(5000), events);
  }
  double count(const std::vector<wire::Label>& labels = {}) const {
    for (std::size_t i = 0; i < sample_.series().size(); ++i) {
      const auto& series = sample_.series()[i];
      if (series.name == "event.xid" && series.labels == labels) return sample_.values()[i];
    }
    return -1;
  }

  Sample sample_;
  KernelLog log_{sample_};
  GpuReadings readings_;
  std::vector<ToldEvent> events_;
};

TEST_F(GpuEventsTest, AnXidIsToldAsTheKernelLogTellsIt) {
  const wire::EventRecord& event = tell(GpuEventKind::xid, 79);
  EXPECT_EQ(event.kind, "xid");
  EXPECT_EQ(event.time_ms, 5000);
  EXPECT_EQ(event.severity, wire::Severity::critical);
  EXPECT_TRUE(event.text.starts_with("Xid 79 on the GPU at 0000:3b:00: ")) << event.text;
  EXPECT_EQ(detail(event.details, "code"), "79");
  EXPECT_EQ(detail(event.details, "pci"), "0000:3b:00");
  EXPECT_EQ(detail(event.details, "gpu"), "1");
  EXPECT_EQ(detail(event.details, "uuid"), "GPU-1");
  EXPECT_EQ(detail(event.details, "gpu_instance"), "-");
  EXPECT_NE(detail(event.details, "mnemonic"), "-");
  EXPECT_NE(detail(event.details, "action"), "-");
  EXPECT_EQ(count(), 1);
  EXPECT_EQ(count({{"code", "79"}}), 1);
  tell();
  EXPECT_EQ(count({{"code", "79"}}), 2);
}

TEST_F(GpuEventsTest, WhereTheKernelLogTellsXidsTheyAreNotToldTwice) {
  readings_.events = {GpuEventReading{.gpu = 1, .kind = GpuEventKind::xid, .xid = 79}};
  read_log();
  tell();
  EXPECT_TRUE(events_.empty());
  EXPECT_EQ(count({{"code", "79"}}), -1);
}

// It is opened again, and tells then what came in between.
TEST_F(GpuEventsTest, WhereTheKernelLogFailedForAWhileItsXidsAreLeftToIt) {
  readings_.events = {GpuEventReading{.gpu = 1, .kind = GpuEventKind::xid, .xid = 79}};
  read_log();
  read_log(false);
  tell();
  EXPECT_TRUE(events_.empty());
}

TEST_F(GpuEventsTest, WhereTheKernelLogWasNeverReadXidsAreTold) {
  readings_.events = {GpuEventReading{.gpu = 1, .kind = GpuEventKind::xid, .xid = 79}};
  read_log(false);
  tell();
  EXPECT_EQ(events_.size(), 1U);
}

TEST_F(GpuEventsTest, AnXidThatNobodyKnowsIsToldByItsNumber) {
  const wire::EventRecord& event = tell(GpuEventKind::xid, 999);
  EXPECT_EQ(event.severity, wire::Severity::warning);
  EXPECT_EQ(event.text, "Xid 999 on the GPU at 0000:3b:00: not in the catalogue");
  EXPECT_EQ(detail(event.details, "mnemonic"), "-");
  EXPECT_NE(detail(event.details, "action"), "-");
}

TEST_F(GpuEventsTest, TheInstanceThatAnXidIsOfIsTold) {
  readings_.events = {GpuEventReading{
      .gpu = 1, .kind = GpuEventKind::xid, .xid = 13, .gpu_instance = 5, .compute_instance = 0}};
  const wire::EventRecord& event = tell();
  EXPECT_EQ(detail(event.details, "gpu_instance"), "5");
  EXPECT_EQ(detail(event.details, "compute_instance"), "0");
}

TEST_F(GpuEventsTest, ErrorsOfMemoryHaveTheirSeverityAndAnAction) {
  const auto severity = [&](GpuEventKind kind) {
    const wire::EventRecord& event = tell(kind);
    EXPECT_EQ(event.kind, "gpu_memory_error");
    EXPECT_TRUE(event.text.starts_with("GPU 1 at 0000:3b:00.0 ")) << event.text;
    EXPECT_EQ(detail(event.details, "pci"), "0000:3b:00.0");
    EXPECT_NE(detail(event.details, "action"), "-");
    return event.severity;
  };
  EXPECT_EQ(severity(GpuEventKind::uncorrected_ecc), wire::Severity::critical);
  EXPECT_EQ(severity(GpuEventKind::corrected_ecc_storm), wire::Severity::warning);
  EXPECT_EQ(severity(GpuEventKind::retirement), wire::Severity::warning);
  EXPECT_EQ(severity(GpuEventKind::retirement_failure), wire::Severity::critical);
  read_log();
  tell();  // these are NVML's own
  EXPECT_EQ(events_.size(), 1U);
}

TEST_F(GpuEventsTest, EventsOfAGpuThatIsNotAmongTheReadingsAreLeftOut) {
  readings_.events = {GpuEventReading{.gpu = 7, .kind = GpuEventKind::uncorrected_ecc}};
  tell();
  EXPECT_TRUE(events_.empty());
}

}  // namespace
}  // namespace bw::agent
