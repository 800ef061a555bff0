#pragma once

#include "runtime/owner/owner_core.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace owner_test {

using namespace std::chrono_literals;
using namespace runtime;

inline const instant start{1s};

template <class T>
std::vector<T> all(const owner_core::actions& actions) {
  std::vector<T> found;
  for (const auto& action : actions)
    if (const auto* one = std::get_if<T>(&action))
      found.push_back(*one);
  return found;
}

template <class T>
T only(const owner_core::actions& actions) {
  const auto found = all<T>(actions);
  REQUIRE(found.size() == 1);
  return found[0];
}

template <class T>
bool has(const owner_core::actions& actions) {
  return !all<T>(actions).empty();
}

inline std::shared_ptr<work_spec> task_spec(int retries = default_task_retries) {
  auto spec = std::make_shared<work_spec>();
  spec->type_name = "fit";
  spec->wants.resources = cpus(1);
  spec->max_restarts = retries;
  return spec;
}

inline std::shared_ptr<work_spec> actor_spec(std::string name = {}, int max_restarts = 0) {
  auto spec = task_spec(max_restarts);
  spec->kind = work_kind::actor;
  spec->type_name = "counter";
  spec->name = std::move(name);
  return spec;
}

inline std::shared_ptr<const std::string> no_arguments() {
  return std::make_shared<const std::string>();
}

inline granted_lease lease_at(std::uint64_t node, std::uint64_t lease, std::uint32_t bundle = 0) {
  granted_lease out;
  out.lease = lease_id{lease};
  out.node = node_id{node};
  out.node_name = "n" + std::to_string(node);
  out.host = "10.0.0." + std::to_string(node);
  out.port = 7000;
  out.bundle = bundle;
  return out;
}

inline work_key key(std::uint64_t lease, std::uint32_t number = 1) {
  return {lease_id{lease}, number};
}

inline owner_options test_options() {
  owner_options options;
  options.owner = owner_id{42};
  options.head_address = "head:6390";
  return options;
}

/// A core that is connected, with its package ready.
struct connected_core : owner_core {
  connected_core() : owner_core(test_options()) {
    on_begin(start);
    on_head_linked(start);
    on_head_welcome("c", start);
    on_package({}, start);
  }

  void link_node(std::uint64_t where, instant now = start) {
    on_node_linked(node_id{where}, now);
    on_node_welcome(node_id{where}, now);
  }

  /// Its task 1 runs under lease 1 at node 1.
  void run_task(int retries = default_task_retries) {
    on_submit_task(task_id{1}, task_spec(retries), no_arguments(), start);
    on_demand_granted(request_id{1}, {lease_at(1, 1)}, start);
    link_node(1);
    on_work_started(key(1), 100, start);
  }

  /// Its actor 1 runs under lease 1 at node 1.
  void run_actor(int max_restarts = 0) {
    on_submit_actor(actor_id{1}, actor_spec("", max_restarts), no_arguments(), start);
    on_demand_granted(request_id{1}, {lease_at(1, 1)}, start);
    link_node(1);
    on_work_started(key(1), 100, start);
  }
};

inline work_end finished(std::string result = "42") {
  return {work_end::how::finished, std::move(result), {}, 0};
}

inline work_end worker_lost() {
  return {work_end::how::worker_lost, {}, {errc::worker_lost, "worker was killed by signal 9 (SIGKILL)"}, 0};
}

} // namespace owner_test
