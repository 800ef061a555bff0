#include <map>
#include <optional>
#include <set>

#include <doctest/doctest.h>

#include "runtime/base/overloaded.hpp"
#include "runtime/base/random_stream.hpp"
#include "runtime/node/node_manager_core.hpp"
#include "runtime/node/work_key.hpp"
#include "tests/runtime/node/node_history.hpp"
#include "tests/support/seeds.hpp"

using namespace runtime;
using namespace std::chrono_literals;
using core = node_manager_core;

namespace {

constexpr std::uint64_t most_leases = 12;
constexpr std::uint32_t most_works = 3;

/// A machine whose processes, head and owners do whatever the dice say, and what must hold of it meanwhile.
class random_machine {
public:
  explicit random_machine(seed s) : random_(s), node_(a_node(cpus(4)), start) {}

  void step() {
    now_ += std::chrono::milliseconds(random_.below(120));
    do_something();
    check();
  }

  /// Nothing goes wrong any more, all is to end and everything is heard.
  void settle() {
    perform(node_.on_unfenced(now_));
    perform(node_.on_head_linked(now_));
    perform(node_.on_welcome("c", version, 0, now_));
    for (const auto owner : {driver, detached_owner})
      perform(or_throw(node_.on_owner_hello(owner, version, now_)));
    hears_ = true;
    for (std::uint64_t lease = 1; lease <= most_leases; ++lease)
      perform(node_.on_end_lease(lease_id(lease), "the end", now_));
    for (int round = 0; round < 300; ++round) {
      now_ += 100ms;
      perform(node_.on_time(now_));
      package_comes();
      for (const auto worker : all_workers()) {
        const auto p = processes_.at(worker);
        if (p.killed || p.sent_home)
          exits(worker);
        else if (!p.ready)
          becomes_ready(worker);
        else if (p.work && p.stopped)
          ends(worker, /*clean=*/true);
      }
      check();
    }
    REQUIRE(node_.unheard() == 0);
    REQUIRE(node_.book().free() == cpus(4));
    for (const auto lease : accepted_)
      REQUIRE(ended_.count(lease) == 1);
    for (const auto& [key, begun] : begun_)
      if (begun)
        REQUIRE(told_.count(key) == 1);
  }

private:
  struct process {
    std::optional<work_key> work; // It may still run.
    bool ready = false, stopped = false, said_end = false, sent_home = false, killed = false;
  };

  void do_something() {
    const auto lease = 1 + random_.below(most_leases);
    const work_key key{lease_id(lease), static_cast<std::uint32_t>(1 + random_.below(most_works))};
    switch (random_.below(20)) {
    case 0:
    case 1:
    case 2: return grants(lease);
    case 3:
    case 4:
    case 5:
    case 6: return starts(key);
    case 7: return perform(node_.on_stop_work(owner_of(lease), key, 100ms, now_));
    case 8: return perform(node_.on_work_end_heard(owner_of(lease), key, now_));
    case 9:
      if (ended_.count(lease_id(lease)) != 0) // Nobody hears what was not told.
        perform(node_.on_lease_end_heard(lease_id(lease), now_));
      return;
    case 10:
      if (random_.chance(0.3))
        perform(node_.on_end_lease(lease_id(lease), "released", now_));
      return;
    case 11: return head_comes_or_goes();
    case 12:
      if (random_.chance(0.5))
        return perform(or_throw(node_.on_owner_hello(owner_of(lease), version, now_)));
      if (random_.chance(0.3))
        perform(node_.on_owner_lost(owner_of(lease), now_));
      return;
    case 13:
      if (random_.chance(0.1))
        return perform(node_.on_fenced(now_));
      return perform(node_.on_unfenced(now_));
    case 14:
      if (random_.chance(0.2))
        return perform(node_.on_package_failed(a_package, {errc::not_found, "lost"}, now_));
      return package_comes();
    case 15: return perform(node_.on_time(now_));
    default: return worker_does_something();
    }
  }

  // Every third lease is a bundle; always the same for one lease, as the head would repeat it.
  void grants(std::uint64_t lease) {
    if (settled_leases_.count(lease_id(lease)) == 0)
      perform(node_.on_grant(
        {lease_id(lease), owner_of(lease), cpus(static_cast<double>(1 + lease % 3)), {}, is_bundle(lease)}, now_));
  }
  static bool is_bundle(std::uint64_t lease) { return lease % 3 == 0; }
  static owner_id owner_of(std::uint64_t lease) { return lease % 4 == 0 ? detached_owner : driver; }

  void starts(work_key key) {
    auto order = an_order();
    if (is_bundle(key.lease.value) && random_.chance(0.7))
      order.resources = cpus(0.5);
    order.kind = random_.chance(0.5) ? work_kind::actor : work_kind::task;
    const bool was_there = node_.has(key);
    if (random_.chance(0.05))
      perform(node_.on_unreadable_work(owner_of(key.lease.value), key, {errc::invalid_argument, "?"}, now_));
    else
      perform(node_.on_start_work(owner_of(key.lease.value), key, order, a_package, nullptr, now_));
    if (!was_there && node_.has(key))
      begun_[key] = true;
  }

  void head_comes_or_goes() {
    if (random_.chance(0.3))
      return perform(node_.on_head_lost(now_));
    perform(node_.on_head_linked(now_));
    perform(node_.on_welcome("c", version, 0, now_));
  }

