#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schemas/wire/limits.h"
#include "schemas/wire/workload.h"
#include "tests/unit/schemas/wire/examples.h"

namespace bw::wire {
namespace {

using testing::HasSubstr;

struct Wrong {
  std::function<void(Assignment&)> change;
  const char* said;
};

void expect_refused(const std::vector<Wrong>& wrongs) {
  for (const Wrong& wrong : wrongs) {
    Assignment assignment = examples::desired().assignments[0];
    ASSERT_TRUE(check(assignment));
    wrong.change(assignment);
    const auto result = check(assignment);
    ASSERT_FALSE(result) << wrong.said;
    EXPECT_THAT(result.error().message, HasSubstr(wrong.said));
  }
}

std::string nul() {
  return {"a\0b", 3};
}

TEST(WorkloadCheck, says_what_is_wrong_with_the_program) {
  expect_refused({
      {[](Assignment& a) { a.workload = "a/b"; }, "no name of a workload"},
      {[](Assignment& a) { a.spec.argv.clear(); }, "argv names no program"},
      {[](Assignment& a) { a.spec.argv[0].clear(); }, "argv names no program"},
      {[](Assignment& a) { a.spec.argv.assign(kMaxArguments + 1, "x"); }, "more than 256"},
      {[](Assignment& a) { a.spec.argv[1].assign(kMaxArgument + 1, 'x'); }, "longer than 4096"},
      {[](Assignment& a) { a.spec.argv[1] = nul(); }, "NUL"},
      {[](Assignment& a) { a.spec.image = "x"; }, "image belongs to"},
      {[](Assignment& a) { a.spec.runtime = WorkloadRuntime::container; }, "image is missing"},
      {[](Assignment& a) { a.spec.image.assign(kMaxArgument + 1, 'x'); }, "image is longer"},
      {[](Assignment& a) { a.spec.kind = static_cast<WorkloadKind>(2); }, "kind"},
      {[](Assignment& a) { a.spec.runtime = static_cast<WorkloadRuntime>(3); }, "runtime"},
      {[](Assignment& a) { a.spec.failover = static_cast<FailoverClass>(3); }, "failover"},
      {[](Assignment& a) { a.spec.directory = "srv"; }, "directory is no absolute path"},
      {[](Assignment& a) { a.spec.directory = "/" + nul(); }, "directory has a NUL"},
      {[](Assignment& a) { a.spec.user.assign(kMaxText + 1, 'x'); }, "user is longer"},
      {[](Assignment& a) { a.spec.stop_signal = 0; }, "stop signal"},
      {[](Assignment& a) { a.spec.stop_signal = 19; }, "stop signal"},
      {[](Assignment& a) { a.spec.stop_signal = 32; }, "stop signal"},
      {[](Assignment& a) { a.spec.stop_grace_ms = kMaxWorkloadMs + 1; }, "stop grace is over"},
      {[](Assignment& a) { a.spec.max_runtime_ms = kMaxWorkloadMs + 1; }, "max runtime is over"},
      {[](Assignment& a) { a.spec.log_bytes = 1000; }, "log is below"},
      {[](Assignment& a) { a.spec.log_bytes = 2U << 30; }, "log is below 64 KiB or over"},
  });
}

TEST(WorkloadCheck, says_what_is_wrong_with_the_environment) {
  expect_refused({
      {[](Assignment& a) { a.spec.environment[0].name.clear(); }, "empty"},
      {[](Assignment& a) { a.spec.environment[0].name = "A=B"; }, "'='"},
      {[](Assignment& a) { a.spec.environment[0].name = nul(); }, "NUL"},
      {[](Assignment& a) { a.spec.environment[0].value = nul(); }, "MODE has a NUL"},
      {[](Assignment& a) { a.spec.environment[2].name = "MODE"; }, "MODE is in"},
      {[](Assignment& a) { a.spec.environment[0].secret = "s"; }, "both a value and a secret"},
      {[](Assignment& a) { a.spec.environment[1].secret = "../x"; }, "secret that can be none"},
      {[](Assignment& a) { a.spec.environment.resize(kMaxEnvironment + 1); }, "more than 256"},
  });
}

TEST(WorkloadCheck, says_what_is_wrong_with_restart_and_health) {
  const auto exec = [](Assignment& a) {
    a.spec.health.probe = HealthProbe::exec;
    a.spec.health.argv.clear();
  };
  expect_refused({
      {[](Assignment& a) { a.spec.restart.when = static_cast<RestartWhen>(3); }, "policy"},
      {[](Assignment& a) { a.spec.restart.backoff_ms = 0; }, "backoff is below 100 ms"},
      {[](Assignment& a) { a.spec.restart.backoff_most_ms = 199; }, "above its bound"},
      {[](Assignment& a) { a.spec.restart.backoff_most_ms = kMaxWorkloadMs + 1; }, "over a year"},
      {[](Assignment& a) { a.spec.restart.stable_ms = kMaxWorkloadMs + 1; }, "stable is over"},
      {[](Assignment& a) { a.spec.restart.stable_ms = 0; }, "stable is below"},
      {[](Assignment& a) { a.spec.health.probe = static_cast<HealthProbe>(4); }, "probe"},
      {[](Assignment& a) { a.spec.health.port = 0; }, "no port"},
      {[](Assignment& a) { a.spec.health.path = "x"; }, "health path"},
      {[](Assignment& a) { a.spec.health.path = "/ HTTP/1.1\r\nX: y"; }, "health path"},
      {[](Assignment& a) { a.spec.health.path.assign(kMaxText + 1, '/'); }, "path is longer"},
      {[](Assignment& a) { a.spec.health.failures = 0; }, "failures is 0"},
      {[](Assignment& a) { a.spec.health.interval_ms = 99; }, "interval is below"},
      {[](Assignment& a) { a.spec.health.timeout_ms = 9; }, "timeout is below"},
      {[](Assignment& a) { a.spec.health.start_grace_ms = kMaxWorkloadMs + 1; }, "start grace"},
      {exec, "health argv names no program"},
  });
}

TEST(WorkloadCheck, never_lets_a_gpu_workload_go_without_its_gpus) {
  expect_refused({
      {[](Assignment& a) { a.gpus.clear(); }, "asks for 1, is given 0"},
      {[](Assignment& a) { a.spec.resources.gpu_millis = 0; }, "asks for 0, is given 1"},
      {[](Assignment& a) { a.spec.resources.gpu_millis = 2000; }, "asks for 2, is given 1"},
      {[](Assignment& a) { a.spec.resources.gpu_millis = 1500; }, "nor a whole number"},
      {[](Assignment& a) { a.spec.resources.gpu_millis = 65'000; }, "over 64"},
      {[](Assignment& a) { a.gpus = {"GPU 1"}; }, "id can be none"},
      {[](Assignment& a) { a.gpus = {"a,b"}; }, "id can be none"},
      {[](Assignment& a) { a.gpus = {""}; }, "id can be none"},
      {[](Assignment& a) {
         a.spec.resources.gpu_millis = 2000;
         a.gpus = {"GPU-1", "GPU-1"};
       },
       "GPU-1 twice"},
  });
  Assignment half = examples::desired().assignments[0];
  half.spec.resources.gpu_millis = 300;
  EXPECT_TRUE(check(half));
}

TEST(WorkloadCheck, looks_at_a_desired_state_as_a_whole) {
  DesiredState desired = examples::desired();
  EXPECT_TRUE(check(desired));
  EXPECT_TRUE(check(DesiredState{1, 1, {}}));
  desired.assignments.push_back(desired.assignments[0]);
  EXPECT_THAT(check(desired).error().message, HasSubstr("web/2 is there twice"));
  desired.assignments.back().spec.argv.clear();
  EXPECT_THAT(check(desired).error().message, HasSubstr("web/2: argv"));
  desired.assignments.resize(kMaxAssignments + 1);
  EXPECT_THAT(check(desired).error().message, HasSubstr("more than 256"));
  EXPECT_FALSE(check(DesiredState{0, 1, {}}));
  EXPECT_FALSE(check(DesiredState{1, 0, {}}));
}

}  // namespace
}  // namespace bw::wire
