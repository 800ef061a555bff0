#include "runtime/node/worker_table.hpp"

#include <algorithm>
#include <vector>

#include <doctest/doctest.h>

#include "runtime/base/random_stream.hpp"
#include "tests/support/seeds.hpp"

using namespace runtime;
using namespace std::chrono_literals;
using table = worker_table;

namespace {

constexpr instant start{};

work_key work(std::uint64_t lease) {
  return {lease_id(lease), 1};
}

worker_spec spec(std::uint64_t owner = 7, std::string gpus = "") {
  return {owner_id(owner), "package", {{"CUDA_VISIBLE_DEVICES", std::move(gpus)}}};
}

template <class T>
const T& only(const table::actions& actions) {
  REQUIRE(actions.size() == 1);
  REQUIRE(std::holds_alternative<T>(actions[0]));
  return std::get<T>(actions[0]);
}

template <class T>
const T& nth(const table::actions& actions, std::size_t n, std::size_t of) {
  REQUIRE(actions.size() == of);
  REQUIRE(std::holds_alternative<T>(actions[n]));
  return std::get<T>(actions[n]);
}

/// A worker that was started for that work and has it.
worker_id busy_worker(table& workers, work_key key, instant now = start, const worker_spec& what = spec()) {
  const auto id = only<table::start_worker>(workers.on_wanted(key, what, now)).worker;
  CHECK(only<table::run_work>(workers.on_registered(id, now)).work == key);
  return id;
}

worker_id idle_worker(table& workers, work_key key, instant now = start, const worker_spec& what = spec()) {
  const auto id = busy_worker(workers, key, now, what);
  workers.on_work_ended(id, key, /*clean=*/true, now);
  return id;
}

worker_exit exit_of(worker_id id) {
  worker_exit exit;
  exit.worker = id;
  return exit;
}

} // namespace

TEST_CASE("worker table: work waits for its worker, which runs it once it has registered") {
  table workers;

  const auto started = workers.on_wanted(work(1), spec(), start);
  const auto& order = only<table::start_worker>(started);
  CHECK(order.spec == spec());
  CHECK(workers.state_of(order.worker) == worker_state::starting);
  CHECK(workers.on_wanted(work(1), spec(), start).empty()); // Wanted twice: one order.

  const auto registered = workers.on_registered(order.worker, start + 3ms);
  CHECK(only<table::run_work>(registered).work == work(1));
  CHECK(workers.state_of(order.worker) == worker_state::busy);
  CHECK(workers.worker_of(work(1)) == order.worker);
  CHECK(workers.work_of(order.worker) == work(1));
  CHECK(workers.on_registered(order.worker, start + 4ms).empty());
}

TEST_CASE("worker table: an idle worker runs the next work of the same owner, package and environment") {
  table workers;
  const auto first = busy_worker(workers, work(1));
  const auto ended = workers.on_work_ended(first, work(1), /*clean=*/true, start);
  CHECK(nth<table::work_ended>(ended, 0, 2).work == work(1));
  CHECK(nth<table::give_back>(ended, 1, 2).work == work(1));

  const auto again = workers.on_wanted(work(2), spec(), start);

  CHECK(only<table::run_work>(again).worker == first);
  CHECK(workers.size() == 1);
}

