#include "tests/support/posix_fifo.hpp"

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

posix_fifo::posix_fifo()
  : directory_(runtime::or_throw(runtime::scratch_directory::make("caf-tune-test"))),
    path_(directory_.path() + "/signs") {
  if (::mkfifo(path_.c_str(), 0600) != 0 || (both_ends_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC)) < 0)
    throw std::runtime_error(fmt::format("{}: {}", path_, std::strerror(errno)));
}

posix_fifo::~posix_fifo() {
  ::close(both_ends_);
}

std::string posix_fifo::read_line() {
  for (;;) {
    if (const auto end = read_.find('\n'); end != std::string::npos) {
      auto line = read_.substr(0, end);
      read_.erase(0, end + 1);
      return line;
    }
    pollfd ready{both_ends_, POLLIN, 0};
    if (::poll(&ready, 1, /*milliseconds=*/60'000) == 0)
      throw std::runtime_error("nobody has told anything for a minute");
    char buffer[4096];
    if (const auto size = ::read(both_ends_, buffer, sizeof buffer); size > 0)
      read_.append(buffer, static_cast<std::size_t>(size));
  }
}

void append_line(const std::string& fifo, const std::string& line) {
  const int to = ::open(fifo.c_str(), O_WRONLY | O_CLOEXEC);
  const auto text = line + '\n';
  if (to < 0 || ::write(to, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error(fmt::format("{}: {}", fifo, std::strerror(errno)));
  ::close(to);
}
