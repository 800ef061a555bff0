#include "runtime/package/posix_file.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace runtime {
namespace {

errc code_of(int code) noexcept {
  switch (code) {
  case ENOENT:
  case ENOTDIR: return errc::not_found;
  case EACCES:
  case EPERM: return errc::permission_denied;
  default: return errc::io;
  }
}

[[nodiscard]] result<posix_file> no_file(const std::string& path, const char* what) {
  return fail(file_error(path, what, errno));
}

} // namespace

error file_error(const std::string& path, const char* what, int code) {
  const char* advice = code == ENOSPC || code == EDQUOT ? "; make room there" : "";
  return {code_of(code), fmt::format("{} cannot be {}: {}{}", path, what, std::strerror(code), advice)};
}

result<posix_file> posix_file::open_for_reading(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return no_file(path, "read");
  return posix_file(descriptor, path);
}

result<posix_file> posix_file::open_for_writing(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0)
    return no_file(path, "written");
  return posix_file(descriptor, path);
}

posix_file::posix_file(posix_file&& other) noexcept
  : descriptor_(std::exchange(other.descriptor_, -1)),
    path_(std::move(other.path_)) {
}

posix_file& posix_file::operator=(posix_file&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

posix_file::~posix_file() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

result<std::string> posix_file::read_at(std::uint64_t offset, std::uint32_t size_bytes) const {
  std::string bytes(size_bytes, '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const auto got = ::pread(descriptor_, bytes.data() + have, bytes.size() - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno != EINTR)
      return fail(file_error(path_, "read", errno));
    if (got == 0)
      break;
    if (got > 0)
      have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

result<void> posix_file::write_at(std::uint64_t offset, std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto written = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno != EINTR)
      return fail(file_error(path_, "written", errno));
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
      offset += static_cast<std::uint64_t>(written);
    }
  }
  return {};
}

result<void> posix_file::set_mode(mode_t mode) const {
  if (::fchmod(descriptor_, mode) != 0)
    return fail(file_error(path_, "written", errno));
  return {};
}

result<void> posix_file::sync() const {
  if (::fsync(descriptor_) != 0)
    return fail(file_error(path_, "written", errno));
  return {};
}

result<struct stat> posix_file::status() const {
  struct stat found {};
  if (::fstat(descriptor_, &found) != 0)
    return fail(file_error(path_, "read", errno));
  return found;
}

result<void> sync_directory(const std::string& path) {
  return posix_file::open_for_reading(path).and_then([](const posix_file& directory) { return directory.sync(); });
}

} // namespace runtime