TEST_CASE("worker table: a worker with devices serves one work, and holds them until it is gone") {
  table workers;
  const auto on_device = [] {
    auto with = spec(7, "0");
    with.has_devices = true;
    return with;
  }();
  SUBCASE("its work has ended") {
    const auto id = busy_worker(workers, work(1), start, on_device);

    const auto ended = workers.on_work_ended(id, work(1), /*clean=*/true, start);

    CHECK(nth<table::work_ended>(ended, 0, 2).work == work(1));
    CHECK(nth<table::end_worker>(ended, 1, 2).worker == id);
    CHECK(only<table::start_worker>(workers.on_wanted(work(2), on_device, start)).worker != id);
    CHECK(only<table::give_back>(workers.on_exit(exit_of(id), start)).work == work(1));
  }
  SUBCASE("its work was stopped before it began") {
    const auto id = only<table::start_worker>(workers.on_wanted(work(1), on_device, start)).worker;

    const auto stopped = workers.on_stop(work(1), start, start);

    CHECK_FALSE(nth<table::work_ended>(stopped, 0, 2).ran);
    CHECK(nth<table::kill_worker>(stopped, 1, 2).worker == id);
    CHECK(only<table::give_back>(workers.on_exit(exit_of(id), start)).work == work(1));
  }
  SUBCASE("its owner was gone before it began") {
    const auto id = only<table::start_worker>(workers.on_wanted(work(1), on_device, start)).worker;

    const auto gone = workers.on_owner_gone(owner_id(7), start);

    CHECK(nth<table::kill_worker>(gone, 1, 2).worker == id);
    CHECK(only<table::give_back>(workers.on_exit(exit_of(id), start)).work == work(1));
  }
}

TEST_CASE("worker table: work of another owner, package or environment gets a worker of its own") {
  table workers;
  idle_worker(workers, work(1));
  auto other_package = spec();
  other_package.package = "other";

  CHECK(std::holds_alternative<table::start_worker>(workers.on_wanted(work(2), spec(8), start)[0]));
  CHECK(std::holds_alternative<table::start_worker>(workers.on_wanted(work(3), spec(7, "0"), start)[0]));
  CHECK(std::holds_alternative<table::start_worker>(workers.on_wanted(work(4), other_package, start)[0]));
  CHECK(workers.idle() == 1);
}

TEST_CASE(
  "worker table: a worker that is not clean after its work is sent home, and holds what it held until it is gone") {
  table workers;
  const auto id = busy_worker(workers, work(1));

  const auto ended = workers.on_work_ended(id, work(1), /*clean=*/false, start);
  CHECK(nth<table::work_ended>(ended, 0, 2).work == work(1));
  CHECK(nth<table::end_worker>(ended, 1, 2).worker == id);
  CHECK(workers.state_of(id) == worker_state::ending);

  CHECK(only<table::give_back>(workers.on_exit(exit_of(id), start)).work == work(1));
  CHECK(workers.size() == 0);
}

TEST_CASE("worker table: a worker's death loses its work, with the cause") {
  table workers;
  const auto id = busy_worker(workers, work(1));
  auto crash = exit_of(id);
  crash.kind = exit_kind::signalled;
  crash.signal = 11;

  const auto lost = workers.on_exit(crash, start);

  CHECK(nth<table::work_lost>(lost, 0, 2).work == work(1));
  CHECK(nth<table::work_lost>(lost, 0, 2).exit.signal == 11);
  CHECK_FALSE(nth<table::work_lost>(lost, 0, 2).stop_wanted);
  CHECK(nth<table::give_back>(lost, 1, 2).work == work(1));
  CHECK(workers.on_exit(crash, start).empty());
  CHECK(workers.on_work_ended(id, work(1), /*clean=*/true, start).empty());
}

TEST_CASE("worker table: a worker that does not register in time is killed, and its work is lost for that cause") {
  table workers;
  const auto id = only<table::start_worker>(workers.on_wanted(work(1), spec(), start)).worker;
  REQUIRE(workers.wake_at() == start + 30s);
  CHECK(workers.on_time(start + 29s).empty());

  const auto late = workers.on_time(start + 30s);
  CHECK(only<table::kill_worker>(late).worker == id);
  CHECK(only<table::kill_worker>(late).why ==
        "it was not ready for work within 30 s: main() must begin with runtime::session");
  CHECK(workers.on_registered(id, start + 31s).empty());
  CHECK_FALSE(workers.wake_at());

  const auto lost = workers.on_exit(exit_of(id), start + 31s);
  CHECK(nth<table::work_lost>(lost, 0, 2).exit.message ==
        "it was not ready for work within 30 s: main() must begin with runtime::session");
}

