#include "tune/driver/callback_thread.hpp"

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include <cxxabi.h>
#include <fmt/format.h>

#include "runtime/base/describe_exception.hpp"
#include "tune/callback/callback_backlog.hpp"

namespace tune {
namespace {

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

} // namespace

struct callback_thread::shared {
  struct listener {
    std::shared_ptr<callback> whom;
    std::uint64_t thrown = 0; ///< How often it has.
  };

  explicit shared(callback_limits of) : limits(of), backlog(of.most_waiting) {}

  const callback_limits limits;
  std::vector<listener> listeners; ///< Of the thread alone, but for `thrown`.
  std::mutex mutex;
  std::condition_variable news;
  std::condition_variable ended;
  callback_backlog backlog;
  std::function<void(const std::string&)> on_trouble; ///< Empty: nobody wants to know any more.
  bool is_finishing = false;                          ///< The thread ends when nothing waits.
  bool is_left_alone = false;                         ///< It ends as soon as it can.
  bool has_ended = false;
  std::thread thread;

  void warn(const std::string& what) {
    if (on_trouble)
      on_trouble(what);
  }
  void run();
  void tell_one(std::size_t which, const callback_event& what);
};

void callback_thread::shared::run() {
  std::unique_lock hold(mutex);
  for (;;) {
    news.wait(hold, [this] { return is_finishing || is_left_alone || backlog.size() > 0; });
    const auto next = is_left_alone ? std::nullopt : backlog.take();
    if (!next)
      break;
    hold.unlock();
    for (std::size_t i = 0; i < listeners.size(); ++i)
      tell_one(i, *next);
    hold.lock();
  }
  has_ended = true;
  ended.notify_all();
}

void callback_thread::shared::tell_one(std::size_t which, const callback_event& what) {
  try {
    tell(*listeners[which].whom, what);
  } catch (const abi::__forced_unwind&) { // Nobody may stop it here; its thread is gone, which finish() finds out.
    throw;
  } catch (...) {
    const auto why = runtime::describe_exception(std::current_exception());
    std::lock_guard hold(mutex);
    if (listeners[which].thrown++ == 0)
      warn(fmt::format("callback {} threw in {}, and is told the next event all the same: {}", which + 1, name_of(what),
                       why));
  }
}

callback_thread::callback_thread(std::vector<std::shared_ptr<callback>> callbacks, callback_limits limits,
                                 std::function<void(const std::string&)> on_trouble)
  : shared_(std::make_shared<shared>(limits)) {
  for (auto& each : callbacks)
    shared_->listeners.push_back({std::move(each), 0});
  shared_->on_trouble = std::move(on_trouble);
  shared_->thread = std::thread([all = shared_] { all->run(); });
}

callback_thread::~callback_thread() {
  finish();
}

void callback_thread::add(callback_event what) {
  {
    std::lock_guard hold(shared_->mutex);
    if (shared_->backlog.add(std::move(what)) == callback_backlog::added::dropped_first)
      shared_->warn(fmt::format("callbacks are slower than the experiment: {} events wait for them, and what comes "
                                "while so many wait is dropped",
                                shared_->limits.most_waiting));
  }
  shared_->news.notify_one();
}

void callback_thread::finish() {
  auto& all = *shared_;
  if (!all.thread.joinable())
    return;
  std::unique_lock hold(all.mutex);
  all.is_finishing = true;
  all.news.notify_one();
  const bool in_time = all.ended.wait_for(hold, all.limits.end_deadline, [&all] { return all.has_ended; });
  if (!in_time)
    all.warn(
      fmt::format("a callback has not returned within {:g} s of the experiment's end and is left alone; {} events "
                  "were not told",
                  seconds(all.limits.end_deadline), all.backlog.size()));
  if (all.backlog.dropped() > 0)
    all.warn(fmt::format("callbacks were not told {} of {} events, which came while {} waited", all.backlog.dropped(),
                         all.backlog.heard_of(), all.limits.most_waiting));
  for (std::size_t i = 0; i < all.listeners.size(); ++i)
    if (all.listeners[i].thrown > 1)
      all.warn(fmt::format("callback {} threw {} times", i + 1, all.listeners[i].thrown));
  all.on_trouble = nullptr;
  all.is_left_alone = true;
  if (!in_time)
    return all.thread.detach();
  hold.unlock();
  all.thread.join();
}

} // namespace tune
