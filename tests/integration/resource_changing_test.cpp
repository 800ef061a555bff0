#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <caf/event_based_actor.hpp>
#include <doctest/doctest.h>

#include "runtime/test_cluster.hpp"
#include "tune/tune.hpp"

// Trials whose resources change while they run, in processes of their own on nodes that are processes, too.

using namespace std::chrono_literals;

namespace {

/// Counts its steps: what it has counted is in its checkpoint. With $most_cpus it is done when it has had so many for
/// ten steps; with $last, after so many.
class counting : public tune::trial_actor {
public:
  void set_up(const tune::config& values) override {
    last_ = values.get<int>("last");
    most_cpus_ = values.get<double>("most_cpus");
    cpus_ = resources().at("cpu");
  }
  tune::metrics step() override {
    with_most_ += cpus_ == most_cpus_ ? 1 : 0;
    ++count_;
    return {{"count", count_}, {"cpus", cpus_}, {"done", count_ == last_ || with_most_ == 10}};
  }
  void save(const tune::path& directory) override { std::ofstream(directory / "count") << count_ << ' ' << with_most_; }
  void load(const tune::path& directory) override { std::ifstream(directory / "count") >> count_ >> with_most_; }

private:
  int last_ = 0;
  double most_cpus_ = 0;
  double cpus_ = 0;
  int count_ = 0;
  int with_most_ = 0;
};
const auto trainable = tune::trainable::of<counting>("counting");

/// Of another program: holds what it was spawned with.
caf::behavior hold(caf::event_based_actor*) {
  return {[](int x) { return x; }};
}
const runtime::actor_type holding("holding", hold);

/// Hears with how many cpus each trial does its iterations.
class watching : public tune::callback {
public:
  void on_result(const tune::trial_report& what) override {
    {
      std::lock_guard guard(mutex_);
      seen_[what.trial.number].emplace_back(what.iteration, what.metrics.get<double>("cpus"));
      CHECK(what.metrics.get<std::int64_t>("count") == what.iteration); // Its state is that of the iteration before.
    }
    changed_.notify_all();
  }
  /// From now on, or last.
  void wait_for(std::uint64_t trial, double cpus) {
    std::unique_lock lock(mutex_);
    CAPTURE(trial);
    CAPTURE(cpus);
    REQUIRE(changed_.wait_for(lock, 60s, [&] { return !seen_[trial].empty() && seen_[trial].back().second == cpus; }));
  }
  /// The numbers of cpus, one after the other, and whether each iteration came once and in order.
  std::vector<double> cpus_of(std::uint64_t trial) {
    std::lock_guard guard(mutex_);
    std::vector<double> all;
    tune::iteration_number last = 0;
    for (const auto& [iteration, cpus] : seen_[trial]) {
      CHECK(iteration == ++last);
      if (all.empty() || all.back() != cpus)
        all.push_back(cpus);
    }
    return all;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, std::vector<std::pair<tune::iteration_number, double>>> seen_;
};

struct resized {
  resized(std::vector<tune::point> points) : experiment("resized", trainable) {
    experiment.space = {{"last", tune::integer(0, 1'000'000)}, {"most_cpus", tune::integer(0, 64)}};
    experiment.metric = tune::maximize("count");
    experiment.samples = points.size();
    experiment.points_to_evaluate = std::move(points);
    tune::resource_changing_options options;
    options.interval = 5;
    experiment.scheduler = tune::resource_changing(options);
    experiment.wait_for_disk = true; // Else they do thousands of iterations meanwhile.
    experiment.callbacks = {seen};
  }

