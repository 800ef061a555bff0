#include "tests/support/failing_calls.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

namespace failing_calls {
namespace {

/// What a fault needs to know of a call.
enum class kind { plain, needs_room, reads, writes };

/// What a call is about: a descriptor, or a path, perhaps from one.
struct place {
  int descriptor = -1;
  const char* path = nullptr;
};

std::string path_of_descriptor(int descriptor) {
  std::array<char, PATH_MAX> link{};
  const auto name = "/proc/self/fd/" + std::to_string(descriptor);
  const auto size = ::readlink(name.c_str(), link.data(), link.size());
  return size > 0 ? std::string(link.data(), static_cast<std::size_t>(size)) : std::string();
}

std::string path_of(const place& where) {
  if (where.path == nullptr)
    return path_of_descriptor(where.descriptor);
  if (where.path[0] == '/' || where.descriptor == AT_FDCWD)
    return where.path;
  return path_of_descriptor(where.descriptor) + "/" + where.path;
}

/// What is to become of a call.
struct verdict {
  int error = 0;             ///< It fails with that.
  bool is_half = false;      ///< Half of what it transfers.
  bool ends_process = false; ///< After that half.
};

class judge {
public:
  explicit judge(plan what) : plan_(std::move(what)) {}

  verdict decide(const char* name, kind what, const place& where) {
    const auto path = path_of(where);
    if (path.rfind(plan_.below, 0) != 0)
      return {};
    const std::lock_guard hold(mutex_);
    if (!can_hit(what) || ++counted_ < plan_.number)
      return {};
    if (counted_ > plan_.number)
      return follow();
    if (plan_.on_fault)
      plan_.on_fault({name, path});
    return hit(what);
  }

  [[noreturn]] void end_process() const {
    if (plan_.before_crash)
      plan_.before_crash();
    ::_exit(crash_code);
  }

private:
  bool can_hit(kind what) const {
    switch (plan_.what) {
    case fault::short_transfer: return what == kind::reads || what == kind::writes;
    case fault::full_disk: return what == kind::needs_room || what == kind::writes;
    case fault::error:
    case fault::dead_disk:
    case fault::crash: break;
    }
    return true;
  }

  verdict hit(kind what) const {
    switch (plan_.what) {
    case fault::short_transfer: return {0, true, false};
    case fault::full_disk: return what == kind::writes ? verdict{0, true, false} : verdict{ENOSPC, false, false};
    case fault::crash:
      if (what == kind::writes)
        return {0, true, true};
      end_process();
    case fault::error:
    case fault::dead_disk: break;
    }
    return {EIO, false, false};
  }

  verdict follow() const {
    if (plan_.what == fault::dead_disk)
      return {EIO, false, false};
    if (plan_.what == fault::full_disk)
      return {ENOSPC, false, false};
    return {};
  }

