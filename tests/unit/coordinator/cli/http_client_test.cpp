#include "coordinator/cli/http_client.h"

#include <thread>

#include <gtest/gtest.h>

#include "tests/unit/coordinator/cli/canned_server.h"

namespace bw::cli {
namespace {

using testing::CannedServer;
using testing::unused_url;
using Outcome = HttpReply::Outcome;
using std::chrono::milliseconds;

TEST(HttpClient, AnAnswerHasStatusTypeAndBody) {
  CannedServer server;
  server.answer("/x", "hello", 418, "text/plain");
  HttpClient client;
  const HttpReply reply = client.get(server.url() + "/x");
  EXPECT_EQ(reply.outcome, Outcome::answered);
  EXPECT_EQ(reply.status, 418);
  EXPECT_EQ(reply.content_type, "text/plain");
  EXPECT_EQ(reply.body, "hello");
}

TEST(HttpClient, AnotherMethodAndABodyAreSentAsTheyAre) {
  CannedServer server;
  server.answer("POST /x", "taken", 201);
  server.answer("DELETE /x", "gone");
  server.answer("/x", "read");
  HttpClient client;
  const std::string body("a\0b\r\n", 5);
  const HttpReply reply =
      client.request({.method = "POST", .url = server.url() + "/x", .body = body});
  EXPECT_EQ(reply.status, 201);
  EXPECT_EQ(reply.body, "taken");
  EXPECT_EQ(server.last_body(), body);
  EXPECT_EQ(client.request({.method = "POST", .url = server.url() + "/x"}).status, 201);
  EXPECT_EQ(server.last_body(), "");
  EXPECT_EQ(client.request({.method = "DELETE", .url = server.url() + "/x"}).body, "gone");
  EXPECT_EQ(server.last_method(), "DELETE");
  EXPECT_EQ(client.get(server.url() + "/x").body, "read");
  EXPECT_EQ(server.last_method(), "GET");
}

TEST(HttpClient, OneClientAsksAgainAndAgain) {
  CannedServer server;
  server.answer("/a", "1");
  server.answer("/b", "2");
  HttpClient client;
  EXPECT_EQ(client.get(server.url() + "/a").body, "1");
  EXPECT_EQ(client.get(server.url() + "/b").body, "2");
  EXPECT_EQ(client.get(server.url() + "/a").body, "1");
}

TEST(HttpClient, WhereNobodyListensItIsUnreachable) {
  HttpClient client;
  const HttpReply reply = client.get(unused_url() + "/x");
  EXPECT_EQ(reply.outcome, Outcome::unreachable);
  EXPECT_EQ(reply.reason, "Connection refused");
}

TEST(HttpClient, ANameThatDoesNotExistIsUnreachable) {
  HttpClient client;
  EXPECT_EQ(client.get("http://no-such-host.invalid/").outcome, Outcome::unreachable);
}

TEST(HttpClient, ABodyCutShortIsNoAnswer) {
  CannedServer server;
  server.answer_raw("/x", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
  HttpClient client;
  const HttpReply reply = client.get(server.url() + "/x");
  EXPECT_EQ(reply.outcome, Outcome::failed);
  EXPECT_EQ(reply.reason, "its answer was cut short");
  EXPECT_EQ(reply.body, "");
}

TEST(HttpClient, WhatIsNotHttpIsNoAnswer) {
  CannedServer server;
  server.answer_raw("/x", "SSH-2.0-OpenSSH_9.2\r\n");
  HttpClient client;
  const HttpReply reply = client.get(server.url() + "/x");
  EXPECT_EQ(reply.outcome, Outcome::failed);
  EXPECT_NE(reply.reason, "");
}

TEST(HttpClient, ABodyBeyondTheBoundIsRefused) {
  CannedServer server;
  server.answer("/x", std::string((1U << 20U) + 1, 'x'));
  HttpLimits limits;
  limits.body_bytes = 1U << 20U;
  HttpClient client(limits);
  const HttpReply reply = client.get(server.url() + "/x");
  EXPECT_EQ(reply.outcome, Outcome::failed);
  EXPECT_EQ(reply.reason, "its answer is larger than 1 MiB: ask for less");
  server.answer("/x", std::string(1U << 20U, 'x'));
  EXPECT_EQ(client.get(server.url() + "/x").outcome, Outcome::answered);
}

TEST(HttpClient, SilenceEndsWithTheTime) {
  CannedServer server;
  server.stay_silent("/x");
  HttpLimits limits;
  limits.total = milliseconds{100};
  HttpClient client(limits);
  const HttpReply reply = client.get(server.url() + "/x");
  EXPECT_EQ(reply.outcome, Outcome::failed);
  EXPECT_EQ(reply.reason, "no whole answer within 1 s");
}

TEST(HttpClient, ARequestUnderWayCanBeCancelled) {
  CannedServer server;
  server.stay_silent("/x");
  HttpClient client;
  std::thread canceller([&] {
    while (server.targets().empty()) std::this_thread::yield();
    client.cancel();
  });
  EXPECT_EQ(client.get(server.url() + "/x").outcome, Outcome::cancelled);
  canceller.join();
}

TEST(HttpClient, OtherProtocolsAreNotSpoken) {
  HttpClient client;
  EXPECT_EQ(client.get("file:///etc/hostname").outcome, Outcome::failed);
}

TEST(HttpClient, TextIsEscapedForAUrl) {
  EXPECT_EQ(HttpClient::escape("box-1.a_b~c"), "box-1.a_b~c");
  EXPECT_EQ(HttpClient::escape("a b&c=d/é"), "a%20b%26c%3Dd%2F%C3%A9");
}

}  // namespace
}  // namespace bw::cli
