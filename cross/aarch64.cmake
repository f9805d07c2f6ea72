# Builds for arm64 on another machine, against the sysroot that `cross/sysroot aarch64` made.
set(BW_CROSS_ARCH aarch64)
set(BW_CROSS_TRIPLE aarch64-linux-gnu)
set(BW_CROSS_QEMU qemu-aarch64-static)
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")
