#include "runtime/worker/posix_worker_link.hpp"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <sys/socket.h>

namespace runtime {
namespace {

constexpr std::size_t length_bytes = 4;

} // namespace

std::optional<std::string> posix_worker_link::receive() {
  const auto waits_for = [this](std::size_t size) {
    while (in_.size() - at_ < size)
      if (!fill())
        return false;
    return true;
  };
  if (!waits_for(length_bytes))
    return std::nullopt;
  std::uint32_t size = 0;
  std::memcpy(&size, in_.data() + at_, length_bytes); // Both ends are this machine.
  if (!waits_for(length_bytes + size))
    return std::nullopt;
  auto frame = in_.substr(at_ + length_bytes, size);
  at_ += length_bytes + size;
  if (at_ == in_.size()) {
    in_.clear();
    at_ = 0;
  }
  return frame;
}

bool posix_worker_link::fill() {
  if (at_ > in_.size() / 2) { // Moved seldom, so that each byte is moved once on average.
    in_.erase(0, at_);
    at_ = 0;
  }
  char buffer[64 * 1024];
  ssize_t n = 0;
  do
    n = ::recv(socket_, buffer, sizeof buffer, 0);
  while (n < 0 && errno == EINTR);
  if (n <= 0)
    return false;
  in_.append(buffer, static_cast<std::size_t>(n));
  return true;
}

bool posix_worker_link::send(const std::vector<std::string>& frames) {
  std::string bytes;
  for (const auto& frame : frames) {
    const auto size = static_cast<std::uint32_t>(frame.size());
    char length[length_bytes];
    std::memcpy(length, &size, length_bytes);
    bytes.append(length, length_bytes).append(frame);
  }
  std::lock_guard guard(writing_);
  for (std::size_t sent = 0; sent < bytes.size();) {
    const auto n = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

} // namespace runtime
