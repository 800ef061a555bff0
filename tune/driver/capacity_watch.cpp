#include "tune/driver/capacity_watch.hpp"

#include <algorithm>
#include <utility>

#include "tune/controller/trial_demand.hpp"

namespace tune {

capacity_watch::capacity_watch(runtime::cluster& cluster, runtime::resource_set each, look_at what,
                               std::function<void(cluster_holds)> tell, std::chrono::milliseconds interval)
  : cluster_(cluster),
    each_(std::move(each)),
    what_(what),
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
  std::optional<cluster_holds> known;
  std::unique_lock lock(mutex_);
  while (!has_ended_) {
    lock.unlock();
    if (const auto state = cluster_.state()) {
      // At least one: what fits on no node is for the head to say.
      const cluster_holds now{std::max<std::size_t>(1, trials_held(*state, each_)),
                              what_ == look_at::trials_and_room ? room_in(*state, each_) : cluster_room()};
      if (!known || known->trials != now.trials || known->room != now.room)
        tell_(now);
      known = now;
    }
    lock.lock();
    ends_.wait_for(lock, interval_, [this] { return has_ended_; });
  }
}

} // namespace tune
