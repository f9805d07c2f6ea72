#include "coordinator/core/api/route.h"

#include <set>

#include <gtest/gtest.h>

namespace bw::coordinator::api {
namespace {

// The name of the route that a path leads to, and what stands for {id}.
std::pair<std::string, std::string> lead(std::string_view path, std::string_view method = "GET") {
  const auto target = parse_target(path);
  if (!target) return {};
  const RouteMatch match = find_route(*target, method);
  if (match.route == nullptr) return {};
  return {std::string(match.route->name), std::string(match.id)};
}

using Found = std::pair<std::string, std::string>;

TEST(Route, IsFoundByItsPath) {
  EXPECT_EQ(lead("/api/v1/nodes"), (Found{"listNodes", ""}));
  EXPECT_EQ(lead("/api/v1/nodes/"), (Found{"listNodes", ""}));
  EXPECT_EQ(lead("/api/v1/nodes/edge-1"), (Found{"showNode", "edge-1"}));
  EXPECT_EQ(lead("/api/v1/nodes/edge-1/series"), (Found{"listSeries", "edge-1"}));
  EXPECT_EQ(lead("/metrics"), (Found{"metrics", ""}));
}

TEST(Route, TakesTheIdDecodedAndWhole) {
  EXPECT_EQ(lead("/api/v1/nodes/a%2Fb"), (Found{"showNode", "a/b"}));
  EXPECT_EQ(lead("/api/v1/nodes/series/series"), (Found{"listSeries", "series"}));
}

TEST(Route, IsNotFoundByAPartOfItsPathNorByMore) {
  for (const std::string_view path :
       {"/", "/api", "/api/v1", "/api/v1/node", "/api/v1/nodess", "/metrics/x",
        "/api/v1/nodes/a/series/b", "/api/v1/nodes/a/serie", "//metrics", "/API/v1/nodes"}) {
    EXPECT_EQ(lead(path), Found{}) << path;
  }
}

TEST(Route, IsFoundForEveryEntryOfTheTable) {
  for (const Route& route : routes()) EXPECT_EQ(lead(route.path, route.method).first, route.name);
}

TEST(Route, IsFoundByItsMethodToo) {
  EXPECT_EQ(lead("/api/v1/models/edge@3"), (Found{"showModel", "edge@3"}));
  EXPECT_EQ(lead("/api/v1/models/edge%403", "HEAD"), (Found{"showModel", "edge@3"}));
  EXPECT_EQ(lead("/api/v1/models/edge@3", "DELETE"), (Found{"removeModel", "edge@3"}));
  EXPECT_EQ(lead("/api/v1/models/edge@3", "POST"), Found{});
  EXPECT_EQ(lead("/api/v1/models", "POST"), (Found{"importModel", ""}));
}

TEST(Route, TellsWhichMethodsAPathHas) {
  const auto allowed = [](std::string_view path) {
    const auto target = parse_target(path);
    return find_route(*target, "PATCH").allowed;
  };
  EXPECT_EQ(allowed("/api/v1/models"), "GET, HEAD, POST");
  EXPECT_EQ(allowed("/api/v1/models/edge@3"), "GET, HEAD, DELETE");
  EXPECT_EQ(allowed("/api/v1/models/edge@3/deploy"), "POST");
  EXPECT_EQ(allowed("/api/v1/nowhere"), "");
}

TEST(Route, StandsBesideThoseOfItsPath) {
  std::set<std::string_view> before;
  std::string_view last;
  for (const Route& route : routes()) {
    if (route.path != last) {
      EXPECT_TRUE(before.insert(route.path).second) << route.path;
    }
    last = route.path;
  }
}

TEST(Route, HasParametersOfDifferentNames) {
  for (const Route& route : routes()) {
    std::set<std::string_view> names;
    for (const Parameter& parameter : route.parameters) {
      EXPECT_TRUE(names.insert(parameter.name).second) << route.path << " " << parameter.name;
      EXPECT_FALSE(parameter.text.empty());
    }
  }
}

}  // namespace
}  // namespace bw::coordinator::api