  std::shared_ptr<watching> seen = std::make_shared<watching>();
  tune::experiment experiment;
};

std::vector<std::uint32_t> sizes_of(const tune::trial_result& trial) {
  std::vector<std::uint32_t> sizes;
  for (const auto& each : trial.attempts())
    if (sizes.empty() || sizes.back() != each.size)
      sizes.push_back(each.size);
  return sizes;
}

} // namespace

TEST_CASE("resource changing: of two trials on four cpus one ends early; the other goes on with all of them") {
  runtime::test_cluster cluster(/*nodes=*/1, runtime::cpus(4));
  tune::session session(cluster);
  resized x({{{{"last", 10}, {"most_cpus", 0}}}, {{{"last", 0}, {"most_cpus", 4}}}});

  const auto results = session.start(x.experiment).wait();

  CHECK(results.count(tune::trial_state::terminated) == 2);
  CHECK(results.lost_results() == 0);
  const auto trial = results.trials().at(1);
  CHECK(x.seen->cpus_of(2).back() == 4);
  CHECK(trial.metrics().get<double>("cpus") == 4);
  CHECK(trial.metrics().get<std::int64_t>("count") == trial.iterations()); // It went on from its checkpoint.
  const auto attempts = trial.attempts();
  REQUIRE(attempts.size() >= 2);
  CHECK(attempts.back().size == 4);
  CHECK(attempts.back().cause == "stopped"); // It said that it was done.
  tune::iteration_number counted = 0;
  for (const auto& each : attempts) {
    CHECK(each.node == "node-1");
    counted += each.iterations;
  }
  CHECK(counted == trial.iterations()); // Each once.
  for (std::size_t i = 0; i + 1 < attempts.size(); ++i)
    CHECK(attempts[i].cause == "paused");
}

TEST_CASE("resource changing: what a trial has got comes back when another one waits for it") {
  runtime::test_cluster cluster(/*nodes=*/1, runtime::cpus(4));
  tune::session session(cluster);
  resized x({{{{"last", 0}, {"most_cpus", 0}}}, {{{"last", 0}, {"most_cpus", 0}}}});

  auto running = session.start(x.experiment);
  x.seen->wait_for(1, 2);
  x.seen->wait_for(2, 2);
  REQUIRE(running.pause("1"));
  x.seen->wait_for(2, 4);
  REQUIRE(running.resume("1"));
  x.seen->wait_for(2, 2);
  x.seen->wait_for(1, 2);
  REQUIRE(running.stop("1"));
  REQUIRE(running.stop("2"));
  const auto results = running.wait();

  CHECK(results.count(tune::trial_state::stopped) == 2);
  CHECK(results.lost_results() == 0);
  const auto sizes = sizes_of(results.trials().at(1));
  REQUIRE(sizes.size() >= 4);
  CHECK(std::vector(sizes.begin(), sizes.begin() + 4) == std::vector<std::uint32_t>{1, 2, 4, 2});
  for (const auto& trial : results.trials())
    CHECK(trial.metrics().get<std::int64_t>("count") == trial.iterations());
}

TEST_CASE("resource changing: with its node a trial loses what it had, and has what the other one has") {
  runtime::test_cluster cluster(/*nodes=*/1, runtime::cpus(4));
  cluster.add_node({runtime::cpus(2), {}, "small"});
  tune::session session(cluster);
  resized x({{{{"last", 0}, {"most_cpus", 2}}}});

  auto running = session.start(x.experiment);
  x.seen->wait_for(1, 4);
  cluster.kill_node("node-1");
  const auto results = running.wait();

  CHECK(results.count(tune::trial_state::terminated) == 1);
  CHECK(results.lost_results() == 0);
  const auto trial = results.trials().at(0);
  CHECK(trial.attempts().back().node == "small");
  CHECK(trial.attempts().back().size == 2);
  CHECK(trial.metrics().get<std::int64_t>("count") == trial.iterations());
}

TEST_CASE("resource changing: what another program holds is left to it, and what it waits for is given back") {
  runtime::test_cluster cluster(/*nodes=*/1, runtime::cpus(4));
  runtime::cluster_options options;
  options.address = cluster.address();
  options.token_file = cluster.token_file();
  auto other = runtime::or_throw(runtime::cluster::connect(options));
  auto held = other.spawn(holding, runtime::actor_options().cpus(2));
  CHECK(held.call<int>(7).get() == 7);
  tune::session session(cluster);
  resized x({{{{"last", 0}, {"most_cpus", 0}}}});

  auto running = session.start(x.experiment);
  x.seen->wait_for(1, 2);
  REQUIRE(held.kill());
  x.seen->wait_for(1, 4);
  auto more = other.spawn(holding, runtime::actor_options().cpus(3));
  CHECK(more.call<int>(7).get() == 7); // Which waits until it is there.
  x.seen->wait_for(1, 1);
  REQUIRE(running.stop("1"));
  const auto results = running.wait();

  CHECK(results.lost_results() == 0);
  CHECK(x.seen->cpus_of(1) == std::vector<double>{1, 2, 4, 1});
}