  void package_comes() {
    if (package_wanted_)
      perform(node_.on_package_ready(a_package, {"/p/main", {}}, now_));
  }

  void worker_does_something() {
    const auto workers = all_workers();
    if (workers.empty())
      return;
    const auto worker = workers[random_.below(workers.size())];
    const auto p = processes_.at(worker);
    if (p.killed || p.sent_home || random_.chance(0.05))
      exits(worker);
    else if (!p.ready)
      becomes_ready(worker);
    else if (p.work && random_.chance(0.4))
      perform(node_.on_work_started(worker, *p.work, now_));
    else if (p.work && !p.said_end)
      ends(worker, random_.chance(0.7));
  }

  void becomes_ready(worker_id worker) {
    processes_.at(worker).ready = true;
    perform(node_.on_worker_ready(worker, now_));
  }

  void ends(worker_id worker, bool clean) {
    auto& p = processes_.at(worker);
    const auto key = *p.work;
    p.said_end = true;
    if (clean)
      p.work.reset();
    perform(node_.on_work_ended(worker, key, finished("42"), clean, now_));
  }

  void exits(worker_id worker) {
    processes_.erase(worker);
    worker_exit exit;
    exit.worker = worker;
    perform(node_.on_worker_exit(exit, now_));
  }

  void perform(const core::actions& actions) {
    for (const auto& action : actions)
      std::visit(overloaded{
                   [&](const core::accept_lease& a) { accepted_.insert(a.lease); },
                   [&](const core::tell_lease_ended& a) { on_lease_ended(a.lease); },
                   [&](const core::tell_work_ended& a) { on_told(a); },
                   [&](const core::start_worker& a) { REQUIRE(processes_.emplace(a.worker, process{}).second); },
                   [&](const core::run_work& a) { on_run(a); },
                   [&](const core::stop_work& a) { mark(a.worker).stopped = true; },
                   [&](const core::end_worker& a) { mark(a.worker).sent_home = true; },
                   [&](const core::kill_worker& a) { mark(a.worker).killed = true; },
                   [&](const core::want_package&) { package_wanted_ = true; },
                   [&](const core::release_package&) { package_wanted_ = false; },
                   [](const auto&) {},
                 },
                 action);
    hear(actions);
  }

  process& mark(worker_id worker) { return processes_.count(worker) != 0 ? processes_.at(worker) : nobody_; }

  void on_run(const core::run_work& a) {
    auto& p = processes_.at(a.worker);
    REQUIRE(p.ready);
    REQUIRE_FALSE(p.work);
    INFO("work " << fmt::to_string(a.work));
    REQUIRE(run_.insert(a.work).second); // At most once.
    p.work = a.work;
    p.said_end = p.stopped = false;
  }

  void on_lease_ended(lease_id lease) {
    REQUIRE_FALSE(node_.holds(lease));
    for (const auto& [worker, p] : processes_)
      REQUIRE_FALSE((p.work && p.work->lease == lease)); // Nothing runs under it.
    ended_.insert(lease);
    settled_leases_.insert(lease);
  }

  void on_told(const core::tell_work_ended& a) {
    auto& known = told_.emplace(a.work, a.end.cause).first->second;
    if (known == work_end::how::not_started) // Asked for before its lease was known, perhaps.
      known = a.end.cause;
    else if (a.end.cause != work_end::how::not_started)
      REQUIRE(known == a.end.cause);
  }

  void hear(const core::actions& actions) {
    if (!hears_)
      return;
    for (const auto& action : actions) {
      if (const auto* end = std::get_if<core::tell_lease_ended>(&action))
        node_.on_lease_end_heard(end->lease, now_);
      if (const auto* end = std::get_if<core::tell_work_ended>(&action))
        node_.on_work_end_heard(end->owner, end->work, now_);
    }
  }

  void check() const {
    auto held = node_.book().free();
    for (const auto& [lease, holding] : node_.book().held())
      held += holding.resources;
    REQUIRE(held == cpus(4)); // I1: neither more nor less.
    std::map<lease_id, int> running;
    for (const auto& [worker, p] : processes_)
      if (p.work)
        ++running[p.work->lease];
    for (const auto& [lease, count] : running) {
      REQUIRE(node_.holds(lease)); // What runs has its lease.
      REQUIRE((count == 1 || is_bundle(lease.value)));
    }
  }

  std::vector<worker_id> all_workers() const {
    std::vector<worker_id> out;
    for (const auto& [worker, p] : processes_)
      out.push_back(worker);
    return out;
  }

  random_stream random_;
  instant now_ = start;
  core node_;
  std::map<worker_id, process> processes_;
  process nobody_; // An order that crosses the end of its process.
  std::set<lease_id> accepted_, ended_, settled_leases_;
  std::map<work_key, bool> begun_;
  std::map<work_key, work_end::how> told_;
  std::set<work_key> run_;
  bool package_wanted_ = false;
  bool hears_ = false;
};

} // namespace

TEST_CASE("node manager: whatever the history, its book is never overfull, nothing runs without a lease, and every end "
          "is told until it is heard (I1)") {
  for_each_seed(300, [](seed s) {
    random_machine machine(s);
    for (int i = 0; i < 250; ++i)
      machine.step();
    machine.settle();
  });
}