TEST_CASE("worker table: a worker that ends before it is ready is told what its main() lacks") {
  table workers;
  const auto id = only<table::start_worker>(workers.on_wanted(work(1), spec(), start)).worker;

  const auto lost = workers.on_exit(exit_of(id), start + 1s);

  CHECK(nth<table::work_lost>(lost, 0, 2).exit.message ==
        "it was not ready for work yet: main() must begin with runtime::session");
}

TEST_CASE("worker table: idle workers are sent home after a while, and killed if they do not go") {
  table workers;
  const auto id = idle_worker(workers, work(1));
  REQUIRE(workers.wake_at() == start + 60s);

  CHECK(only<table::end_worker>(workers.on_time(start + 60s)).worker == id);
  REQUIRE(workers.wake_at() == start + 65s);
  CHECK(only<table::kill_worker>(workers.on_time(start + 65s)).why == "it did not exit within 5 s");
  CHECK(std::holds_alternative<table::start_worker>(workers.on_wanted(work(2), spec(), start + 65s)[0]));
  CHECK(workers.on_exit(exit_of(id), start + 66s).empty());
}

TEST_CASE("worker table: of too many idle workers the one that is idle longest goes") {
  worker_table_options options;
  options.max_idle = 2;
  table workers(options);
  const auto a = busy_worker(workers, work(1)), b = busy_worker(workers, work(2)), c = busy_worker(workers, work(3));
  workers.on_work_ended(b, work(2), /*clean=*/true, start + 1s);
  workers.on_work_ended(a, work(1), /*clean=*/true, start + 2s);

  const auto actions = workers.on_work_ended(c, work(3), /*clean=*/true, start + 3s);

  CHECK(nth<table::end_worker>(actions, 2, 3).worker == b);
  CHECK(workers.idle() == 2);
}

TEST_CASE("worker table: a stop is polite until its deadline, then it kills") {
  table workers;
  const auto id = busy_worker(workers, work(1));

  CHECK(only<table::stop_work>(workers.on_stop(work(1), start + 10s, start)).worker == id);
  CHECK(workers.on_stop(work(1), start + 20s, start).empty()); // The earliest deadline counts.
  REQUIRE(workers.wake_at() == start + 10s);
  CHECK(only<table::kill_worker>(workers.on_time(start + 10s)).worker == id);

  const auto lost = workers.on_exit(exit_of(id), start + 11s);
  CHECK(nth<table::work_lost>(lost, 0, 2).stop_wanted);
  CHECK(nth<table::work_lost>(lost, 0, 2).exit.message == "it did not stop within the time it was given");
}

TEST_CASE("worker table: a work that stops in time leaves its worker to the next one") {
  table workers;
  const auto id = busy_worker(workers, work(1));
  workers.on_stop(work(1), start + 10s, start);
  workers.on_work_ended(id, work(1), /*clean=*/true, start + 1s);

  CHECK(workers.wake_at() == start + 61s);
  CHECK(only<table::run_work>(workers.on_wanted(work(2), spec(), start + 2s)).worker == id);
  CHECK(workers.on_time(start + 10s).empty()); // The deadline was the first work's.
}

TEST_CASE("worker table: a stop without time kills at once") {
  table workers;
  const auto id = busy_worker(workers, work(1));

  CHECK(only<table::kill_worker>(workers.on_stop(work(1), start, start)).worker == id);
  CHECK(workers.on_stop(work(1), start, start).empty());
}

TEST_CASE(
  "worker table: a work that is stopped before its worker is there never runs, and the worker serves the next") {
  table workers;
  const auto id = only<table::start_worker>(workers.on_wanted(work(1), spec(), start)).worker;

  const auto stopped = workers.on_stop(work(1), start + 10s, start);
  CHECK(nth<table::work_ended>(stopped, 0, 2).work == work(1));
  CHECK_FALSE(nth<table::work_ended>(stopped, 0, 2).ran);
  CHECK(nth<table::give_back>(stopped, 1, 2).work == work(1));
  CHECK(workers.on_wanted(work(2), spec(), start).empty()); // Waits for the same worker.
  CHECK(only<table::run_work>(workers.on_registered(id, start)).work == work(2));
}

