#include "coordinator/core/learn/command_book.h"

#include "schemas/wire/limits.h"
#include "tests/unit/coordinator/core/learn/fakes.h"

namespace bw::coordinator {
namespace {

class CommandBookTest : public testing::Test {
 protected:
  CommandBookTest() { fleet.add("n1"); }

  wire::Command open(const std::string& node = "n1",
                     wire::CommandKind kind = wire::CommandKind::train) {
    CommandBook::Entry entry;
    entry.record.kind = kind;
    return book.open(*fleet.find(node), std::move(entry), now, 1000).second;
  }
  static wire::CommandResult result_of(const wire::Command& command) {
    return {command.id, command.epoch, wire::CommandStatus::done, "", {}};
  }

  CommandBook book{1};
  LearnFleet fleet;
  Instant now{std::chrono::hours{1}};
};

TEST_F(CommandBookTest, MakesACommandToTheAgentThatOwnsTheNode) {
  CommandBook::Entry entry;
  entry.record.kind = wire::CommandKind::silence;
  entry.note = "new disks";
  entry.for_ms = 5000;
  const auto [opened, command] = book.open(*fleet.find("n1"), entry, now, 1000);
  EXPECT_EQ(command.kind, wire::CommandKind::silence);
  EXPECT_EQ(command.epoch, 7U);
  EXPECT_EQ(command.reason, "new disks");
  EXPECT_EQ(command.for_ms, 5000U);
  EXPECT_EQ(command.expires_ms, 1000 + CommandBook::kLifeMs);
  EXPECT_EQ(opened->record.state, CommandState::sent);
  EXPECT_EQ(opened->record.created_ms, 1000);
  EXPECT_EQ(book.find(command.id), opened);
  EXPECT_NE(open().id, command.id);
}

TEST_F(CommandBookTest, LetsACommandExpireByTheNodesOwnClock) {
  fleet.at("n1").clock_offset_ms = 3'600'000;
  EXPECT_EQ(open().expires_ms, 1000 + 3'600'000 + CommandBook::kLifeMs);
  fleet.at("n1").clock_offset_ms = -3'600'000;
  EXPECT_EQ(open().expires_ms, wire::kMinTimeMs);
}

TEST_F(CommandBookTest, TakesTheAnswerOfThatAgentOnce) {
  const wire::Command command = open();
  wire::CommandResult result = result_of(command);
  EXPECT_EQ(book.answered(learn_node("n2"), result), nullptr);
  result.epoch = 8;
  EXPECT_EQ(book.answered(learn_node("n1"), result), nullptr);
  result.epoch = 7;
  result.id = "0123";
  EXPECT_EQ(book.answered(learn_node("n1"), result), nullptr);
  auto* const entry = book.answered(learn_node("n1"), result_of(command));
  ASSERT_NE(entry, nullptr);
  book.settle(*entry, CommandState::done, "so it is", 2000);
  EXPECT_EQ(entry->record.text, "so it is");
  EXPECT_EQ(entry->record.settled_ms, 2000);
  EXPECT_EQ(book.answered(learn_node("n1"), result_of(command)), nullptr);
}

TEST_F(CommandBookTest, FindsWhatIsOpenOfANode) {
  const wire::Command command = open();
  EXPECT_EQ(book.find_open("n1", wire::CommandKind::train)->record.id, command.id);
  EXPECT_EQ(book.find_open("n1", wire::CommandKind::silence), nullptr);
  EXPECT_EQ(book.find_open("n2", wire::CommandKind::train), nullptr);
  book.settle(*book.find(command.id), CommandState::storing, "", 0);
  EXPECT_NE(book.find_open("n1", wire::CommandKind::train), nullptr);
  book.settle(*book.find(command.id), CommandState::failed, "", 0);
  EXPECT_EQ(book.find_open("n1", wire::CommandKind::train), nullptr);
}

TEST_F(CommandBookTest, EndsWhatNobodyAnswers) {
  const wire::Command command = open();
  const wire::Command storing = open();
  book.settle(*book.find(storing.id), CommandState::storing, "", 0);
  book.tick(now + CommandBook::kModelWithin - std::chrono::seconds{1}, 5000);
  EXPECT_EQ(book.find(command.id)->record.state, CommandState::sent);
  book.tick(now + CommandBook::kModelWithin, 6000);
  EXPECT_EQ(book.find(command.id)->record.state, CommandState::timed_out);
  EXPECT_EQ(book.find(storing.id)->record.state, CommandState::storing);
  EXPECT_EQ(book.answered(learn_node("n1"), result_of(command)), nullptr);
}

TEST_F(CommandBookTest, HasRoomForABoundedNumberOfOpenOnes) {
  std::string first;
  for (std::size_t i = 0; i < CommandBook::kMaxOpen; ++i) {
    ASSERT_TRUE(book.has_room());
    const std::string id = open().id;
    if (i == 0) first = id;
  }
  EXPECT_FALSE(book.has_room());
  book.settle(*book.find(first), CommandState::done, "", 0);
  EXPECT_TRUE(book.has_room());
}

TEST_F(CommandBookTest, ForgetsTheOldestThatIsSettled) {
  const std::string open_one = open().id;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < CommandBook::kMaxKept; ++i) {
    ids.push_back(open().id);
    book.settle(*book.find(ids.back()), CommandState::done, "", 0);
  }
  EXPECT_NE(book.find(open_one), nullptr);
  EXPECT_EQ(book.find(ids[0]), nullptr);
  EXPECT_NE(book.find(ids[1]), nullptr);
}

}  // namespace
}  // namespace bw::coordinator
