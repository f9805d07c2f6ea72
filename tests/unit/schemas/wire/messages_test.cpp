#include "schemas/wire/messages.h"

#include <set>

#include <gtest/gtest.h>

#include "schemas/wire/limits.h"

namespace bw::wire {
namespace {

std::vector<SeriesInfo> table() {
  return {{"a", "s", SeriesKind::counter, {{"k", "v"}}}, {"b", "By", SeriesKind::gauge, {}}};
}

TEST(SeriesTableId, is_the_same_for_the_same_table_in_every_version) {
  EXPECT_EQ(series_table_id(table()), series_table_id(table()));
  // Written down: an id that changes would orphan every stored block.
  EXPECT_EQ(series_table_id({}), 0x4d25767f9dce13f5U);
  EXPECT_EQ(series_table_id(table()), 0x3ac782206a6a41b4U);
}

TEST(SeriesTableId, differs_with_every_field_and_with_the_order) {
  std::set<std::uint64_t> ids{series_table_id({}), series_table_id(table())};
  std::size_t made = ids.size();
  const auto expect_new = [&](const std::vector<SeriesInfo>& changed) {
    ids.insert(series_table_id(changed));
    EXPECT_EQ(ids.size(), ++made);
  };
  auto changed = table();
  changed[0].name = "c";
  expect_new(changed);
  changed = table();
  changed[0].unit = "ms";
  expect_new(changed);
  changed = table();
  changed[0].kind = SeriesKind::gauge;
  expect_new(changed);
  changed = table();
  changed[0].labels[0].name = "l";
  expect_new(changed);
  changed = table();
  changed[0].labels[0].value = "w";
  expect_new(changed);
  changed = table();
  changed[0].labels.clear();
  expect_new(changed);
  changed = table();
  std::swap(changed[0], changed[1]);
  expect_new(changed);
  changed = table();
  changed.pop_back();
  expect_new(changed);
}

TEST(SeriesTableId, tells_texts_apart_that_run_together) {
  const std::vector<SeriesInfo> one{{"ab", "c", SeriesKind::gauge, {}}};
  const std::vector<SeriesInfo> other{{"a", "bc", SeriesKind::gauge, {}}};
  EXPECT_NE(series_table_id(one), series_table_id(other));
}

TEST(SeriesTableId, is_that_of_the_table_as_it_goes_onto_the_wire) {
  std::vector<SeriesInfo> long_text{{std::string(kMaxText + 9, 'n'), "", SeriesKind::gauge, {}}};
  std::vector<SeriesInfo> cut{{std::string(kMaxText, 'n'), "", SeriesKind::gauge, {}}};
  EXPECT_EQ(series_table_id(long_text), series_table_id(cut));
  std::vector<SeriesInfo> many = table();
  many[0].labels.assign(kMaxLabels + 1, {"k", "v"});
  std::vector<SeriesInfo> fewer = many;
  fewer[0].labels.pop_back();
  EXPECT_EQ(series_table_id(many), series_table_id(fewer));
}

}  // namespace
}  // namespace bw::wire
