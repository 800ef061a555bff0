#include "runtime/net/event_loop.hpp"

#include "runtime/base/invariant.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace runtime {
namespace {

constexpr std::uint64_t wake_key = 0, timer_key = 1;

void drain(int counter) { // An eventfd or a timerfd: non-blocking, 8 bytes.
  std::uint64_t count;
  while (::read(counter, &count, sizeof count) > 0) {}
}

} // namespace

event_loop::event_loop()
  : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
    wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
    timer_(::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC)),
    last_key_(timer_key) {
  CAF_TUNE_INVARIANT(epoll_ && wake_ && timer_, "epoll, eventfd or timerfd: {}", system_text(errno));
  for (const auto& [socket, key] : {std::pair{wake_.get(), wake_key}, std::pair{timer_.get(), timer_key}}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = key;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket, &event);
  }
}

event_loop::~event_loop() {
  stop();
}

void event_loop::start(std::function<std::optional<instant>(instant)> on_time) {
  CAF_TUNE_INVARIANT(!thread_.joinable(), "an event loop is started once");
  on_time_ = std::move(on_time);
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all,
                    &before); // The new thread inherits it: signals are for the program's own threads.
  thread_ = std::thread([this] { run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void event_loop::stop() {
  post([this] { is_stopping_ = true; });
  if (thread_.joinable())
    thread_.join();
}

void event_loop::post(std::function<void()> order) {
  {
    std::lock_guard guard(mutex_);
    orders_.push_back(std::move(order));
  }
  const std::uint64_t one = 1;
  // Cannot fail but when 2^64 - 2 orders wait: then the loop wakes up anyhow.
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

instant event_loop::now() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return instant{std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec)};
}

void event_loop::watch(int socket, std::uint32_t events, on_ready then) {
  unwatch(socket);
  epoll_event event{};
  event.events = events;
  event.data.u64 = ++last_key_;
  sockets_.emplace(socket, watched{last_key_, events, std::move(then)});
  keys_.emplace(last_key_, socket);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket, &event);
}

void event_loop::change(int socket, std::uint32_t events) {
  const auto found = sockets_.find(socket);
  if (found == sockets_.end() || found->second.events == events)
    return;
  found->second.events = events;
  epoll_event event{};
  event.events = events;
  event.data.u64 = found->second.key;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, socket, &event);
}

void event_loop::unwatch(int socket) {
  const auto found = sockets_.find(socket);
  if (found == sockets_.end())
    return;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, socket, nullptr);
  keys_.erase(found->second.key);
  sockets_.erase(found);
}

void event_loop::run() {
  arm(on_time_(now()));
  while (!is_stopping_) {
    round(/*wait=*/true);
    take_orders();
    // Whatever else is ready comes before the time, too; not for ever, or a busy socket could stop the clock.
    for (int more = 0; more < 16 && round(/*wait=*/false); ++more) {}
    if (!is_stopping_)
      arm(on_time_(now()));
  }
}

bool event_loop::round(bool wait) {
  std::array<epoll_event, 64> ready{};
  const int count = ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), wait ? -1 : 0);
  bool any_socket = false;
  for (int i = 0; i < count; ++i) {
    const auto& event = ready[static_cast<std::size_t>(i)];
    if (event.data.u64 == wake_key) {
      drain(wake_.get());
      take_orders();
      continue;
    }
    if (event.data.u64 == timer_key) {
      drain(timer_.get());
      continue;
    }
    const auto key = keys_.find(event.data.u64);
    if (key == keys_.end())
      continue; // Unwatched by an event of this round.
    any_socket = true;
    const auto then = sockets_.at(key->second).then; // A copy: it may unwatch itself.
    then(event.events);
  }
  return any_socket;
}

void event_loop::take_orders() {
  std::vector<std::function<void()>> orders;
  {
    std::lock_guard guard(mutex_);
    orders.swap(orders_);
  }
  for (const auto& order : orders)
    order();
}

void event_loop::arm(std::optional<instant> when) {
  itimerspec at{}; // All zero: never.
  if (when) {
    const auto since_boot = std::max(when->time_since_epoch(), core_clock::duration{1}); // 0 would be never.
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_boot);
    at.it_value.tv_sec = seconds.count();
    at.it_value.tv_nsec = (since_boot - seconds).count();
  }
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &at, nullptr);
}

} // namespace runtime
