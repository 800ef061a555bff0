#include "runtime/process/node_events.hpp"

#include <csignal>
#include <thread>
#include <utility>

namespace runtime {
namespace {

sigset_t ending_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  return signals;
}

} // namespace

void node_events::take_signals() {
  const auto signals = ending_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

node_events::node_events() {
  std::thread([this] { // Ends with the process, whose end this object sees.
    const auto signals = ending_signals();
    for (int which = 0;;)
      if (::sigwait(&signals, &which) == 0)
        put(node_event::signal);
  })
    .detach();
}

void node_events::put(node_event what) {
  std::lock_guard guard(mutex_);
  events_.push_back(what);
  changed_.notify_one();
}

void node_events::put_refused(error why) {
  std::lock_guard guard(mutex_);
  why_refused_ = std::move(why);
  events_.push_back(node_event::refused);
  changed_.notify_one();
}

node_event node_events::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !events_.empty(); });
  const auto first = events_.front();
  events_.pop_front();
  return first;
}

error node_events::why_refused() {
  std::lock_guard guard(mutex_);
  return why_refused_;
}

} // namespace runtime
