#pragma once

#include <unistd.h>
#include <utility>

namespace runtime {

/// A file descriptor that is closed with its owner.
class posix_descriptor {
public:
  posix_descriptor() = default;
  explicit posix_descriptor(int number) : number_(number) {}
  posix_descriptor(posix_descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  posix_descriptor& operator=(posix_descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~posix_descriptor() { close(); }

  void close() noexcept {
    if (number_ >= 0)
      ::close(number_);
    number_ = -1;
  }
  int get() const noexcept { return number_; } ///< -1: none.
  explicit operator bool() const noexcept { return number_ >= 0; }

private:
  int number_ = -1;
};

} // namespace runtime
