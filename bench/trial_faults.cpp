#include "bench/trial_faults.hpp"

#include <chrono>
#include <stdexcept>

#include <fmt/format.h>
#include <unistd.h>

#include "tune/tune.hpp"

namespace bench {
namespace {

const tune::trainable hangs_once("hangs_once", [](tune::trial& trial) {
  give_sign(trial.get<std::string>("signs"));
  while (trial.attempt() == 1)
    ::pause();
  trial.report({{"step", 1}});
});

} // namespace

trial_faults::trial_faults() : cluster_(/*nodes=*/2, runtime::cpus(1)), session_(cluster_) {
  bring_program_to(cluster_.driver(), cluster_.nodes());
}

double trial_faults::until_hung_trial_runs_again() {
  tune::experiment experiment(fmt::format("hangs_{}", ++searches_), hangs_once);
  experiment.space = {{"signs", signs_.path()}};
  experiment.metric = tune::maximize("step");
  experiment.max_failures = 1;
  experiment.step_deadline = std::chrono::seconds(1);
  auto running = session_.start(experiment);
  const auto first = signs_.read();
  const auto second = signs_.read();
  if (running.wait().trials().at(0).state() != tune::trial_state::terminated)
    throw std::runtime_error("a trial that hung once has not ended well the second time");
  return second.ms_after(first.at_ns);
}

} // namespace bench
