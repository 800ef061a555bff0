#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "runtime/cluster.hpp"
#include "runtime/resources/resource_set.hpp"
#include "tune/driver/controller_actor.hpp"

namespace tune {

/// Asks the cluster again and again how many trials it can run at once, and, if told to look at it, what room it has
/// for larger ones; on a thread of its own. Tells when that has changed. Where the head does not answer, what was known
/// holds.
class capacity_watch {
public:
  enum class look_at { trials, trials_and_room };
  capacity_watch(runtime::cluster& cluster, runtime::resource_set each, look_at what,
                 std::function<void(cluster_holds)> tell, std::chrono::milliseconds interval = std::chrono::seconds(1));
  ~capacity_watch();

private:
  void run();

  runtime::cluster& cluster_;
  runtime::resource_set each_;
  look_at what_;
  std::function<void(cluster_holds)> tell_;
  std::chrono::milliseconds interval_;
  std::mutex mutex_;
  std::condition_variable ends_;
  bool has_ended_ = false;
  std::thread thread_; ///< Last: it uses the others.
};

} // namespace tune
