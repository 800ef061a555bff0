#include "tune/background/posix_background_thread.hpp"

#include <chrono>
#include <utility>

namespace tune {

background_thread::~background_thread() {
  finish();
}

void background_thread::start(step what) {
  step_ = std::move(what);
  thread_ = std::thread([this] { run(); });
}

void background_thread::wake() {
  {
    const std::lock_guard<std::mutex> hold(mutex_);
    is_woken_ = true;
  }
  news_.notify_one();
}

void background_thread::finish() {
  if (!thread_.joinable())
    return;
  {
    const std::lock_guard<std::mutex> hold(mutex_);
    ends_ = true;
  }
  news_.notify_one();
  thread_.join();
}

runtime::instant background_thread::now() const {
  return runtime::instant{std::chrono::steady_clock::now().time_since_epoch()};
}

void background_thread::run() {
  std::optional<runtime::instant> next;
  std::unique_lock<std::mutex> hold(mutex_);
  for (bool is_last = false; !is_last;) {
    wait(hold, next);
    is_woken_ = false;
    const bool ends = ends_;
    hold.unlock();
    next = step_(now());
    hold.lock();
    is_last = ends && !is_woken_ && (!next || *next > now());
  }
}

void background_thread::wait(std::unique_lock<std::mutex>& hold, std::optional<runtime::instant> until) {
  const auto is_called = [this] { return is_woken_ || ends_; };
  if (until)
    news_.wait_until(hold, std::chrono::steady_clock::time_point(until->time_since_epoch()), is_called);
  else
    news_.wait(hold, is_called);
}

} // namespace tune
