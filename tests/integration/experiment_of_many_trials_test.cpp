#include <condition_variable>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "runtime/test_cluster.hpp"
#include "tests/runtime/package/temporary_directory.hpp"
#include "tune/tune.hpp"

// So many trials that the driver has forgotten most of those that have ended: nobody can tell.

namespace {

constexpr int trials = 1'000;
constexpr int furthest = 300; ///< The trial that did more iterations than all others.

/// Holds the last trial, so that its experiment goes on.
class gate {
public:
  void open() {
    {
      const std::lock_guard hold(mutex_);
      is_open_ = true;
    }
    opens_.notify_all();
  }
  void wait() {
    std::unique_lock hold(mutex_);
    opens_.wait(hold, [this] { return is_open_; });
  }

private:
  std::mutex mutex_;
  std::condition_variable opens_;
  bool is_open_ = false;
};
gate held;

const tune::trainable numbered("numbered", [](tune::trial& trial) {
  const auto n = trial.get<int>("n");
  if (n == trials)
    held.wait();
  for (auto i = trial.iteration() + 1; i <= (n == furthest ? 5 : 1); ++i)
    trial.report({{"loss", n}}, [](const tune::path& directory) { std::ofstream(directory / "saved") << "it"; });
});

class listening : public tune::callback {
public:
  void on_trial_ended(const tune::trial_end& what) override {
    ++ended;
    const auto* n = what.trial.config.find("n");
    const auto* loss = what.metrics.find("loss");
    const bool is_whole = n != nullptr && loss != nullptr && n->to_number() == loss->to_number() &&
                          n->to_number() == static_cast<double>(what.trial.number) && what.iterations >= 1;
    if (!is_whole)
      not_whole.push_back(what.trial.id);
  }

  int ended = 0;
  std::vector<std::string> not_whole;
};

tune::experiment many_trials(const temporary_directory& folder) {
  tune::experiment experiment("many", numbered);
  std::vector<int> numbers;
  for (int n = 1; n <= trials; ++n)
    numbers.push_back(n);
  experiment.space = {{"n", tune::grid(numbers)}};
  experiment.metric = tune::minimize("loss");
  experiment.in_process_threads = 2;
  experiment.checkpoints.every = 5;
  experiment.checkpoints.at_end = false;
  experiment.storage = folder / "storage";
  return experiment;
}

template <class Function>
std::string message_of(Function what) {
  try {
    what();
  } catch (const runtime::failure& thrown) {
    return thrown.what();
  }
  return "nothing was thrown";
}

void check_one_that_ended_long_ago(tune::running_experiment& running) {
  const auto now = running.wait_for_state("800", tune::trial_state::terminated);
  CHECK(now.iterations() == 1);
  CHECK(now.id().find("_00800") == 8);
  CHECK_FALSE(now.node().empty());
  CHECK(running.wait_for_state(now.id(), tune::trial_state::terminated).id() == now.id());
  CHECK(message_of([&] { running.wait_for_state("800", tune::trial_state::paused); }) ==
        "trial 800 has ended as terminated; it will not be paused");
  CHECK(running.wait_for_result(5).id().find("_00300") == 8);
  CHECK(running.wait_for_checkpoint(5).id().find("_00300") == 8);
}

} // namespace

TEST_CASE("experiment: of a thousand trials those that ended long ago are known as well as others") {
  const temporary_directory folder;
  runtime::test_cluster cluster(1, runtime::cpus(1));
  tune::session session(cluster);
  auto experiment = many_trials(folder);
  const auto heard = std::make_shared<listening>();
  experiment.callbacks = {heard};
  {
    auto running = session.start(experiment);
    running.wait_for_state(std::to_string(trials - 1), tune::trial_state::terminated);
    check_one_that_ended_long_ago(running);
    const auto id = running.wait_for_state("800", tune::trial_state::terminated).id();
    for (const auto& name : {std::string("800"), id}) {
      CHECK(running.stop(name).error().message == "trial 800 has ended");
      CHECK(running.pause(name).error().message == "trial 800 has ended");
      CHECK(running.resume(name).error().message == "trial 800 has ended");
    }
    CHECK(running.stop("00000000_00800").error().message.find("there is no trial \"00000000_00800\"") == 0);
    CHECK(running.stop("1001").error().message.find("there is no trial \"1001\"") == 0);
    held.open();

    const auto results = running.wait();
    CHECK(results.count(tune::trial_state::terminated) == trials);
    CHECK(results.best().number() == 1);
    CHECK(results.trials().at(799).id() == id);
  }
  CHECK(heard->ended == trials);
  CHECK(heard->not_whole == std::vector<std::string>{});

  experiment.callbacks.clear();
  auto again = session.start(experiment); // Another driver, which has only read of them.
  check_one_that_ended_long_ago(again);
  CHECK(again.wait().count(tune::trial_state::terminated) == trials);
}
