#include "base/runtime/descriptor_watch.h"

#include <array>
#include <memory>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace bw {
namespace {

struct Pipe {
  Pipe() { EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0); }
  ~Pipe() {
    close(ends[0]);
    close(ends[1]);
  }
  void write_one() const { EXPECT_EQ(write(ends[1], "x", 1), 1); }
  void read_one() const {
    char c = 0;
    EXPECT_EQ(read(ends[0], &c, 1), 1);
  }
  std::array<int, 2> ends{};
};

TEST(DescriptorWatch, tells_once_for_each_wait_that_there_is_something_to_read) {
  EventLoop loop;
  const Pipe pipe;
  int told = 0;
  DescriptorWatch watch(loop, pipe.ends[0], [&] {
    pipe.read_one();
    if (++told == 2) return loop.stop();
    watch.wait();
    pipe.write_one();
  });
  watch.wait();
  loop.post([&] { pipe.write_one(); });
  loop.run();
  EXPECT_EQ(told, 2);
}

TEST(DescriptorWatch, tells_that_there_is_room_to_write) {
  EventLoop loop;
  const Pipe pipe;
  DescriptorWatch watch(loop, pipe.ends[1], [&] { loop.stop(); });
  watch.wait(DescriptorWatch::For::writing);
  loop.run();
}

TEST(DescriptorWatch, tells_nothing_when_it_is_gone_and_leaves_the_descriptor_open) {
  EventLoop loop;
  const Pipe pipe;
  int told = 0;
  {
    DescriptorWatch watch(loop, pipe.ends[0], [&] { ++told; });
    watch.wait();
    pipe.write_one();
  }
  Timer end(loop);
  end.after(std::chrono::milliseconds{20}, [&] { loop.stop(); });
  loop.run();
  EXPECT_EQ(told, 0);
  pipe.read_one();
}

TEST(DescriptorWatch, may_be_destroyed_by_what_it_calls) {
  EventLoop loop;
  const Pipe pipe;
  std::unique_ptr<DescriptorWatch> watch;
  watch = std::make_unique<DescriptorWatch>(loop, pipe.ends[0], [&] {
    watch.reset();
    loop.stop();
  });
  watch->wait();
  pipe.write_one();
  loop.run();
  EXPECT_EQ(watch, nullptr);
}

}  // namespace
}  // namespace bw
