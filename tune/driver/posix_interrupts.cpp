#include "tune/driver/posix_interrupts.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "runtime/base/invariant.hpp"

namespace tune {
namespace {

std::atomic<int> write_end{-1}; // Where the handler writes; a handler can have no object.

extern "C" void on_signal(int number) {
  const int before = errno;
  const auto byte = static_cast<unsigned char>(number);
  if (::write(write_end.load(), &byte, 1) < 0) {
    // The pipe is full of signals that were not heard yet: one more says nothing new.
  }
  errno = before;
}

} // namespace

struct posix_interrupts::handlers {
  struct sigaction of_int = {};
  struct sigaction of_term = {};
};

posix_interrupts::posix_interrupts(std::function<void(const std::string& signal)> told)
  : told_(std::move(told)),
    before_(new handlers) {
  CAF_TUNE_INVARIANT(write_end.load() == -1, "one thing at a time may hear the signals of a process");
  CAF_TUNE_INVARIANT(::pipe2(pipe_, O_CLOEXEC) == 0, "a pipe cannot be made: error {}", errno);
  ::fcntl(pipe_[1], F_SETFL, O_NONBLOCK);
  write_end = pipe_[1];
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, &before_->of_int);
  ::sigaction(SIGTERM, &action, &before_->of_term);
  thread_ = std::thread([this] {
    unsigned char number = 0;
    for (;;) {
      const auto n = ::read(pipe_[0], &number, 1);
      if (n < 0 && errno == EINTR)
        continue;
      if (n != 1 || number == 0)
        return;
      told_(number == SIGINT ? "SIGINT" : "SIGTERM");
    }
  });
}

posix_interrupts::~posix_interrupts() {
  ::sigaction(SIGINT, &before_->of_int, nullptr);
  ::sigaction(SIGTERM, &before_->of_term, nullptr);
  write_end = -1;
  ::close(pipe_[1]); // The thread reads the end.
  thread_.join();
  ::close(pipe_[0]);
  delete before_;
}

} // namespace tune
