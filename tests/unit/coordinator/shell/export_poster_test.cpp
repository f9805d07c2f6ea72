#include "coordinator/shell/export_poster.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <snappy-c.h>
#include <zlib.h>

#include "tests/unit/coordinator/shell/loop_thread.h"
#include "tests/unit/coordinator/shell/receiver.h"
#include "tests/unit/coordinator/shell/temporary_folder.h"

namespace bw::coordinator {
namespace {

using testing::HasSubstr;

std::string unpack_snappy(const std::string& packed) {
  std::size_t size = 0;
  EXPECT_EQ(snappy_uncompressed_length(packed.data(), packed.size(), &size), SNAPPY_OK);
  std::string bytes(size, '\0');
  EXPECT_EQ(snappy_uncompress(packed.data(), packed.size(), bytes.data(), &size), SNAPPY_OK);
  return bytes;
}

std::string unpack_gzip(const std::string& packed, std::size_t size) {
  std::string bytes(size, '\0');
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  bytes.resize(stream.total_out);
  inflateEnd(&stream);
  return bytes;
}

class ExportPosterTest : public testing::Test {
 protected:
  ExportPosterTest() { target_.url = receiver_.url(); }

  Receiver receiver_;
  ExportTarget target_;
  TemporaryFolder folder_;
};

TEST(Pack, EveryLengthComesBack) {
  for (const std::size_t size : {0U, 1U, 100U, 100'000U}) {
    std::string bytes(size, 'x');
    for (std::size_t i = 0; i < size; i += 3) bytes[i] = static_cast<char>(i * 7);
    EXPECT_EQ(unpack_snappy(pack_snappy(bytes)), bytes);
    EXPECT_EQ(unpack_gzip(pack_gzip(bytes), size + 1), bytes);
  }
}

TEST_F(ExportPosterTest, RemoteWriteIsSnappyWithItsHeaders) {
  target_.headers = {{"X-Scope-OrgID", "fleet"}};
  ExportPoster poster(target_);
  const auto reply = poster.post("hello hello hello");
  EXPECT_EQ(reply.answer.status, 200);
  const auto posts = receiver_.posts();
  ASSERT_EQ(posts.size(), 1U);
  EXPECT_THAT(posts[0].head, HasSubstr("post /api/v1/write http/1.1\r\n"));
  for (const char* header :
       {"content-type: application/x-protobuf\r\n", "content-encoding: snappy\r\n",
        "x-prometheus-remote-write-version: 0.1.0\r\n", "x-scope-orgid: fleet\r\n",
        "user-agent: bellwether/"}) {
    EXPECT_THAT(posts[0].head, HasSubstr(header));
  }
  EXPECT_EQ(unpack_snappy(posts[0].body), "hello hello hello");
}

TEST_F(ExportPosterTest, OtlpIsGzipOrPlain) {
  target_.protocol = exporting::Protocol::otlp;
  ExportPoster poster(target_);
  (void)poster.post("hello hello");
  target_.compress = false;
  (void)poster.post("hello again");
  const auto posts = receiver_.posts();
  ASSERT_EQ(posts.size(), 2U);
  EXPECT_THAT(posts[0].head, HasSubstr("content-encoding: gzip\r\n"));
  EXPECT_EQ(unpack_gzip(posts[0].body, 100), "hello hello");
  EXPECT_THAT(posts[1].head, Not(HasSubstr("content-encoding")));
  EXPECT_EQ(posts[1].body, "hello again");
}

TEST_F(ExportPosterTest, TheAnswerComesWithItsReasonAndWhenToComeAgain) {
  receiver_.answer_next({503, "go away", "Retry-After: 7\r\n"});
  ExportPoster poster(target_);
  const auto reply = poster.post("x");
  EXPECT_EQ(reply.answer.status, 503);
  EXPECT_EQ(reply.answer.reason, "go away");
  EXPECT_EQ(reply.answer.retry_after_s, 7);
  EXPECT_EQ(reply.body, "go away");
}

TEST_F(ExportPosterTest, AnEndlessAnswerIsCut) {
  receiver_.answer_next({400, std::string(1'000'000, 'x')});
  ExportPoster poster(target_);
  EXPECT_EQ(poster.post("x").body.size(), ExportPoster::kMaxAnswer);
  EXPECT_EQ(poster.post("y").answer.status, 200);
}

TEST_F(ExportPosterTest, ASecretIsReadBeforeEachRequest) {
  const std::string path = folder_.path() + "/token";
  target_.header_files = {{"Authorization", path}};
  ExportPoster poster(target_);
  EXPECT_THAT(poster.post("x").answer.error,
              HasSubstr("header Authorization: cannot read " + path));
  for (const char* token : {"Bearer one", "Bearer two"}) {
    std::ofstream(path) << token << "\r\nmore\n";
    EXPECT_EQ(poster.post("x").answer.status, 200);
    EXPECT_THAT(receiver_.posts().back().head,
                HasSubstr("authorization: bearer " + std::string(token + 7) + "\r\n"));
  }
  std::ofstream(path) << "\n";
  EXPECT_THAT(poster.post("x").answer.error, HasSubstr("holds no header's value"));
  std::ofstream(path) << "a\x01"
                      << "b\n";
  EXPECT_THAT(poster.post("x").answer.error, HasSubstr("control characters"));
  EXPECT_EQ(receiver_.posts().size(), 2U);
}

TEST_F(ExportPosterTest, NobodyThereIsAnErrorInWords) {
  target_.url = "http://127.0.0.1:1/api/v1/write";
  ExportPoster poster(target_);
  const auto reply = poster.post("x");
  EXPECT_EQ(reply.answer.status, 0);
  EXPECT_THAT(reply.answer.error, HasSubstr("127.0.0.1 port 1"));
}

TEST_F(ExportPosterTest, AReceiverThatHangsIsGivenUpAfterTheTimeout) {
  target_.timeout_s = 1;
  receiver_.hang();
  ExportPoster poster(target_);
  EXPECT_THAT(poster.post("x").answer.error, HasSubstr("timed out"));
}

TEST_F(ExportPosterTest, AnInterruptEndsWhatIsUnderWay) {
  receiver_.hang();
  target_.timeout_s = 600;
  ExportPoster poster(target_);
  std::thread other([&] {
    EXPECT_TRUE(eventually([&] { return !receiver_.posts().empty(); }));
    poster.interrupt();
  });
  EXPECT_EQ(poster.post("x").answer.status, 0);
  other.join();
}

TEST_F(ExportPosterTest, OtherProtocolsThanHttpAreRefused) {
  target_.url = "file:///etc/passwd";
  ExportPoster poster(target_);
  const auto reply = poster.post("x");
  EXPECT_EQ(reply.answer.status, 0);
  EXPECT_FALSE(reply.answer.error.empty());
}

}  // namespace
}  // namespace bw::coordinator
