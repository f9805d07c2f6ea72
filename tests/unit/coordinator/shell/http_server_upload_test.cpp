// What a request brings beside its method and target: who asks, and a body, which may be large.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/shell/http_server.h"
#include "tests/unit/coordinator/shell/loop_thread.h"
#include "tests/unit/coordinator/shell/sockets.h"

namespace bw::coordinator {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// Answers each request with what it brought.
class HttpUploadTest : public testing::Test {
 protected:
  ~HttpUploadTest() override {
    thread_.call([&] { server_.reset(); });
  }

  std::uint16_t listen(HttpOptions options = {}) {
    return thread_.call([&] {
      auto server = HttpServer::listen(
          thread_.loop(), std::move(options), [this](std::uint64_t id, api::Request request) {
            api::Response response;
            response.content_type = "text/plain";
            response.body =
                request.host + "|" + request.origin + "|" + request.fetch_site + "|" + request.body;
            server_->respond(id, std::move(response));
          });
      EXPECT_TRUE(server) << server.error().message;
      server_ = std::move(*server);
      return server_->port();
    });
  }

  LoopThread thread_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpUploadTest, TheHandlerIsToldWhoAsksAndWithWhichBody) {
  Client client(listen());
  client.write(
      "POST /echo HTTP/1.1\r\nHost: box:1\r\nOrigin: http://box:1\r\n"
      "sec-fetch-site: same-origin\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_THAT(client.read_response(), HasSubstr("\r\n\r\nbox:1|http://box:1|same-origin|abc"));
  client.write("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.read_response(), HasSubstr("\r\n\r\nx|||"));
}

TEST_F(HttpUploadTest, APostMayBringFourMegabytesIfItSaysSo) {
  const std::uint16_t port = listen();
  Client client(port);
  const std::string body(4U << 20, 'm');
  client.write("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
               "\r\n\r\n" + body);
  EXPECT_THAT(client.read_response(), testing::EndsWith("x|||" + body));
  client.write("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4194305\r\n\r\n");
  const std::string refused = client.read_all();
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(refused, HasSubstr("4194304 bytes"));
}

TEST_F(HttpUploadTest, AClientThatAsksFirstIsToldToGoOn) {
  Client client(listen());
  client.write(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n"
      "Expect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_bytes(25), "HTTP/1.1 100 Continue\r\n\r\n");
  client.write(std::string(100'000, 'm'));
  EXPECT_THAT(client.read_response(), testing::EndsWith("mmm"));
}

TEST_F(HttpUploadTest, UploadsShareABoundedRoomAndGiveItBack) {
  HttpOptions options;
  options.most_uploads_bytes = 200'000;
  const std::uint16_t port = listen(std::move(options));
  const std::string head = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 150000\r\n";
  const std::string asks = head + "Expect: 100-continue\r\n\r\n";
  Client first(port);
  first.write(asks);
  EXPECT_THAT(first.read_bytes(12), StartsWith("HTTP/1.1 100"));
  Client second(port);
  second.write(asks);
  EXPECT_THAT(second.read_all(), StartsWith("HTTP/1.1 503"));
  // What one that was cut short had taken is there again.
  first.hang_up();
  for (int i = 0; i < 1000; ++i) {
    Client third(port);
    third.write(asks);
    const std::string answer = third.read_bytes(12);
    if (answer != "HTTP/1.1 100") continue;
    third.read_bytes(13);
    third.write(std::string(150'000, 'm'));
    EXPECT_THAT(third.read_response(), StartsWith("HTTP/1.1 200"));
    third.write(head + "\r\n" + std::string(150'000, 'm'));
    EXPECT_THAT(third.read_response(), StartsWith("HTTP/1.1 200"));
    return;
  }
  FAIL() << "the room was not given back";
}

}  // namespace
}  // namespace bw::coordinator
