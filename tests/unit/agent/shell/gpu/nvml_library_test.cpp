#include "agent/shell/gpu/nvml_library.h"

#include <gtest/gtest.h>

#include "tests/unit/agent/shell/gpu/fake_gpus.h"

namespace bw::agent {
namespace {

TEST(NvmlLibrary, WhereThereIsNoneTheReasonSaysSo) {
  const auto library = NvmlLibrary::open("/nowhere/libnvidia-ml.so.1");
  ASSERT_FALSE(library);
  EXPECT_NE(library.error().message.find("/nowhere/libnvidia-ml.so.1"), std::string::npos);
}

TEST(NvmlLibrary, ALibraryOfSomethingElseIsNone) {
  const auto library = NvmlLibrary::open("libm.so.6");
  ASSERT_FALSE(library);
  EXPECT_NE(library.error().message.find("lacks a function"), std::string::npos);
}

TEST(NvmlLibrary, FindsWhatANewDriverHas) {
  const auto library = NvmlLibrary::open(fake_nvml());
  ASSERT_TRUE(library) << library.error().message;
  EXPECT_NE((*library)->fields, nullptr);
  EXPECT_NE((*library)->memory_v2, nullptr);
  EXPECT_NE((*library)->gpm_metrics, nullptr);
  EXPECT_NE((*library)->clock_reasons, nullptr);
}

TEST(NvmlLibrary, AnOldDriverLacksSomeAndHasOthersByOlderNames) {
  const auto library = NvmlLibrary::open(fake_nvml("old"));
  ASSERT_TRUE(library) << library.error().message;
  EXPECT_EQ((*library)->fields, nullptr);
  EXPECT_EQ((*library)->memory_v2, nullptr);
  EXPECT_EQ((*library)->gpm_metrics, nullptr);
  EXPECT_NE((*library)->clock_reasons, nullptr);
  EXPECT_NE((*library)->compute_processes, nullptr);
  EXPECT_NE((*library)->memory, nullptr);
}

TEST(NvmlLibrary, AnswersHaveANumberAndTheLibrarysWords) {
  const auto library = NvmlLibrary::open(fake_nvml());
  ASSERT_TRUE(library) << library.error().message;
  EXPECT_EQ((*library)->text_of(nvml::kLibRmVersionMismatch),
            "NVML error 18 (Driver/library version mismatch)");
}

}  // namespace
}  // namespace bw::agent
