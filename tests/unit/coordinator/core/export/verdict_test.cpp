#include "coordinator/core/export/verdict.h"

#include <gtest/gtest.h>

namespace bw::coordinator::exporting {
namespace {

Verdict verdict(Protocol protocol, int status, const std::string& reason = "") {
  return judge(protocol, {.status = status, .reason = reason}).verdict;
}

TEST(Verdict, RemoteWriteTriesAgainAfterServerErrorsAndTooManyRequests) {
  for (const int status : {200, 204})
    EXPECT_EQ(verdict(Protocol::remote_write, status), Verdict::taken);
  for (const int status : {429, 500, 502, 503, 504}) {
    EXPECT_EQ(verdict(Protocol::remote_write, status), Verdict::again) << status;
  }
  for (const int status : {400, 413, 415, 422}) {
    EXPECT_EQ(verdict(Protocol::remote_write, status), Verdict::refused) << status;
  }
}

TEST(Verdict, OtlpTriesAgainOnlyWhereItsSpecificationSaysSo) {
  EXPECT_EQ(verdict(Protocol::otlp, 200), Verdict::taken);
  for (const int status : {429, 502, 503, 504}) {
    EXPECT_EQ(verdict(Protocol::otlp, status), Verdict::again) << status;
  }
  for (const int status : {400, 413, 500, 501}) {
    EXPECT_EQ(verdict(Protocol::otlp, status), Verdict::refused) << status;
  }
}

TEST(Verdict, AnswersThatJudgeTheSenderThrowNothingAway) {
  for (const Protocol protocol : {Protocol::remote_write, Protocol::otlp}) {
    for (const int status : {301, 401, 403, 404, 407, 408}) {
      const Judgement judgement = judge(protocol, {.status = status});
      EXPECT_EQ(judgement.verdict, Verdict::again) << status;
      EXPECT_TRUE(judgement.is_settings) << status;
    }
  }
}

TEST(Verdict, LateSamplesAreRefusedEvenWithAServerError) {
  const Judgement old_prometheus =
      judge(Protocol::remote_write, {.status = 500, .reason = "too old sample\n"});
  EXPECT_EQ(old_prometheus.verdict, Verdict::refused);
  EXPECT_TRUE(old_prometheus.is_late);
  EXPECT_EQ(old_prometheus.words, "HTTP 500: too old sample");
  EXPECT_TRUE(
      judge(Protocol::remote_write, {.status = 400, .reason = "out of order sample"}).is_late);
  EXPECT_TRUE(judge(Protocol::remote_write, {.status = 400, .reason = "out of bounds"}).is_late);
  EXPECT_FALSE(judge(Protocol::remote_write, {.status = 400, .reason = "bad label"}).is_late);
}

TEST(Verdict, TheNetworksTroubleIsTriedAgain) {
  const Judgement judgement = judge(Protocol::otlp, {.error = "connection refused"});
  EXPECT_EQ(judgement.verdict, Verdict::again);
  EXPECT_EQ(judgement.words, "connection refused");
}

TEST(Verdict, AReceiversWordsAreOneBoundedLine) {
  const Judgement judgement =
      judge(Protocol::otlp, {.status = 400, .reason = "a\nb\x1b[31m" + std::string(1000, 'x')});
  EXPECT_EQ(judgement.words.find('\n'), std::string::npos);
  EXPECT_EQ(judgement.words.find('\x1b'), std::string::npos);
  EXPECT_LE(judgement.words.size(), kMaxReason + 20);
}

TEST(Protocol, HasAName) {
  EXPECT_EQ(name_of(Protocol::remote_write), "remote_write");
  EXPECT_EQ(name_of(Protocol::otlp), "otlp");
}

}  // namespace
}  // namespace bw::coordinator::exporting
