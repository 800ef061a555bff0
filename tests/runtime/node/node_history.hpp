#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <variant>

#include <doctest/doctest.h>

#include "runtime/node/node_manager_core.hpp"

// A node manager's core in the middle of its life, and what may happen to it.

inline constexpr runtime::instant start{};
inline constexpr runtime::owner_id driver{7};
inline const std::string version = "1.0";
inline const runtime::package_id a_package = [] {
  runtime::package_id id;
  id.value.fill(0xab);
  return id;
}();

template <class Action>
bool has(const runtime::node_manager_core::actions& actions) {
  return std::any_of(actions.begin(), actions.end(), [](const auto& a) { return std::holds_alternative<Action>(a); });
}

/// The first of its kind; there must be one.
template <class Action>
const Action& get(const runtime::node_manager_core::actions& actions) {
  const auto found =
    std::find_if(actions.begin(), actions.end(), [](const auto& a) { return std::holds_alternative<Action>(a); });
  REQUIRE(found != actions.end());
  return std::get<Action>(*found);
}

inline runtime::node_manager_options a_node(runtime::resource_set total) {
  runtime::node_manager_options options;
  options.node.id = runtime::node_id(11);
  options.node.start = runtime::incarnation(5);
  options.node.name = "n1";
  options.node.total = std::move(total);
  options.version = version;
  return options;
}

inline runtime::work_order an_order() {
  runtime::work_order order;
  order.type_name = "square";
  order.arguments = "7";
  return order;
}

inline runtime::work_end finished(std::string result) {
  return {runtime::work_end::how::finished, std::move(result), {}, 0};
}

/// Linked, welcomed, with one owner.
struct node_history {
  explicit node_history(runtime::resource_set total) : node_history(a_node(std::move(total))) {}
  explicit node_history(runtime::node_manager_options options) : node(std::move(options), ::start) {
    node.on_time(now);
    node.on_head_linked(now);
    node.on_welcome("c", version, 0, now);
    runtime::or_throw(node.on_owner_hello(driver, version, now));
  }

  runtime::node_manager_core::actions grant(std::uint64_t lease, runtime::resource_set resources, bool bundle = false,
                                            runtime::owner_id owner = driver,
                                            std::vector<runtime::gpu_share> gpus = {}) {
    return node.on_grant({runtime::lease_id(lease), owner, std::move(resources), std::move(gpus), bundle}, now);
  }

  /// The package is there at once, unless has_package is false.
  runtime::node_manager_core::actions start(std::uint64_t lease, runtime::work_order order = an_order(),
                                            std::uint32_t number = 1) {
    auto actions =
      node.on_start_work(driver, {runtime::lease_id(lease), number}, std::move(order), a_package, nullptr, now);
    if (has_package && has<runtime::node_manager_core::want_package>(actions))
      for (auto& action : node.on_package_ready(a_package, {"/packages/ab/main", {}}, now))
        actions.push_back(std::move(action));
    return actions;
  }

  /// As start(), until a worker has it.
  runtime::worker_id run(std::uint64_t lease, runtime::work_order order = an_order(), std::uint32_t number = 1) {
    start(lease, std::move(order), number);
    const auto worker = node.workers().worker_of({runtime::lease_id(lease), number});
    REQUIRE(worker);
    node.on_worker_started(*worker, static_cast<std::uint32_t>(100 + worker->value), now);
    node.on_worker_ready(*worker, now);
    return *worker;
  }

  runtime::node_manager_core::actions work_ends(std::uint64_t lease, std::uint32_t number = 1) {
    const runtime::work_key key{runtime::lease_id(lease), number};
    const auto worker = node.workers().worker_of(key);
    REQUIRE(worker);
    return node.on_work_ended(*worker, key, finished("42"), /*clean=*/true, now);
  }

  runtime::node_manager_core::actions worker_exits(runtime::worker_id worker) {
    runtime::worker_exit exit;
    exit.worker = worker;
    return node.on_worker_exit(exit, now);
  }

  runtime::node_manager_core::actions pass(std::chrono::nanoseconds time) { return node.on_time(now += time); }

  runtime::instant now = ::start;
  runtime::node_manager_core node;
  bool has_package = true;
};
