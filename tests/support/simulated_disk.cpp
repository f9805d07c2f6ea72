#include "tests/support/simulated_disk.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include <sqlite3.h>

#include "base/assert.h"

namespace bw::test {

namespace {

constexpr std::uint64_t kSector = 512;
constexpr const char* kName = "simulated-disk";

}  // namespace

struct SimulatedDisk::Vfs {
  struct File {
    sqlite3_file base;  // first: SQLite knows only this
    SimulatedDisk* disk;
    std::shared_ptr<FileData> data;
    bool syncs_directory;  // as SQLite's own file system does it with the logs that it makes
  };

  explicit Vfs(SimulatedDisk& disk);
  ~Vfs() {
    sqlite3_vfs_unregister(&vfs);
    sqlite3_vfs_register(real, 1);
  }

  static SimulatedDisk& disk_of(sqlite3_vfs* vfs) {
    return *static_cast<SimulatedDisk*>(vfs->pAppData);
  }
  static File& file_of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* out, int flags, int* out_flags);
  static int remove(sqlite3_vfs* vfs, const char* name, int sync_directory);
  static int access(sqlite3_vfs* vfs, const char* name, int, int* out);
  static int full_name(sqlite3_vfs*, const char* name, int size, char* out);

  static int close(sqlite3_file* file);
  static int read(sqlite3_file* file, void* to, int length, sqlite3_int64 offset);
  static int write(sqlite3_file* file, const void* from, int length, sqlite3_int64 offset);
  static int truncate(sqlite3_file* file, sqlite3_int64 size);
  static int sync(sqlite3_file* file, int);
  static int file_size(sqlite3_file* file, sqlite3_int64* out);
  static int lock(sqlite3_file*, int) { return SQLITE_OK; }
  static int is_reserved(sqlite3_file*, int* out) { return *out = 0, SQLITE_OK; }
  static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int sector_size(sqlite3_file*) { return static_cast<int>(kSector); }
  static int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }
  static int map_shared(sqlite3_file* file, int page, int size, int, void volatile** out);
  static int lock_shared(sqlite3_file*, int, int, int) { return SQLITE_OK; }
  static void barrier(sqlite3_file*) {}
  static int unmap_shared(sqlite3_file* file, int delete_it);

  sqlite3_vfs* real;
  sqlite3_vfs vfs{};
  static const sqlite3_io_methods methods;
};

const sqlite3_io_methods SimulatedDisk::Vfs::methods = {2,
                                                        close,
                                                        read,
                                                        write,
                                                        truncate,
                                                        sync,
                                                        file_size,
                                                        lock,
                                                        lock,
                                                        is_reserved,
                                                        control,
                                                        sector_size,
                                                        characteristics,
                                                        map_shared,
                                                        lock_shared,
                                                        barrier,
                                                        unmap_shared,
                                                        nullptr,
                                                        nullptr};

