#include "tune/journal/file_lock.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "runtime/package/posix_file.hpp"

namespace tune {
namespace {

std::string own_words() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0)
    host = {"?"};
  return fmt::format("process {} on host {}\n", ::getpid(), host.data());
}

std::string words_in(int descriptor) {
  std::array<char, 512> text{};
  const auto got = ::pread(descriptor, text.data(), text.size() - 1, 0);
  std::string words(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  while (!words.empty() && words.back() == '\n')
    words.pop_back();
  return words.empty() ? "another process" : words;
}

} // namespace

result<file_lock> file_lock::take(const std::string& file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (descriptor < 0)
    return fail(runtime::file_error(file, "written", errno));
  file_lock lock(descriptor);
  int taken = 0;
  do
    taken = ::flock(descriptor, LOCK_EX | LOCK_NB);
  while (taken != 0 && errno == EINTR);
  if (taken != 0 && errno == EWOULDBLOCK)
    return fail(errc::refused, fmt::format("{} has it open; end that first", words_in(descriptor)));
  if (taken != 0)
    return fail(runtime::file_error(file, "locked", errno));
  const auto words = own_words(); // For people only: on a full disk it may be missing.
  if (::ftruncate(descriptor, 0) == 0 && ::pwrite(descriptor, words.data(), words.size(), 0) < 0)
    return lock;
  return lock;
}

file_lock::file_lock(file_lock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {
}

file_lock& file_lock::operator=(file_lock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

file_lock::~file_lock() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

} // namespace tune
