#include "coordinator/shell/export_settings.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/shell/settings.h"
#include "tests/unit/coordinator/shell/temporary_folder.h"

namespace bw::coordinator {
namespace {

using testing::HasSubstr;

class ExportSettingsTest : public testing::Test {
 protected:
  Result<Settings> load(const std::string& text) {
    const std::string file = folder_.path() + "/coordinator.toml";
    std::ofstream(file) << text;
    return load_settings({.file = file, .file_required = true});
  }
  std::string error_of(const std::string& text) {
    const auto settings = load(text);
    return settings ? "" : settings.error().message;
  }
  // What is said of one key with this value.
  std::string error_of_key(const std::string& key) {
    return error_of("[export.remote_write.main]\nurl = 'http://a'\n" + key + "\n");
  }

  TemporaryFolder folder_;
};

TEST_F(ExportSettingsTest, ReceiversOfBothKindsHaveNames) {
  const auto settings = load(
      "[export.remote_write.main]\nurl = 'https://m/api/v1/write'\n"
      "headers = { X-Scope-OrgID = 'fleet' }\nmetrics = ['cpu.*', '!cpu.guest*']\n"
      "header_files = { Authorization = '/etc/token' }\nresolution_s = 15\nbackfill = true\n"
      "[export.otlp.collector]\nurl = 'http://127.0.0.1:4318/v1/metrics'\ncompress = false\n");
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_EQ(settings->exports.size(), 2U);
  const ExportTarget& main = settings->exports.at("remote_write/main");
  EXPECT_EQ(main.protocol, exporting::Protocol::remote_write);
  EXPECT_EQ(main.url, "https://m/api/v1/write");
  EXPECT_EQ(main.headers.at("X-Scope-OrgID"), "fleet");
  EXPECT_EQ(main.resolution_s, 15);
  EXPECT_TRUE(main.backfill);
  EXPECT_EQ(main.metrics.size(), 2U);
  const ExportTarget& collector = settings->exports.at("otlp/collector");
  EXPECT_EQ(collector.protocol, exporting::Protocol::otlp);
  EXPECT_FALSE(collector.compress);
}

TEST_F(ExportSettingsTest, AWrongValueIsToldWithItsLine) {
  EXPECT_THAT(error_of("[export.remote_write.main]\n"),
              HasSubstr("coordinator.toml:1: export.remote_write.main.url: must be given, as "
                        "http://127.0.0.1:9090/api/v1/write"));
  EXPECT_THAT(error_of("[export.otlp.a]\nurl = 'ftp://x'\n"),
              HasSubstr("coordinator.toml:2: export.otlp.a.url: must be given, as "
                        "http://127.0.0.1:4318/v1/metrics"));
  for (const char* url : {"https://user:secret@host/w", "http://token@host", "http://u:a/b@h/w"}) {
    const std::string error =
        error_of("[export.remote_write.main]\nurl = '" + std::string(url) + "'\n");
    EXPECT_THAT(error, HasSubstr("must hold no user and password")) << url;
    EXPECT_THAT(error, HasSubstr("header_files")) << url;
    EXPECT_THAT(error, testing::Not(HasSubstr("secret")));
  }
  EXPECT_EQ(error_of("[export.remote_write.main]\nurl = 'http://h/w?as=a@b'\n"), "");
  EXPECT_THAT(error_of_key("interval_s = 0"),
              HasSubstr("coordinator.toml:3: export.remote_write.main.interval_s: 0 is not within "
                        "1 and 3600"));
  EXPECT_THAT(error_of_key("timeout_s = 601"), HasSubstr("601 is not within 1 and 600"));
  EXPECT_THAT(error_of_key("resolution_s = -1"), HasSubstr("-1 is not within 0 and 3600"));
  EXPECT_THAT(error_of_key("samples_per_s = 1"), HasSubstr("1 is not within 100"));
  EXPECT_THAT(error_of_key("metrics = ['a b']"), HasSubstr("'a b' is no pattern"));
  EXPECT_THAT(error_of_key("ca_file = 'ca.pem'"), HasSubstr("must be an absolute path"));
  EXPECT_THAT(error_of_key("headers = { 'a b' = 'x' }"), HasSubstr("'a b' is no name of a header"));
  EXPECT_THAT(error_of_key("headers = { Content-Type = 'x' }"),
              HasSubstr("Content-Type is set by the coordinator itself"));
  EXPECT_THAT(error_of_key("headers = { A = \"x\\ny\" }"), HasSubstr("A holds control characters"));
  EXPECT_THAT(error_of_key("header_files = { A = 'x' }"),
              HasSubstr("A: 'x' must be an absolute path"));
  EXPECT_THAT(error_of_key("header_files = { Host = '/x' }"), HasSubstr("Host is set by"));
  EXPECT_THAT(error_of_key("compress = true"), HasSubstr("unknown key"));
}

TEST_F(ExportSettingsTest, ThereIsABoundToHowManyThereMayBe) {
  std::string text;
  for (int i = 0; i < 9; ++i) {
    text += "[export.otlp.a" + std::to_string(i) + "]\nurl = 'http://a'\n";
  }
  EXPECT_THAT(error_of(text), HasSubstr("export: 9 receivers are named, at most 8 may be"));
}

TEST_F(ExportSettingsTest, AChangeNeedsARestart) {
  const auto now = load("[export.otlp.a]\nurl = 'http://a'\n");
  const auto then = load("[export.otlp.a]\nurl = 'http://b'\n");
  EXPECT_THAT(changed_until_restart(*now, *then), testing::ElementsAre("export"));
  EXPECT_TRUE(changed_until_restart(*now, *now).empty());
}

}  // namespace
}  // namespace bw::coordinator