SimulatedDisk::Vfs::Vfs(SimulatedDisk& disk) : real(sqlite3_vfs_find(nullptr)) {
  vfs = *real;  // its clock and randomness
  vfs.iVersion = 2;
  vfs.szOsFile = sizeof(File);
  vfs.zName = kName;
  vfs.pNext = nullptr;
  vfs.pAppData = &disk;
  vfs.xOpen = open;
  vfs.xDelete = remove;
  vfs.xAccess = access;
  vfs.xFullPathname = full_name;
  BW_ASSERT(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
}

int SimulatedDisk::Vfs::open(sqlite3_vfs* vfs, const char* name, sqlite3_file* out, int flags,
                             int* out_flags) {
  SimulatedDisk& disk = disk_of(vfs);
  out->pMethods = nullptr;
  if (disk.is_off_) return SQLITE_IOERR;
  std::shared_ptr<FileData> data;
  if (name == nullptr) {
    data = std::make_shared<FileData>();
  } else if (const auto found = disk.files_.find(name); found != disk.files_.end()) {
    data = found->second;
  } else if ((flags & SQLITE_OPEN_CREATE) == 0) {
    return SQLITE_CANTOPEN;
  } else {
    data = std::make_shared<FileData>();
    data->name = name;
    disk.files_[name] = data;
  }
  constexpr int kLogs = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
  const bool is_new_log = (flags & SQLITE_OPEN_CREATE) != 0 && (flags & kLogs) != 0;
  auto* file = new (out) File{{&methods}, &disk, std::move(data), is_new_log};
  (void)file;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int SimulatedDisk::Vfs::remove(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  SimulatedDisk& disk = disk_of(vfs);
  if (!disk.count_operation()) return SQLITE_IOERR_DELETE;
  const auto found = disk.files_.find(name);
  if (found == disk.files_.end()) return SQLITE_IOERR_DELETE_NOENT;
  if (sync_directory == 0 && found->second->was_synced) disk.deleted_.push_back(found->second);
  disk.files_.erase(found);
  return SQLITE_OK;
}

int SimulatedDisk::Vfs::access(sqlite3_vfs* vfs, const char* name, int, int* out) {
  SimulatedDisk& disk = disk_of(vfs);
  if (disk.is_off_) return SQLITE_IOERR_ACCESS;
  *out = disk.files_.contains(name) ? 1 : 0;
  return SQLITE_OK;
}

int SimulatedDisk::Vfs::full_name(sqlite3_vfs*, const char* name, int size, char* out) {
  if (std::strlen(name) >= static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
  std::strcpy(out, name);
  return SQLITE_OK;
}

int SimulatedDisk::Vfs::close(sqlite3_file* file) {
  file_of(file).data.~shared_ptr();
  return SQLITE_OK;
}

int SimulatedDisk::Vfs::read(sqlite3_file* file, void* to, int length, sqlite3_int64 offset) {
  const File& it = file_of(file);
  if (it.disk->is_off_) return SQLITE_IOERR_READ;
  const auto& now = it.data->now;
  const auto begin = std::min(static_cast<std::size_t>(offset), now.size());
  const auto there = std::min(static_cast<std::size_t>(length), now.size() - begin);
  std::memset(to, 0, static_cast<std::size_t>(length));
  if (there > 0) std::memcpy(to, now.data() + begin, there);
  return there == static_cast<std::size_t>(length) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int SimulatedDisk::Vfs::write(sqlite3_file* file, const void* from, int length,
                              sqlite3_int64 offset) {
  File& it = file_of(file);
  if (it.disk->is_off_) return SQLITE_IOERR_WRITE;
  const auto* bytes = static_cast<const unsigned char*>(from);
  Change change{false, static_cast<std::uint64_t>(offset), {bytes, bytes + length}};
  // The write that the power goes with may still be half done.
  const bool is_done = it.disk->count_operation();
  if (is_done) {
    apply(it.data->now, change);
    it.disk->bytes_written_ += static_cast<std::uint64_t>(length);
  }
  it.data->unsynced.push_back(std::move(change));
  return is_done ? SQLITE_OK : SQLITE_IOERR_WRITE;
}

int SimulatedDisk::Vfs::truncate(sqlite3_file* file, sqlite3_int64 size) {
  File& it = file_of(file);
  if (!it.disk->count_operation()) return SQLITE_IOERR_TRUNCATE;
  Change change{true, static_cast<std::uint64_t>(size), {}};
  apply(it.data->now, change);
  it.data->unsynced.push_back(std::move(change));
  return SQLITE_OK;
}

int SimulatedDisk::Vfs::sync(sqlite3_file* file, int) {
  File& it = file_of(file);
  if (!it.disk->count_operation()) return SQLITE_IOERR_FSYNC;
  ++it.disk->syncs_;
  it.data->synced = it.data->now;
  it.data->was_synced = true;
  it.data->unsynced.clear();
  if (std::exchange(it.syncs_directory, false)) {
    it.disk->deleted_.clear();
    for (auto& [name, other] : it.disk->files_) other->was_synced = true;
  }
  return SQLITE_OK;
}

int SimulatedDisk::Vfs::file_size(sqlite3_file* file, sqlite3_int64* out) {
  const File& it = file_of(file);
  if (it.disk->is_off_) return SQLITE_IOERR_FSTAT;
  *out = static_cast<sqlite3_int64>(it.data->now.size());
  return SQLITE_OK;
}

int SimulatedDisk::Vfs::map_shared(sqlite3_file* file, int page, int size, int,
                                   void volatile** out) {
  auto& shared = file_of(file).data->shared;
  while (shared.size() <= static_cast<std::size_t>(page)) {
    shared.push_back(std::make_unique<std::vector<unsigned char>>(size));
  }
  *out = shared[static_cast<std::size_t>(page)]->data();
  return SQLITE_OK;
}

int SimulatedDisk::Vfs::unmap_shared(sqlite3_file* file, int delete_it) {
  if (delete_it != 0) file_of(file).data->shared.clear();
  return SQLITE_OK;
}

SimulatedDisk::SimulatedDisk(std::uint64_t seed) : rng_(seed), vfs_(std::make_unique<Vfs>(*this)) {}

SimulatedDisk::~SimulatedDisk() = default;

bool SimulatedDisk::count_operation() {
  if (is_off_) return false;
  ++operations_;
  is_off_ = operations_ == off_at_;
  return !is_off_;
}

void SimulatedDisk::apply(std::vector<unsigned char>& content, const Change& change) {
  if (change.is_truncation) {
    content.resize(change.offset);
    return;
  }
  const std::size_t end = change.offset + change.bytes.size();
  if (content.size() < end) content.resize(end);
  std::copy(change.bytes.begin(), change.bytes.end(),
            content.begin() + static_cast<std::ptrdiff_t>(change.offset));
}

// What the platter holds of a file: 0 nothing unsynced, 1 all of it, 2 any of it, sector by sector.
void SimulatedDisk::settle(FileData& file, int fate, double chance) {
  std::vector<unsigned char> content = file.synced;
  for (const Change& change : file.unsynced) {
    if (fate == 0) break;
    if (fate == 1 || (change.is_truncation && rng_.chance(chance))) {
      apply(content, change);
      continue;
    }
    if (change.is_truncation) continue;
    for (std::uint64_t at = 0; at < change.bytes.size();) {
      const std::uint64_t in_sector = kSector - (change.offset + at) % kSector;
      const std::uint64_t length = std::min<std::uint64_t>(in_sector, change.bytes.size() - at);
      if (rng_.chance(chance)) {
        const auto begin = change.bytes.begin() + static_cast<std::ptrdiff_t>(at);
        apply(content,
              {false, change.offset + at, {begin, begin + static_cast<std::ptrdiff_t>(length)}});
      }
      at += length;
    }
  }
  file.now = content;
  file.synced = std::move(content);
  file.was_synced = true;
  file.unsynced.clear();
  file.shared.clear();
}

void SimulatedDisk::power_on() {
  for (auto& file : std::exchange(deleted_, {})) {
    if (!files_.contains(file->name) && rng_.chance(0.5)) files_[file->name] = file;
  }
  const int fate = static_cast<int>(rng_.below(4));  // any of it twice as often
  const double chance = rng_.unit();
  for (auto it = files_.begin(); it != files_.end();) {
    if (!it->second->was_synced && rng_.chance(0.5)) {
      it = files_.erase(it);
      continue;
    }
    settle(*it->second, std::min(fate, 2), chance);
    ++it;
  }
  is_off_ = false;
  off_at_ = 0;
}

std::uint64_t SimulatedDisk::size(const std::string& name) const {
  const auto found = files_.find(name);
  return found == files_.end() ? 0 : found->second->now.size();
}

std::size_t SimulatedDisk::count(const std::string& part) const {
  return static_cast<std::size_t>(
      std::count_if(files_.begin(), files_.end(),
                    [&](const auto& file) { return file.first.find(part) != std::string::npos; }));
}

}  // namespace bw::test
