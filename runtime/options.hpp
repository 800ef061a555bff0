#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "runtime/base/id.hpp"
#include "runtime/head/demand.hpp"

namespace runtime {

/// What tasks and actors are asked for alike; each setter returns the options, so that they read as one phrase:
/// `runtime::task_options().cpus(2).memory("4GiB").label("disk", "ssd")`. What cannot be (a bad amount, a name that is
/// not 1 to 255 bytes of UTF-8, less than no retry) throws runtime::failure at once, before anything runs.
template <class Options>
class work_options {
public:
  Options& cpus(double n) { return resource("cpu", n); }
  Options& gpus(double n) { return resource("gpu", n); } ///< Whole ones, or a part of one: 0.5, 2, not 1.5.
  Options& memory(const std::string& amount);            ///< "16GiB", "500MB", or bytes.
  Options& resource(const std::string& name, double n);  ///< A custom one.
  Options& resources(resource_set all) {
    return wants_.resources = std::move(all), self();
  } ///< Instead of the default.

  // Which of the nodes that have room; the last of these counts. By default nodes are filled by half, then spread over.
  Options& spread() { return wants_.placement = {placement_kind::spread, {}}, self(); } ///< The least used one.
  Options& pack() { return wants_.placement = {placement_kind::pack, {}}, self(); }     ///< The most used one.
  Options& on_node(std::string name);                  ///< This one; if there is none of the name: infeasible.
  Options& near_node(std::string name);                ///< This one; another where it has no room, or is not there.
  Options& avoid_node(std::string name);               ///< Any other first; this one only if no other has room.
  Options& label(std::string name, std::string value); ///< Only on nodes that have it.
  Options& prefer_label(std::string name, std::string value); ///< Nodes that have it first.
  /// Of what waits, the more urgent is granted first, whoever waits longer. Default 0. Nothing is interrupted for it.
  Options& priority(std::int32_t more_is_more_urgent) { return wants_.priority = more_is_more_urgent, self(); }

  /// Wait for nodes to come that are large enough; otherwise what fits on no node is an error at once.
  Options& wait_for_nodes() { return wants_.waits_for_nodes = true, self(); }
  Options& environment(std::string name, std::string value); ///< A variable for the worker.
  Options& in(group_id group, std::uint32_t bundle) {        ///< Under the lease of a placement group's bundle.
    return group_ = group, bundle_ = bundle, self();
  }

  const demand& wants() const noexcept { return wants_; }
  const std::map<std::string, std::string>& environment() const noexcept { return environment_; }
  group_id group() const noexcept { return group_; }
  std::uint32_t bundle() const noexcept { return bundle_; }

private:
  Options& self() { return static_cast<Options&>(*this); }

  demand wants_;
  std::map<std::string, std::string> environment_;
  group_id group_;
  std::uint32_t bundle_ = 0;
};

/// How a task is run. By default it takes one cpu.
class task_options : public work_options<task_options> {
public:
  task_options() { cpus(1); }

  /// How often it is run again after a loss by the system (its worker or node was lost); the user's own errors are
  /// never retried. -1: without limit. Default 3, as in Ray.
  task_options& retries(int n);
  int retries() const noexcept { return retries_; }

  /// For map(): at most so many tasks are queued or running at once; at least 1. Default 1,000.
  task_options& most_in_flight(std::size_t n);
  std::size_t most_in_flight() const noexcept { return most_in_flight_; }

private:
  int retries_ = 3;
  std::size_t most_in_flight_ = 1000;
};

/// How an actor is run. By default it takes one cpu, has no name, ends with its driver and is not restarted.
class actor_options : public work_options<actor_options> {
public:
  actor_options() { cpus(1); }

  actor_options& name(std::string unique); ///< 1 to 255 bytes of UTF-8.
  const std::string& name() const noexcept { return name_; }

  /// It outlives the driver: the cluster owns it. With a name, an actor of this name that is there already is used.
  /// Not together with in(): a placement group ends with its driver.
  actor_options& detached() { return detached_ = true, *this; }
  bool is_detached() const noexcept { return detached_; }

  /// After a loss it starts again, as new. -1: without limit. Default 0, as in Ray.
  actor_options& max_restarts(int n);
  int max_restarts() const noexcept { return max_restarts_; }

  /// An actor of this name that is there already is used instead; what else was asked for does not matter then.
  /// Detached actors do so anyway.
  actor_options& get_if_exists() { return get_if_exists_ = true, *this; }
  bool gets_if_exists() const noexcept { return get_if_exists_ || detached_; }

private:
  std::string name_;
  bool detached_ = false;
  bool get_if_exists_ = false;
  int max_restarts_ = 0;
};

extern template class work_options<task_options>;
extern template class work_options<actor_options>;

} // namespace runtime
