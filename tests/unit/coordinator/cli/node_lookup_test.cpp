#include "coordinator/cli/node_lookup.h"

#include <gtest/gtest.h>

#include "tests/unit/coordinator/cli/canned_server.h"

namespace bw::cli {
namespace {

TEST(NodeLookup, OffersTheNearestNodes) {
  testing::CannedServer server;
  server.answer("/api/v1/nodes", R"({"nodes":[{"id":"box-1"},{"id":"box-2"}],"next":null})");
  HttpClient http;
  ApiClient api(server.url(), http);
  EXPECT_EQ(unknown_node(api, "box-3", "?"), "no node is called 'box-3'; near to it: box-1, box-2");
  EXPECT_EQ(unknown_node(api, "some\nthing", "?"),
            "no node is called 'some\\nthing'; 'bellwether nodes' lists all 2");
}

TEST(NodeLookup, SaysWhatWasSaidWhereNodesCannotBeListed) {
  testing::CannedServer server;
  server.answer("/api/v1/nodes", "{}", 500);
  HttpClient http;
  ApiClient api(server.url(), http);
  EXPECT_EQ(unknown_node(api, "box-3", "Not Found"), "Not Found");
}

}  // namespace
}  // namespace bw::cli
