#include "coordinator/shell/exporter.h"

#include <map>
#include <mutex>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/core/export/protobuf.h"
#include "coordinator/shell/store_schema.h"
#include "coordinator/shell/store_writer.h"
#include "tests/unit/coordinator/shell/loop_thread.h"
#include "tests/unit/coordinator/shell/receiver.h"
#include "tests/unit/coordinator/shell/store_records.h"
#include "tests/unit/coordinator/shell/temporary_folder.h"

namespace bw::coordinator {
namespace {

using testing::HasSubstr;

class ExporterTest : public testing::Test {
 protected:
  void SetUp() override {
    auto database = Database::open(path_, false);
    ASSERT_TRUE(database);
    ASSERT_TRUE(prepare_schema(*database));
    auto writer = StoreWriter::open(std::move(*database));
    ASSERT_TRUE(writer);
    writer_.emplace(std::move(*writer));
    write({put_node("a", series_table())});
    target_.protocol = exporting::Protocol::otlp;
    target_.url = receiver_.url("/v1/metrics");
    target_.interval_s = 1;
    target_.backfill = true;
  }
  void TearDown() override { stop(); }

  void write(std::vector<Change> changes) { ASSERT_TRUE(writer_->carry_out(changes)); }
  void write_block(std::uint64_t number) {
    write({put_block("a", 5, number, {static_cast<std::int64_t>(number) * 1000},
                     std::vector<double>(series_table().size(), 1))});
  }
  void start(ExportTargets targets) {
    loop_.call([&] {
      exporter_ = std::make_unique<Exporter>(
          loop_.loop(), std::move(targets), path_, 1, [this](const Event& event) {
            const std::lock_guard lock(mutex_);
            for (const ExportStatus& one : std::get<ExportReported>(event).exports) {
              reported_[one.name] = one;
            }
          });
    });
  }
  void start() { start({{"otlp/main", target_}}); }
  bool stop() {
    return loop_.call([this] {
      if (!exporter_) return true;
      const bool stopped = exporter_->stop(std::chrono::seconds{10});
      exporter_.reset();
      return stopped;
    });
  }
  ExportStatus status(const std::string& name = "otlp/main") {
    const std::lock_guard lock(mutex_);
    return reported_[name];
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.path() + "/bellwether.db";
  std::optional<StoreWriter> writer_;
  Receiver receiver_;
  ExportTarget target_;
  LoopThread loop_;
  std::mutex mutex_;
  std::map<std::string, ExportStatus> reported_;  // guarded by mutex_
  std::unique_ptr<Exporter> exporter_;
};

TEST_F(ExporterTest, WhatTheStoreHoldsAndWhatComesIsSent) {
  write_block(1);
  start();
  ASSERT_TRUE(eventually([&] { return status().cursor == 1; }));
  EXPECT_EQ(receiver_.posts().size(), 1U);
  EXPECT_EQ(status().samples, series_table().size());
  write_block(2);
  EXPECT_TRUE(eventually([&] { return status().cursor == 2; }));
  EXPECT_EQ(status().trouble, "");
  EXPECT_EQ(status().lag_blocks, 0);
}

TEST_F(ExporterTest, ItGoesOnWhereTheStoreSaysItWas) {
  for (std::uint64_t i = 1; i <= 3; ++i) write_block(i);
  write({PutExportCursor{"otlp/main", 2}});
  start();
  ASSERT_TRUE(eventually([&] { return status().cursor == 3; }));
  EXPECT_EQ(receiver_.posts().size(), 1U);
}

TEST_F(ExporterTest, ANewReceiverGetsOnlyWhatComesUnlessItIsBackfilled) {
  write_block(1);
  target_.backfill = false;
  start();
  ASSERT_TRUE(eventually([&] { return status().has_begun; }));
  EXPECT_EQ(status().cursor, 1);
  write_block(2);
  ASSERT_TRUE(eventually([&] { return status().cursor == 2; }));
  EXPECT_EQ(receiver_.posts().size(), 1U);
}

TEST_F(ExporterTest, AReceiverInTroubleGetsItAgain) {
  receiver_.answer_next({503, "busy"});
  write_block(1);
  start();
  ASSERT_TRUE(eventually([&] { return status().cursor == 1; }));
  EXPECT_EQ(receiver_.posts().size(), 2U);
  EXPECT_EQ(receiver_.posts()[0].body, receiver_.posts()[1].body);
  EXPECT_EQ(status().retries, 1U);
}

TEST_F(ExporterTest, AReceiverThatHangsDelaysNoOtherAndNoStop) {
  Receiver hanging;
  hanging.hang();
  ExportTarget other = target_;
  other.url = hanging.url();
  other.timeout_s = 600;
  write_block(1);
  start({{"otlp/main", target_}, {"otlp/other", other}});
  ASSERT_TRUE(eventually([&] { return status().cursor == 1 && !hanging.posts().empty(); }));
  EXPECT_EQ(status("otlp/other").cursor, 0);
  EXPECT_TRUE(stop());
}

TEST_F(ExporterTest, APartialSuccessIsCounted) {
  std::string body;
  exporting::ProtobufWriter writer(body);
  writer.message(1, [&] {
    writer.varint(1, 1);
    writer.bytes(2, "too old");
  });
  receiver_.answer_next({200, body});
  write_block(1);
  start();
  ASSERT_TRUE(eventually([&] { return status().cursor == 1; }));
  EXPECT_EQ(status().refused_samples, 1U);
  EXPECT_EQ(status().samples, series_table().size() - 1);
  EXPECT_EQ(status().last_refusal, "too old");
}

TEST_F(ExporterTest, RemoteWriteTellsWhatMetricsAreAfterItsFirstSamples) {
  target_.protocol = exporting::Protocol::remote_write;
  write_block(1);
  start({{"remote_write/main", target_}});
  ASSERT_TRUE(eventually([&] { return receiver_.posts().size() == 2; }));
  ASSERT_TRUE(eventually([&] { return status("remote_write/main").cursor == 1; }));
}

TEST_F(ExporterTest, AFilterThatAdmitsNothingStillMovesOn) {
  target_.metrics = {"nothing.*"};
  write_block(1);
  start();
  ASSERT_TRUE(eventually([&] { return status().cursor == 1; }));
  EXPECT_TRUE(receiver_.posts().empty());
}

TEST_F(ExporterTest, ANewStoreIsSentWhole) {
  write_block(1);
  write_block(2);
  target_.backfill = false;
  start();
  ASSERT_TRUE(eventually([&] { return status().cursor == 2; }));
  writer_.reset();
  for (const char* suffix : {"", "-wal", "-shm"}) unlink((path_ + suffix).c_str());
  auto database = Database::open(path_, false);
  ASSERT_TRUE(prepare_schema(*database));
  auto writer = StoreWriter::open(std::move(*database));
  writer_.emplace(std::move(*writer));
  write({put_node("a", series_table())});
  write_block(1);
  loop_.call([&] { exporter_->start_over(); });
  ASSERT_TRUE(eventually([&] { return status().cursor == 1 && status().samples > 0; }));
  EXPECT_EQ(receiver_.posts().size(), 1U);
}

TEST_F(ExporterTest, AStoreThatCannotBeReadIsAReasonTold) {
  writer_.reset();
  for (const char* suffix : {"", "-wal", "-shm"}) unlink((path_ + suffix).c_str());
  start();
  EXPECT_TRUE(eventually([&] { return !status().trouble.empty(); }));
  EXPECT_THAT(status().trouble, HasSubstr("the store cannot be read"));
}

}  // namespace
}  // namespace bw::coordinator
