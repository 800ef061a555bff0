#include "tune/driver/capacity_watch.hpp"

#include <algorithm>
#include <utility>

#include "tune/controller/trial_demand.hpp"

namespace tune {

capacity_watch::capacity_watch(runtime::cluster& cluster, runtime::resource_set each,
                               std::function<void(std::size_t)> tell, std::chrono::milliseconds interval)
  : cluster_(cluster),
    each_(std::move(each)),
    tell_(std::move(tell)),
    interval_(interval),
    thread_([this] { run(); }) {
}

capacity_watch::~capacity_watch() {
  {
    std::lock_guard guard(mutex_);
    has_ended_ = true;
  }
  ends_.notify_all();
  thread_.join();
}

void capacity_watch::run() {
  std::optional<std::size_t> known;
  std::unique_lock lock(mutex_);
  while (!has_ended_) {
    lock.unlock();
    if (const auto state = cluster_.state()) {
      // At least one: what fits on no node is for the head to say.
      const auto holds = std::max<std::size_t>(1, trials_held(*state, each_));
      if (known != holds)
        tell_(holds);
      known = holds;
    }
    lock.lock();
    ends_.wait_for(lock, interval_, [this] { return has_ended_; });
  }
}

} // namespace tune
