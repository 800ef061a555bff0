// Actors, calls and tasks through the public API, on an embedded cluster and on one that is reached over TLS; each
// beside what bounds it on this machine. In a worker this program is the actors and tasks.
#include "bench/caf_loopback.hpp"
#include "bench/figures.hpp"
#include "bench/head_process.hpp"
#include "bench/posix_child.hpp"
#include "runtime/cluster.hpp"
#include "runtime/test_cluster.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/type_id.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace {

using clock_type = std::chrono::steady_clock;
constexpr const char* rays_actors = "Ray's published: 387 to 656/s";
constexpr int fresh_at_once = 4; // Processes, here and in the bare loop beside it.
constexpr int in_flight = 1'000; // Calls of one caller that are not answered yet.

caf::behavior counter(caf::stateful_actor<int>* self) {
  self->state = 0;
  return {[self](caf::add_atom, int n) { return self->state += n; }};
}

const runtime::actor_type counter_type("counter", counter);
const runtime::task_type nothing("nothing", [](std::int32_t number) { return number; });

double seconds_since(clock_type::time_point start) {
  return std::chrono::duration<double>(clock_type::now() - start).count();
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// In short rounds, and the best: what else the machine does meanwhile does not make the runtime slower.
double best_of(int rounds, const std::function<double()>& measure) {
  double best = 0;
  for (int round = 0; round < rounds; ++round)
    best = std::max(best, measure());
  return best;
}

void wait_for_end(const runtime::remote_actor& actor) {
  const auto how = actor.end().try_get();
  if (!how && how.error().code != runtime::errc::cancelled) // Cancelled: we stopped it.
    throw runtime::failure(how.error());
}

/// Each is spawned, called, and stopped when its first call was answered; so many at once.
double actors_per_second(runtime::cluster& cluster, int actors, int at_once,
                         const std::function<runtime::actor_options(int)>& options_of) {
  std::deque<std::pair<runtime::remote_actor, runtime::future<int>>> alive;
  std::deque<runtime::remote_actor> stopped;
  const auto start = clock_type::now();
  for (int spawned = 0, answered = 0; answered < actors; ++answered) {
    for (; spawned < actors && spawned - answered < at_once; ++spawned) {
      auto actor = cluster.spawn(counter_type, options_of(spawned));
      auto answer = actor.call<int>(caf::add_atom_v, 1);
      alive.emplace_back(std::move(actor), std::move(answer));
    }
    auto [actor, answer] = std::move(alive.front());
    alive.pop_front();
    answer.get();
    runtime::or_throw(actor.stop());
    stopped.push_back(std::move(actor));
    if (stopped.size() > static_cast<std::size_t>(at_once)) {
      wait_for_end(stopped.front());
      stopped.pop_front();
    }
  }
  for (auto& actor : stopped)
    wait_for_end(actor);
  return actors / seconds_since(start);
}

double reused_actors_per_second(runtime::cluster& cluster, int actors) {
  // More at once than cpus: while some wait for a message others work.
  const auto options = runtime::actor_options().cpus(0.05);
  return actors_per_second(cluster, actors, /*at_once=*/64, [&](int) { return options; });
}

/// No worker can serve two of them: each has an environment of its own.
double fresh_actors_per_second(runtime::cluster& cluster, int actors) {
  static int last = 0;
  return actors_per_second(cluster, actors, /*at_once=*/2 * fresh_at_once, [](int) {
    return runtime::actor_options()
      .cpus(2.0 / fresh_at_once)
      .environment("CAF_TUNE_BENCH_NUMBER", std::to_string(++last));
  });
}

double calls_per_second_synchronous(const runtime::remote_actor& actor, int calls) {
  const auto start = clock_type::now();
  for (int i = 0; i < calls; ++i)
    actor.call<int>(caf::add_atom_v, 1).get();
  return calls / seconds_since(start);
}

double calls_per_second_pipelined(const runtime::remote_actor& actor, int calls) {
  std::deque<runtime::future<int>> answers;
  const auto start = clock_type::now();
  for (int i = 0; i < calls; ++i) {
    if (answers.size() == in_flight) {
      answers.front().get();
      answers.pop_front();
    }
    answers.push_back(actor.call<int>(caf::add_atom_v, 1));
  }
  for (auto& answer : answers)
    answer.get();
  return calls / seconds_since(start);
}

double tasks_per_second(runtime::cluster& cluster, std::int32_t tasks) {
  std::vector<std::int32_t> numbers(static_cast<std::size_t>(tasks));
  const auto start = clock_type::now();
  cluster.map(nothing, numbers);
  return tasks / seconds_since(start);
}

/// What is measured on one cluster; `suffix` ends the figures' names.
class cluster_figures {
public:
  cluster_figures(const bench::figures& figures, std::string suffix, runtime::cluster_options where)
    : figures_(figures),
      suffix_(std::move(suffix)),
      where_(std::move(where)) {}

  void measure() {
    measure_actors();
    measure_calls();
    if (const auto name = "tasks_per_second" + suffix_; figures_.wants(name)) {
      const double value = best_of(rounds(), [this] { return tasks_per_second(cluster(), quick() ? 1'000 : 10'000); });
      const double bare = best_of(rounds(), [this] {
        return bench::caf_loopback().calls_per_second_pipelined(quick() ? 1'000 : 10'000, in_flight);
      });
      figures_.show({name,
                     value,
                     "1/s",
                     {},
                     {},
                     fmt::format("empty tasks in one map(); bare CAF calls over loopback: {:.0f}/s", bare)});
    }
  }

private:
  void measure_actors() {
    if (const auto name = "actors_per_second_reused" + suffix_; figures_.wants(name)) {
      const double local = bench::caf_local_actors_per_second(10'000, 16);
      const double value =
        best_of(rounds(), [this] { return reused_actors_per_second(cluster(), quick() ? 500 : 3'000); });
      figures_.show(
        {name, value, "1/s", 5'000, {}, fmt::format("CAF's own in one process: {:.0f}/s; {}", local, rays_actors)});
    }
    if (const auto name = "actors_fresh_share_of_bare_spawn" + suffix_; figures_.wants(name)) {
      double fresh = 0, bare = 0; // In turns: what else the machine does spoils neither.
      for (int round = 0; round < rounds(); ++round) {
        bare = std::max(bare, bench::bare_spawns_per_second(quick() ? 50 : 300, fresh_at_once));
        fresh = std::max(fresh, fresh_actors_per_second(cluster(), quick() ? 50 : 300));
      }
      figures_.show(
        {name,
         100 * fresh / bare,
         "%",
         50,
         {},
         fmt::format("{:.0f}/s; bare posix_spawn and wait of this program, as many at once: {:.0f}/s", fresh, bare)});
    }
  }

  void measure_calls() {
    const auto one_by_one = "calls_per_second_synchronous" + suffix_;
    const auto pipelined = "calls_per_second_pipelined" + suffix_;
    if (!figures_.wants(one_by_one) && !figures_.wants(pipelined))
      return;
    const auto actor = cluster().spawn(counter_type, runtime::actor_options());
    actor.call<int>(caf::add_atom_v, 1).get(); // It lives.
    bench::caf_loopback bare;
    if (figures_.wants(one_by_one)) {
      const int calls = quick() ? 500 : 3'000;
      const double limit = best_of(rounds(), [&] { return bare.calls_per_second_one_by_one(calls); });
      const double value = best_of(rounds(), [&] { return calls_per_second_synchronous(actor, calls); });
      figures_.show({one_by_one,
                     value,
                     "1/s",
                     5'000,
                     {},
                     fmt::format("bare CAF over loopback: {:.0f}/s; Ray's published: 1,438 to 2,012/s", limit)});
    }
    if (figures_.wants(pipelined)) {
      const int calls = quick() ? 10'000 : 50'000;
      const double limit = best_of(rounds(), [&] { return bare.calls_per_second_pipelined(calls, in_flight); });
      const double value = best_of(rounds(), [&] { return calls_per_second_pipelined(actor, calls); });
      figures_.show({pipelined,
                     value,
                     "1/s",
                     50'000,
                     {},
                     fmt::format("bare CAF over loopback: {:.0f}/s; Ray's published: about 8,000/s", limit)});
    }
    runtime::or_throw(actor.stop());
    wait_for_end(actor);
  }

  runtime::cluster& cluster() {
    if (!cluster_)
      cluster_ = runtime::or_throw(runtime::cluster::connect(where_));
    return *cluster_;
  }
  bool quick() const { return figures_.is_quick(); }
  int rounds() const { return quick() ? 1 : 5; }

  const bench::figures& figures_;
  std::string suffix_;
  runtime::cluster_options where_;
  std::optional<runtime::cluster> cluster_;
};

/// Of this program: spawned and waited for, one after another.
double bare_process_ms() {
  return 1000 / bench::bare_spawns_per_second(/*processes=*/50, /*at_once=*/1);
}

void measure_start(const bench::figures& figures) {
  if (const std::string name = "node_start_ms"; figures.wants(name)) {
    std::vector<double> times;
    for (int i = 0; i < (figures.is_quick() ? 3 : 11); ++i)
      times.push_back(bench::head_process("2").started_in_ms());
    figures.show({name,
                  median(times),
                  "ms",
                  {},
                  100,
                  fmt::format("caf-tune-node --head to its ready file, median; a process that ends at once: {:.1f} ms; "
                              "Ray: seconds",
                              bare_process_ms())});
  }
  if (const std::string name = "test_cluster_start_ms"; figures.wants(name)) {
    std::vector<double> times;
    for (int i = 0; i < (figures.is_quick() ? 3 : 11); ++i) {
      const auto start = clock_type::now();
      const runtime::test_cluster cluster(/*nodes=*/3, runtime::cpus(1));
      times.push_back(1000 * seconds_since(start));
    }
    figures.show({name,
                  median(times),
                  "ms",
                  {},
                  100,
                  fmt::format("a test_cluster of 3 nodes until all have joined, median; 3 processes that end at once: "
                              "{:.1f} ms",
                              3 * bare_process_ms())});
  }
}

/// What the process of the head takes for tasks that wait, from their submission until the head has them all.
void measure_queue(const bench::figures& figures) {
  const std::string name = "queued_100k_memory_of_head_mb";
  if (!figures.wants(name))
    return;
  const bench::head_process head("1");
  runtime::cluster_options where;
  where.address = head.address();
  where.token_file = head.token_file();
  auto cluster = runtime::or_throw(runtime::cluster::connect(where));
  const auto holder = cluster.spawn(counter_type, runtime::actor_options().cpus(1));
  holder.call<int>(caf::add_atom_v, 1).get(); // Now nothing else fits.
  const auto before = head.resident_mb();
  const std::size_t tasks = figures.is_quick() ? 10'000 : 100'000;
  const auto start = clock_type::now();
  std::vector<runtime::future<std::int32_t>> waiting;
  for (std::size_t i = 0; i < tasks; ++i)
    waiting.push_back(cluster.submit(nothing, static_cast<std::int32_t>(i)));
  while (runtime::or_throw(cluster.state()).queue_count < tasks)
    if (seconds_since(start) > 60)
      throw std::runtime_error(name + ": the head does not have all tasks after 60 s");
  const double grown = head.resident_mb() - before;
  figures.show({name,
                grown * 100'000 / static_cast<double>(tasks),
                "MB",
                {},
                200,
                fmt::format("{} tasks wait, all with the head {:.1f} s after the first; it had {:.1f} MB before; Ray's "
                            "published: 1.8 GiB with 10,000 actors",
                            tasks, seconds_since(start), before)});
}

bool wants_remote(const bench::figures& figures) {
  for (const char* name : {"actors_per_second_reused", "actors_fresh_share_of_bare_spawn",
                           "calls_per_second_synchronous", "calls_per_second_pipelined", "tasks_per_second"})
    if (figures.wants(std::string(name) + "_remote"))
      return true;
  return false;
}

void measure(const bench::figures& figures) {
  measure_start(figures);
  measure_queue(figures);
  runtime::cluster_options embedded;
  embedded.cpus = 2;
  cluster_figures(figures, "", embedded).measure();
  if (!wants_remote(figures))
    return;
  const bench::head_process head("2");
  runtime::cluster_options remote;
  remote.address = head.address();
  remote.token_file = head.token_file();
  cluster_figures(figures, "_remote", remote).measure();
}

} // namespace

int main(int argc, char** argv) {
  runtime::run_if_child_process();
  if (argc == 2 && std::string(argv[1]) == bench::end_at_once)
    return 0;
  if (argc == 2 && std::string(argv[1]) == bench::caf_loopback::serve_argument)
    return bench::caf_loopback::serve();
  const bench::figures figures(argc, argv);
  try {
    measure(figures);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "runtime_bench: {}\n", failure.what());
    return 1;
  }
  return 0;
}
