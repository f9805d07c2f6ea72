# Builds for armhf on another machine, against the sysroot that `cross/sysroot armhf` made.
# time_t has 32 bits here: what outlives 2038 must not stand in one.
set(BW_CROSS_ARCH armhf)
set(BW_CROSS_TRIPLE arm-linux-gnueabihf)
set(BW_CROSS_QEMU qemu-arm-static)
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")
