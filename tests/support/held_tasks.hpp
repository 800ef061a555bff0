#pragma once

#include "runtime/test_cluster.hpp"

#include <string>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/// Waits in its worker until the test lets it go: the file is a FIFO that nobody has opened for writing yet.
inline const runtime::task_type held_by("held_by", [](const std::string& fifo, int x) {
  return ::open(fifo.c_str(), O_RDONLY | O_CLOEXEC) < 0 ? -1 : x;
});

/// Holds tasks until release().
class gate {
public:
  explicit gate(const runtime::test_cluster& cluster) : fifo_(cluster.token_file() + ".gate") {
    REQUIRE(::mkfifo(fifo_.c_str(), 0600) == 0);
  }
  ~gate() {
    if (open_ >= 0)
      ::close(open_);
  }
  gate(const gate&) = delete;
  gate& operator=(const gate&) = delete;

  const std::string& file() const { return fifo_; }
  void release() { // For reading, too: then it does not wait for a reader, and stays open for those that come later.
    open_ = ::open(fifo_.c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(open_ >= 0);
  }

private:
  std::string fifo_;
  int open_ = -1;
};