TEST_CASE("worker table: a worker without work that registers is idle") {
  table workers;
  const auto id = only<table::start_worker>(workers.on_wanted(work(1), spec(), start)).worker;
  workers.on_stop(work(1), start + 10s, start);

  CHECK(workers.on_registered(id, start).empty());
  CHECK(workers.state_of(id) == worker_state::idle);
}

TEST_CASE("worker table: when an owner is gone its workers end, the others stay") {
  table workers;
  const auto idle = idle_worker(workers, work(1));
  const auto busy = busy_worker(workers, work(2), start, spec(7, "0"));
  const auto starting = only<table::start_worker>(workers.on_wanted(work(3), spec(7, "1"), start)).worker;
  const auto other = busy_worker(workers, work(4), start, spec(8));

  const auto actions = workers.on_owner_gone(owner_id(7), start);

  CHECK(nth<table::end_worker>(actions, 0, 5).worker == idle);
  CHECK(nth<table::stop_work>(actions, 1, 5).worker == busy);
  CHECK(nth<table::work_ended>(actions, 2, 5).work == work(3));
  CHECK(nth<table::give_back>(actions, 3, 5).work == work(3));
  CHECK(nth<table::kill_worker>(actions, 4, 5).worker == starting);
  CHECK(workers.state_of(other) == worker_state::busy);
  CHECK(workers.on_owner_gone(owner_id(7), start).empty());
  const auto ended = workers.on_work_ended(busy, work(2), /*clean=*/true, start + 1s);
  CHECK(nth<table::end_worker>(ended, 1, 2).worker == busy); // Clean, but for nobody.
}

TEST_CASE("worker table: a worker that survives SIGKILL holds what it held until its exit is seen") {
  table workers;
  const auto id = busy_worker(workers, work(1));
  CHECK(only<table::kill_worker>(workers.on_kill_all("the node is fenced", start)).why == "the node is fenced");
  CHECK(workers.on_kill_all("the node is fenced", start).empty());

  CHECK(workers.on_time(start + 24h).empty());
  CHECK(workers.worker_of(work(1)) == id);
  const auto lost = workers.on_exit(exit_of(id), start + 24h);
  CHECK(nth<table::work_lost>(lost, 0, 2).exit.message == "the node is fenced");
}

TEST_CASE("worker table: the host's own reason goes before ours") {
  table workers;
  const auto id = busy_worker(workers, work(1));
  workers.on_stop(work(1), start, start);
  auto exit = exit_of(id);
  exit.message = "it left 300 MiB unread";

  CHECK(nth<table::work_lost>(workers.on_exit(exit, start), 0, 2).exit.message == "it left 300 MiB unread");
}

TEST_CASE("worker table: with as many workers as may be, work is lost at once and says so") {
  worker_table_options options;
  options.max_workers = 1;
  table workers(options);
  busy_worker(workers, work(1));

  const auto lost = workers.on_wanted(work(2), spec(), start);

  CHECK(describe(nth<table::work_lost>(lost, 0, 2).exit) ==
        "worker could not be started: the node has 1 worker processes, as many as it may");
  CHECK(nth<table::give_back>(lost, 1, 2).work == work(2));
  CHECK_FALSE(workers.worker_of(work(2)));
}

TEST_CASE("worker table: options out of range are named, all at once") {
  worker_table_options options;
  options.register_within = 0s;
  options.idle_limit = -1s;
  options.max_workers = 0;

  const auto valid = validate(options);

  CHECK(validate({}));
  REQUIRE_FALSE(valid);
  CHECK(valid.error().message == "workers: register_within must be more than 0; idle_limit must not be negative; "
                                 "max_workers must be at least 1");
}

namespace {

/// The processes and works as they look from outside, and what must hold of them whatever happens.
class model {
public:
  explicit model(seed s) : random_(s), workers_(options()) {}

