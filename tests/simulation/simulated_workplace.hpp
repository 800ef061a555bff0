#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/options.hpp"
#include "runtime/remote_actor.hpp"
#include "tests/simulation/simulated_attempt.hpp"

namespace sim {

class simulated_worker;

/// The cluster as a search sees it: so many places for trial runners, on a few nodes; what is called there, and what
/// becomes of them, arrives a little later, in order. Workers outlive their driver, and even their node's link to it.
class workplace {
public:
  workplace(network& net, disk& storage, search_history& history, const trial_habits& habits, std::uint64_t seed);
  ~workplace();
  workplace(const workplace&) = delete;
  workplace& operator=(const workplace&) = delete;

  void set_places(std::size_t places) { places_ = places; }
  std::size_t places() const { return places_; }
  /// For the driver with this process.
  [[nodiscard]] runtime::result<runtime::remote_actor> spawn(const std::shared_ptr<process>& driver,
                                                             const runtime::actor_options& how);
  void on_driver_died(const std::shared_ptr<process>& driver); ///< Its workers hear of it, save and end.
  bool is_attempt_running(tune::trial_id trial, tune::attempt_number attempt) const;
  bool is_empty() const { return workers_.empty(); }

  // What goes wrong.
  void crash_one(random_stream& random);
  /// The driver is told that a node is lost; its workers may run on for a few seconds, and leave their last words.
  void lose_node(random_stream& random);
  void lose_power(); ///< Everything ends, and nobody is told.

private:
  friend class simulated_worker;
  void fill_places();
  void remove(simulated_worker& gone);
  std::string free_node(const std::string& avoided) const;
  std::vector<std::shared_ptr<simulated_worker>> running() const;

  network& net_;
  disk& storage_;
  search_history& history_;
  const trial_habits& habits_;
  random_stream random_;
  std::size_t places_ = 1;
  std::vector<std::shared_ptr<simulated_worker>> workers_; ///< That are there.
  std::deque<std::shared_ptr<simulated_worker>> waiting_;  ///< For a place.
};

} // namespace sim