  const plan plan_;
  std::mutex mutex_;
  std::uint64_t counted_ = 0;
};

judge* armed = nullptr;               // For ever: threads may still run when the process ends.
thread_local bool is_judging = false; // What is called meanwhile is ours.

verdict verdict_of(const char* name, kind what, const place& where) {
  if (armed == nullptr || is_judging)
    return {};
  const int before = errno;
  is_judging = true;
  const auto decided = armed->decide(name, what, where);
  is_judging = false;
  errno = before;
  return decided;
}

bool fails(const char* name, kind what, const place& where) {
  const auto decided = verdict_of(name, what, where);
  if (decided.error != 0)
    errno = decided.error;
  return decided.error != 0;
}

/// The function of this name that would be called without this file.
template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

template <class Transfer>
ssize_t transfer(const char* name, kind what, int file, std::size_t bytes, const Transfer& some_bytes) {
  const auto decided = verdict_of(name, what, {file, nullptr});
  if (decided.error != 0) {
    errno = decided.error;
    return -1;
  }
  const auto done = some_bytes(decided.is_half ? (bytes + 1) / 2 : bytes);
  if (decided.ends_process)
    armed->end_process();
  return done;
}

kind kind_of_open(int flags) {
  return (flags & O_CREAT) != 0 ? kind::needs_room : kind::plain;
}

bool takes_mode(int flags) {
  return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

} // namespace

std::string to_string(fault what) {
  switch (what) {
  case fault::error: return "error";
  case fault::dead_disk: return "dead disk";
  case fault::full_disk: return "full disk";
  case fault::short_transfer: return "short transfer";
  case fault::crash: return "crash";
  }
  return "?";
}

void arm(plan what) {
  armed = new judge(std::move(what));
}

} // namespace failing_calls

// ---- the calls ----

using failing_calls::fails;
using failing_calls::kind;
using failing_calls::real;

extern "C" {

#define CAF_TUNE_MODE_OF(flags)                                                                                        \
  mode_t mode = 0;                                                                                                     \
  if (failing_calls::takes_mode(flags)) {                                                                              \
    va_list rest;                                                                                                      \
    va_start(rest, flags);                                                                                             \
    mode = va_arg(rest, mode_t);                                                                                       \
    va_end(rest);                                                                                                      \
  }

int open(const char* path, int flags, ...) {
  CAF_TUNE_MODE_OF(flags)
  static auto* const next = real<int(const char*, int, ...)>("open");
  return fails("open", failing_calls::kind_of_open(flags), {AT_FDCWD, path}) ? -1 : next(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  CAF_TUNE_MODE_OF(flags)
  static auto* const next = real<int(const char*, int, ...)>("open64");
  return fails("open", failing_calls::kind_of_open(flags), {AT_FDCWD, path}) ? -1 : next(path, flags, mode);
}

int openat(int from, const char* path, int flags, ...) {
  CAF_TUNE_MODE_OF(flags)
  static auto* const next = real<int(int, const char*, int, ...)>("openat");
  return fails("openat", failing_calls::kind_of_open(flags), {from, path}) ? -1 : next(from, path, flags, mode);
}

int openat64(int from, const char* path, int flags, ...) {
  CAF_TUNE_MODE_OF(flags)
  static auto* const next = real<int(int, const char*, int, ...)>("openat64");
  return fails("openat", failing_calls::kind_of_open(flags), {from, path}) ? -1 : next(from, path, flags, mode);
}

FILE* fopen(const char* path, const char* mode) {
  static auto* const next = real<FILE*(const char*, const char*)>("fopen");
  return fails("fopen", mode[0] == 'r' ? kind::plain : kind::needs_room, {AT_FDCWD, path}) ? nullptr : next(path, mode);
}

FILE* fopen64(const char* path, const char* mode) {
  static auto* const next = real<FILE*(const char*, const char*)>("fopen64");
  return fails("fopen", mode[0] == 'r' ? kind::plain : kind::needs_room, {AT_FDCWD, path}) ? nullptr : next(path, mode);
}

DIR* opendir(const char* path) {
  static auto* const next = real<DIR*(const char*)>("opendir");
  return fails("opendir", kind::plain, {AT_FDCWD, path}) ? nullptr : next(path);
}

dirent* readdir(DIR* directory) {
  static auto* const next = real<dirent*(DIR*)>("readdir");
  return fails("readdir", kind::plain, {::dirfd(directory), nullptr}) ? nullptr : next(directory);
}

dirent64* readdir64(DIR* directory) {
  static auto* const next = real<dirent64*(DIR*)>("readdir64");
  return fails("readdir", kind::plain, {::dirfd(directory), nullptr}) ? nullptr : next(directory);
}

ssize_t read(int file, void* to, size_t bytes) {
  static auto* const next = real<ssize_t(int, void*, size_t)>("read");
  return failing_calls::transfer("read", kind::reads, file, bytes, [&](size_t some) { return next(file, to, some); });
}

ssize_t pread(int file, void* to, size_t bytes, off_t at) {
  static auto* const next = real<ssize_t(int, void*, size_t, off_t)>("pread");
  return failing_calls::transfer("pread", kind::reads, file, bytes,
                                 [&](size_t some) { return next(file, to, some, at); });
}

ssize_t pread64(int file, void* to, size_t bytes, off64_t at) {
  static auto* const next = real<ssize_t(int, void*, size_t, off64_t)>("pread64");
  return failing_calls::transfer("pread", kind::reads, file, bytes,
                                 [&](size_t some) { return next(file, to, some, at); });
}

ssize_t write(int file, const void* from, size_t bytes) {
  static auto* const next = real<ssize_t(int, const void*, size_t)>("write");
  return failing_calls::transfer("write", kind::writes, file, bytes,
                                 [&](size_t some) { return next(file, from, some); });
}

ssize_t writev(int file, const iovec* parts, int count) {
  static auto* const next = real<ssize_t(int, const iovec*, int)>("writev");
  return failing_calls::transfer("writev", kind::writes, file, static_cast<size_t>(count),
                                 [&](size_t some) { return next(file, parts, static_cast<int>(some)); });
}

ssize_t pwrite(int file, const void* from, size_t bytes, off_t at) {
  static auto* const next = real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  return failing_calls::transfer("pwrite", kind::writes, file, bytes,
                                 [&](size_t some) { return next(file, from, some, at); });
}

ssize_t pwrite64(int file, const void* from, size_t bytes, off64_t at) {
  static auto* const next = real<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  return failing_calls::transfer("pwrite", kind::writes, file, bytes,
                                 [&](size_t some) { return next(file, from, some, at); });
}

int fsync(int file) {
  static auto* const next = real<int(int)>("fsync");
  return fails("fsync", kind::needs_room, {file, nullptr}) ? -1 : next(file);
}

int fdatasync(int file) {
  static auto* const next = real<int(int)>("fdatasync");
  return fails("fdatasync", kind::needs_room, {file, nullptr}) ? -1 : next(file);
}

int ftruncate(int file, off_t bytes) noexcept {
  static auto* const next = real<int(int, off_t)>("ftruncate");
  return fails("ftruncate", kind::plain, {file, nullptr}) ? -1 : next(file, bytes);
}

int ftruncate64(int file, off64_t bytes) noexcept {
  static auto* const next = real<int(int, off64_t)>("ftruncate64");
  return fails("ftruncate", kind::plain, {file, nullptr}) ? -1 : next(file, bytes);
}

int rename(const char* from, const char* to) noexcept {
  static auto* const next = real<int(const char*, const char*)>("rename");
  return fails("rename", kind::plain, {AT_FDCWD, to}) ? -1 : next(from, to);
}

int link(const char* from, const char* to) noexcept {
  static auto* const next = real<int(const char*, const char*)>("link");
  return fails("link", kind::needs_room, {AT_FDCWD, to}) ? -1 : next(from, to);
}

int symlink(const char* content, const char* path) noexcept {
  static auto* const next = real<int(const char*, const char*)>("symlink");
  return fails("symlink", kind::needs_room, {AT_FDCWD, path}) ? -1 : next(content, path);
}

int unlink(const char* path) noexcept {
  static auto* const next = real<int(const char*)>("unlink");
  return fails("unlink", kind::plain, {AT_FDCWD, path}) ? -1 : next(path);
}

int unlinkat(int from, const char* path, int flags) noexcept {
  static auto* const next = real<int(int, const char*, int)>("unlinkat");
  return fails("unlinkat", kind::plain, {from, path}) ? -1 : next(from, path, flags);
}

int rmdir(const char* path) noexcept {
  static auto* const next = real<int(const char*)>("rmdir");
  return fails("rmdir", kind::plain, {AT_FDCWD, path}) ? -1 : next(path);
}

int mkdir(const char* path, mode_t mode) noexcept {
  static auto* const next = real<int(const char*, mode_t)>("mkdir");
  return fails("mkdir", kind::needs_room, {AT_FDCWD, path}) ? -1 : next(path, mode);
}

int chmod(const char* path, mode_t mode) noexcept {
  static auto* const next = real<int(const char*, mode_t)>("chmod");
  return fails("chmod", kind::plain, {AT_FDCWD, path}) ? -1 : next(path, mode);
}

int fchmod(int file, mode_t mode) noexcept {
  static auto* const next = real<int(int, mode_t)>("fchmod");
  return fails("fchmod", kind::plain, {file, nullptr}) ? -1 : next(file, mode);
}

int fchmodat(int from, const char* path, mode_t mode, int flags) noexcept {
  static auto* const next = real<int(int, const char*, mode_t, int)>("fchmodat");
  return fails("fchmodat", kind::plain, {from, path}) ? -1 : next(from, path, mode, flags);
}

int flock(int file, int how) noexcept {
  static auto* const next = real<int(int, int)>("flock");
  return fails("flock", kind::plain, {file, nullptr}) ? -1 : next(file, how);
}

int statvfs(const char* path, struct statvfs* found) noexcept {
  static auto* const next = real<int(const char*, struct statvfs*)>("statvfs");
  return fails("statvfs", kind::plain, {AT_FDCWD, path}) ? -1 : next(path, found);
}

int stat(const char* path, struct stat* found) noexcept {
  static auto* const next = real<int(const char*, struct stat*)>("stat");
  return fails("stat", kind::plain, {AT_FDCWD, path}) ? -1 : next(path, found);
}

int lstat(const char* path, struct stat* found) noexcept {
  static auto* const next = real<int(const char*, struct stat*)>("lstat");
  return fails("lstat", kind::plain, {AT_FDCWD, path}) ? -1 : next(path, found);
}

int fstat(int file, struct stat* found) noexcept {
  static auto* const next = real<int(int, struct stat*)>("fstat");
  return fails("fstat", kind::plain, {file, nullptr}) ? -1 : next(file, found);
}

ssize_t readlink(const char* path, char* to, size_t bytes) noexcept {
  static auto* const next = real<ssize_t(const char*, char*, size_t)>("readlink");
  return fails("readlink", kind::plain, {AT_FDCWD, path}) ? -1 : next(path, to, bytes);
}

} // extern "C"