  void step() {
    now_ += std::chrono::milliseconds(random_.below(300));
    switch (random_.below(12)) {
    case 0:
    case 1:
    case 2: want(); break;
    case 3:
    case 4:
    case 5: perform(workers_.on_registered(any_worker(), now_)); break;
    case 6:
    case 7: end_work(); break;
    case 8: perform(workers_.on_stop(any_work(), now_ + std::chrono::milliseconds(random_.below(2000)), now_)); break;
    case 9: exit(any_worker(), /*by_force=*/random_.chance(0.3)); break;
    case 10:
      if (random_.chance(0.1))
        perform(workers_.on_owner_gone(owner_id(random_.below(3)), now_));
      if (random_.chance(0.02))
        perform(workers_.on_kill_all("fenced", now_));
      break;
    case 11: perform(workers_.on_time(now_)); break;
    }
    CHECK(workers_.idle() <= options().max_idle);
    CHECK(workers_.size() == processes_.size());
  }

  /// Time passes, and whoever is told to go goes: then nothing is left.
  void finish() {
    for (int round = 0; round < 10; ++round) {
      for (const auto& [id, p] : std::map<worker_id, process>(processes_))
        if (p.is_killed)
          exit(id, /*by_force=*/true);
        else if (!p.is_registered)
          perform(workers_.on_registered(id, now_));
        else if (p.works_on.lease)
          perform(workers_.on_stop(p.works_on, now_, now_));
      if (const auto due = workers_.wake_at())
        now_ = *due;
      perform(workers_.on_time(now_));
      CHECK((!workers_.wake_at() || *workers_.wake_at() > now_));
    }
    CHECK(processes_.empty());
    CHECK(workers_.size() == 0);
    for (const auto& [key, seen] : works_) {
      INFO("work " << fmt::format("{}", key));
      CHECK(seen.ends == 1);
      CHECK(seen.give_backs == 1);
    }
  }

private:
  struct process {
    bool is_registered = false;
    bool is_sent_home = false;
    bool is_killed = false;
    work_key works_on;
  };
  struct fate {
    int ends = 0, give_backs = 0;
    bool has_devices = false;
    worker_id runs_in;
  };

  static worker_table_options options() {
    worker_table_options o;
    o.register_within = 2s;
    o.idle_limit = 3s;
    o.exit_within = 1s;
    o.max_idle = 3;
    o.max_workers = 12;
    return o;
  }

