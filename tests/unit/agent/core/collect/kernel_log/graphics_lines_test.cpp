#include "agent/core/collect/kernel_log/graphics_lines.h"

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/kernel_log/lines.h"

namespace bw::agent {
namespace {

std::string told(std::string_view line) {
  return told_by(recognise_graphics, line);
}

TEST(GraphicsLines, ErrorsOfAJetsonsGpuAreTold) {
  const std::string_view line =
      "nvgpu: 17000000.ga10b gk20a_fifo_handle_mmu_fault_locked:1721 [ERR]  mmu fault on engine 0";
  EXPECT_EQ(told(line), "gpu_driver_error/warning/nvgpu 17000000.ga10b");
  Findings findings;
  ASSERT_TRUE(recognise_graphics(message_of(line), findings));
  EXPECT_EQ(findings[0].text, "the GPU's driver reported: mmu fault on engine 0");
  EXPECT_EQ(detail(findings[0].details, "device"), "17000000.ga10b");
  EXPECT_NE(detail(findings[0].details, "action"), "-");
}

TEST(GraphicsLines, GpusThatHangOrAreResetAreTold) {
  for (const auto* line :
       {"amdgpu 0000:03:00.0: amdgpu: GPU reset begin!",
        "amdgpu 0000:03:00.0: amdgpu: ring gfx_0.0.0 timeout, signaled seq=1, emitted seq=3",
        "amdgpu 0000:03:00.0: [drm] *ERROR* GPU reset failed"}) {
    EXPECT_EQ(told(line), "gpu_driver_error/warning/amdgpu 0000:03:00.0") << line;
  }
  EXPECT_EQ(told("i915 0000:00:02.0: [drm] GPU HANG: ecode 12:1:85dffffb, in Xorg [1234]"),
            "gpu_driver_error/warning/i915 0000:00:02.0");
  EXPECT_EQ(told("xe 0000:03:00.0: [drm] GT0: Engine reset: engine_class=rcs, guc_id=5"),
            "gpu_driver_error/warning/xe 0000:03:00.0");
  EXPECT_EQ(told("[drm:amdgpu_job_timedout [amdgpu]] *ERROR* ring gfx_0.0.0 timeout, signaled"),
            "gpu_driver_error/warning/amdgpu ");
}

TEST(GraphicsLines, OfWhichPartOfACardALineIsDoesNotMatter) {
  for (const auto* line :
       {"xe 0000:0c:00.0: [drm] Tile0: GT0: Engine reset: engine_class=rcs, logical_mask: 0x1",
        "xe 0000:0c:00.0: [drm] Tile1: GT3: Timedout job: seqno=4294967169",
        "xe 0000:0c:00.0: [drm] *ERROR* Tile0: GT1: Timedout job: seqno=1",
        "xe 0000:0c:00.0: [drm] Tile0: GPU reset begin"}) {
    EXPECT_EQ(told(line), "gpu_driver_error/warning/xe 0000:0c:00.0") << line;
  }
  for (const auto* line : {"xe 0000:0c:00.0: [drm] GTx: Engine reset: x",
                           "xe 0000:0c:00.0: [drm] Tile0: GT0: GT0: Engine reset: x",
                           "xe 0000:0c:00.0: [drm] Tile0 GT0: Engine reset: x"}) {
    EXPECT_EQ(told(line), "unknown") << line;
  }
}

TEST(GraphicsLines, AGpuThatItsDriverGaveUpIsCritical) {
  EXPECT_EQ(told("xe 0000:0c:00.0: [drm] *ERROR* CRITICAL: Xe has declared device 0000:0c:00.0 as "
                 "wedged."),
            "gpu_driver_error/critical/xe 0000:0c:00.0");
  EXPECT_EQ(told("xe 0000:0c:00.0: [drm] device wedged, needs recovery"),
            "gpu_driver_error/critical/xe 0000:0c:00.0");
  EXPECT_EQ(told("amdgpu 0000:03:00.0: [drm] device wedged, but recovered through reset"),
            "gpu_driver_error/warning/amdgpu 0000:03:00.0");
}

TEST(GraphicsLines, WhatIsEverydayIsNoError) {
  for (const auto* line : {"nvgpu: 17000000.ga10b gk20a_init:12 [INF]  ready", "nvgpu: [ERR] x",
                           "amdgpu 0000:03:00.0: amdgpu: ring gfx uses VM inv eng 0 on hub 0",
                           "amdgpu 0000:03:00.0: amdgpu: SMU is initialized successfully!",
                           "i915 0000:00:02.0: [drm] HuC authenticated", "i915: GPU HANG: x",
                           "xe 0000:03:00.0: [drm] GT0: found", "radeon 0000:03:00.0: GPU HANG: x",
                           "prog: i915 0000:00:02.0: [drm] GPU HANG: x", ""}) {
    EXPECT_EQ(told(line), "unknown") << line;
  }
}

}  // namespace
}  // namespace bw::agent
