#include "agent/core/collect/kernel_log/storage_lines.h"

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/kernel_log/lines.h"

namespace bw::agent {
namespace {

std::string told(std::string_view line) {
  return told_by(recognise_storage, line);
}

TEST(StorageLines, ErrorsOfFileSystemsAreToldByTheirDevice) {
  EXPECT_EQ(told("EXT4-fs error (device sda1): ext4_find_entry:1455: inode #2: comm ls: reading"),
            "file_system_error/critical/sda1");
  EXPECT_EQ(told("EXT4-fs (dm-0): I/O error while writing superblock"),
            "file_system_error/warning/dm-0");
  EXPECT_EQ(told("XFS (nvme0n1p2): Metadata corruption detected at xfs_agi_verify+0x99"),
            "file_system_error/critical/nvme0n1p2");
  EXPECT_EQ(told("XFS (sdb1): metadata I/O error in \"xfs_imap_to_bp\" at daddr 0x40"),
            "file_system_error/warning/sdb1");
  EXPECT_EQ(told("BTRFS error (device sdc): bdev /dev/sdc errs: wr 1, rd 0"),
            "file_system_error/critical/sdc");
  EXPECT_EQ(told("JBD2: Error -5 detected when updating journal superblock for sda1-8."),
            "unknown");
  EXPECT_EQ(told("FAT-fs (mmcblk0p1): error, fat_get_cluster: invalid cluster chain (i_pos 0)"),
            "file_system_error/warning/mmcblk0p1");
  EXPECT_EQ(told("nfs: server files not responding, still trying"),
            "file_system_error/warning/files");
}

TEST(StorageLines, FileSystemsThatEdgeBoxesHaveAreToldToo) {
  EXPECT_EQ(told("XFS (dm-0): Metadata I/O Error in \"xfs_buf\" at daddr 0x40"),
            "file_system_error/warning/dm-0");
  EXPECT_EQ(
      told("BTRFS: error (device sda1) in btrfs_commit_transaction:2418: errno=-5 IO failure"),
      "file_system_error/critical/sda1");
  EXPECT_EQ(told("SQUASHFS error: Unable to read fragment cache entry [6e6f6d]"),
            "file_system_error/critical/");
  EXPECT_EQ(told("exFAT-fs (sda1): error, invalid access to FAT"),
            "file_system_error/warning/sda1");
  EXPECT_EQ(told("JBD2: Detected IO errors while flushing file data on sda1-8"),
            "file_system_error/warning/");
  EXPECT_EQ(told("Aborting journal on device sda1-8."), "file_system_error/critical/sda1");
  EXPECT_EQ(told("Aborting journal on device dm-0-8."), "file_system_error/critical/dm-0");
  EXPECT_EQ(told("WARNING: Pool 'tank' has encountered an uncorrectable I/O failure and has been "
                 "suspended."),
            "file_system_error/critical/tank");
  EXPECT_EQ(told("WARNING: Pool 'tank' is fine"), "unknown");
  EXPECT_EQ(told("sd 2:0:0:0: rejecting I/O to dead device"), "disk_error/critical/2:0:0:0:");
}

TEST(StorageLines, AFileSystemMadeReadOnlyIsCritical) {
  EXPECT_EQ(told("EXT4-fs (sda1): Remounting filesystem read-only"),
            "file_system_readonly/critical/sda1");
  EXPECT_EQ(told("BTRFS info (device sdc): forced readonly"), "file_system_readonly/critical/sdc");
  EXPECT_EQ(told("XFS (sda2): Corruption of in-memory data detected. Shutting down filesystem"),
            "file_system_readonly/critical/sda2");
  EXPECT_EQ(told("XFS (sdb1): Log I/O Error (0x2) detected at xlog_ioend_work+0x7c/0x90 [xfs] "
                 "(fs/xfs/xfs_log.c:1385).  Shutting down filesystem."),
            "file_system_readonly/critical/sdb1");
  EXPECT_EQ(told("XFS (sdb1): Please unmount the filesystem and rectify the problem(s)"),
            "unknown");
  EXPECT_EQ(told("FAT-fs (mmcblk0p1): Filesystem has been set read-only"),
            "file_system_readonly/critical/mmcblk0p1");
  EXPECT_EQ(told("XFS (sda2): log I/O error -5, filesystem shutdown"),
            "file_system_readonly/critical/sda2");
}

TEST(StorageLines, WhatIsEverydayIsNoError) {
  for (const auto* line :
       {"EXT4-fs (sda1): mounted filesystem with ordered data mode. Opts: errors=remount-ro",
        "EXT4-fs (sda1): re-mounted. Quota mode: none.", "XFS (sda1): Mounting V5 Filesystem",
        "XFS (sda1): Ending clean mount", "BTRFS info (device sdc): disk space caching is enabled",
        "nvme nvme0: 8/0/0 default/read/poll queues",
        "nvme nvme0: Shutdown timeout set to 10 seconds",
        "usb 1-1: Product: x: attempt to access beyond end of device",
        "ata1: SATA max UDMA/133 abar m512",
        "ata1: SATA link up 6.0 Gbps (SStatus 133 SControl 300)", "ata", "atari: no disk",
        "sd 0:0:0:0: [sda] Attached SCSI disk", "md/raid1:md0: active with 2 out of 2 mirrors",
        "mmc0: new HS200 MMC card at address 0001", "nfs: server files OK", ""}) {
    EXPECT_EQ(told(line), "unknown") << line;
  }
}

TEST(StorageLines, FailedReadsAndWritesAreToldByTheirDisk) {
  Findings findings;
  ASSERT_TRUE(recognise_storage(
      message_of("blk_update_request: I/O error, dev sda, sector 12345 op 0x1:(WRITE) flags 0x0"),
      findings));
  EXPECT_EQ(findings[0].subject, "sda");
  EXPECT_EQ(findings[0].text, "disk sda failed to write");
  EXPECT_EQ(detail(findings[0].details, "sector"), "12345");
  EXPECT_EQ(told("critical medium error, dev sdb, sector 9 op 0x0:(READ)"),
            "disk_error/critical/sdb");
  EXPECT_EQ(told("Buffer I/O error on dev dm-0, logical block 13, lost async page write"),
            "disk_error/critical/dm-0");
  EXPECT_EQ(told("I/O error, dev sr0, sector 0 op 0x0:(READ)"), "known");
  EXPECT_EQ(told("kworker/u203:1: attempt to access beyond end of device"), "disk_error/warning/");
  EXPECT_EQ(told("EXT4-fs error: attempt to access beyond end of device"), "disk_error/warning/");
  EXPECT_EQ(told("ata1.00: exception Emask 0x0 SAct 0x0 SErr 0x0 action 0x6 frozen"),
            "disk_error/warning/ata1");
  EXPECT_EQ(told("ata3.00: disabled"), "disk_error/critical/ata3");
  EXPECT_EQ(told("sd 2:0:0:0: [sdc] tag#12 FAILED Result: hostbyte=DID_OK driverbyte=DRIVER_OK"),
            "disk_error/warning/sdc");
  EXPECT_EQ(told("sd 2:0:0:0: [sdc] tag#12 Sense Key : Medium Error [current]"),
            "disk_error/warning/sdc");
  EXPECT_EQ(told("sd 2:0:0:0: rejecting I/O to offline device"), "disk_error/critical/2:0:0:0:");
  EXPECT_EQ(told("mmcblk0: error -110 transferring data, sector 1"), "disk_error/warning/mmcblk0");
  EXPECT_EQ(told("device-mapper: multipath: Failing path 8:16."),
            "disk_error/warning/Failing path 8:16.");
}

TEST(StorageLines, NvmeControllersAndArraysAreTold) {
  EXPECT_EQ(told("nvme nvme4: I/O tag 22 (2016) opcode 0x2 (Admin Cmd) QID 0 timeout, reset"),
            "nvme_error/warning/nvme4");
  EXPECT_EQ(told("nvme nvme0: controller is down; will reset: CSTS=0xffffffff, PCI_STATUS=0x10"),
            "nvme_error/critical/nvme0");
  EXPECT_EQ(told("nvme nvme4: Disabling device after reset failure: -19"),
            "nvme_error/critical/nvme4");
  EXPECT_EQ(told("block nvme0n1: no available path - failing I/O"), "nvme_error/critical/nvme0n1");
  EXPECT_EQ(told("block nvme0n1: no usable path - requeuing I/O"), "unknown");
  EXPECT_EQ(told("nvme0n1: I/O Cmd(0x2) @ LBA 1, 8 blocks, I/O Error (sct 0x2 / sc 0x81)"),
            "nvme_error/critical/nvme0n1");
  EXPECT_EQ(told("nvme0n1: Read(0x2) @ LBA 1, 8 blocks, Host Path Error (sct 0x3 / sc 0x70)"),
            "nvme_error/warning/nvme0n1");
  EXPECT_EQ(told("nvme0: Identify(0x6), Invalid Field in Command (sct 0x0 / sc 0x2)"), "unknown");
  EXPECT_EQ(told("nvme nvme0: queue 1: timeout request 0x5 type 4"), "nvme_error/warning/nvme0");
  EXPECT_EQ(told("md/raid1:md0: Disk failure on sdb1, disabling device."),
            "raid_failure/critical/sdb1");
}

}  // namespace
}  // namespace bw::agent