  worker_id any_worker() {
    if (processes_.empty())
      return worker_id(99'999);
    return std::next(processes_.begin(), static_cast<std::ptrdiff_t>(random_.below(processes_.size())))->first;
  }

  work_key any_work() { return work(1 + random_.below(last_work_ + 2)); }

  void want() {
    const bool repeated = random_.chance(0.2) && last_work_ > 0;
    const auto key = repeated ? work(1 + random_.below(last_work_)) : work(++last_work_);
    if (repeated && works_[key].ends != 0)
      return;
    works_[key];
    auto wanted = spec(random_.below(3), random_.chance(0.5) ? "0" : "1");
    wanted.has_devices = random_.chance(0.3);
    if (!repeated)
      works_[key].has_devices = wanted.has_devices;
    perform(workers_.on_wanted(key, wanted, now_));
  }

  void end_work() {
    const auto id = any_worker();
    const auto found = processes_.find(id);
    const auto own = found == processes_.end() ? work_key() : found->second.works_on;
    const auto key = random_.chance(0.8) ? own : any_work(); // Otherwise most often not its own.
    if (found != processes_.end() && key == own)
      found->second.works_on = {};
    perform(workers_.on_work_ended(id, key, random_.chance(0.7), now_));
  }

  void exit(worker_id id, bool by_force) {
    const auto found = processes_.find(id);
    if (found == processes_.end() || !(by_force || found->second.is_sent_home || found->second.is_killed))
      return;
    processes_.erase(found);
    perform(workers_.on_exit(exit_of(id), now_));
  }

  void perform(const table::actions& actions) {
    for (const auto& action : actions)
      std::visit([this](const auto& a) { on(a); }, action);
  }
  void on(const table::start_worker& a) { REQUIRE(processes_.emplace(a.worker, process()).second); }
  void on(const table::run_work& a) {
    auto& p = processes_.at(a.worker);
    CHECK(p.is_sent_home == false);
    CHECK(p.is_killed == false);
    CHECK_FALSE(p.works_on.lease);          // One work at a time.
    CHECK_FALSE(works_.at(a.work).runs_in); // In one worker, once.
    CHECK(works_.at(a.work).ends == 0);
    p.is_registered = true;
    p.works_on = a.work;
    works_.at(a.work).runs_in = a.worker;
  }
  void on(const table::stop_work& a) { CHECK(processes_.at(a.worker).works_on == a.work); }
  void on(const table::end_worker& a) {
    auto& p = processes_.at(a.worker);
    CHECK_FALSE(p.is_sent_home);
    CHECK_FALSE(p.works_on.lease);
    p.is_sent_home = true;
  }
  void on(const table::kill_worker& a) {
    CHECK_FALSE(processes_.at(a.worker).is_killed);
    CHECK_FALSE(a.why.empty());
    processes_.at(a.worker).is_killed = true;
  }
  void on(const table::work_ended& a) {
    ++works_.at(a.work).ends;
    CHECK(a.ran == (works_.at(a.work).runs_in == a.worker));
  }
  void on(const table::work_lost& a) {
    ++works_.at(a.work).ends;
    CHECK(processes_.count(a.exit.worker) == 0);
  }
  void on(const table::give_back& a) {
    auto& seen = works_.at(a.work);
    CHECK(seen.ends == 1); // Its end is told before.
    ++seen.give_backs;
    const auto holder = processes_.find(seen.runs_in);
    CHECK((holder == processes_.end() || (!holder->second.works_on.lease && !seen.has_devices)));
  }

  random_stream random_;
  table workers_;
  instant now_ = start;
  std::uint64_t last_work_ = 0;
  std::map<worker_id, process> processes_;
  std::map<work_key, fate> works_;
};

} // namespace

TEST_CASE("worker table: whatever happens, each work has one worker, one end, and gives back once") {
  for_each_seed(500, [](seed s) {
    model history(s);
    for (int step = 0; step < 300; ++step)
      history.step();
    history.finish();
  });
}

TEST_CASE("worker table: a worker whose processes survive it loses its work, and gives back when they are gone") {
  table workers;
  const auto id = busy_worker(workers, work(1));
  auto exit = exit_of(id);
  exit.survivors = "1234";

  CHECK(only<table::work_lost>(workers.on_exit(exit, start)).exit.survivors == "1234");
  CHECK(workers.on_exit(exit, start).empty());
  CHECK(workers.on_stop(work(1), start, start).empty());
  CHECK(workers.on_kill_all("the node leaves", start).empty());
  CHECK_FALSE(workers.wake_at());
  CHECK(only<table::give_back>(workers.on_gone(id, start + 10s)).work == work(1));
  CHECK(workers.on_gone(id, start + 10s).empty());
  CHECK(workers.size() == 0);
}

TEST_CASE("worker table: survivors of a worker without work are waited for, too") {
  table workers;
  const auto id = idle_worker(workers, work(1));
  auto exit = exit_of(id);
  exit.survivors = "1234";

  CHECK(workers.on_exit(exit, start).empty());
  CHECK(workers.size() == 1);
  CHECK(only<table::start_worker>(workers.on_wanted(work(2), spec(), start)).worker != id); // It is not idle.
  CHECK(workers.on_gone(id, start).empty());
  CHECK_FALSE(workers.state_of(id));
}

TEST_CASE("worker table: that a living worker's processes are gone changes nothing") {
  table workers;
  const auto id = busy_worker(workers, work(1));

  CHECK(workers.on_gone(id, start).empty());
  CHECK(workers.state_of(id) == worker_state::busy);
}
