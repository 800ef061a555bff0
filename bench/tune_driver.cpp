#include "bench/tune_driver.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/posix_child.hpp"
#include "bench/posix_disk.hpp"
#include "runtime/test_cluster.hpp"
#include "tune/tune.hpp"

namespace bench {
namespace {

using steady = std::chrono::steady_clock;
using file_clock = std::filesystem::file_time_type::clock;

double seconds_since(steady::time_point began) {
  return std::chrono::duration<double>(steady::now() - began).count();
}

/// The same in each process of this machine.
double steady_seconds() {
  return std::chrono::duration<double>(steady::now().time_since_epoch()).count();
}

const tune::trainable trivial("trivial", [](tune::trial& trial) {
  trial.report({{"accuracy", trial.get<double>("x")}});
});

const tune::trainable sleeping("sleeping", [](tune::trial& trial) {
  std::this_thread::sleep_for(std::chrono::microseconds(trial.get<int>("pause_us")));
  trial.report({{"accuracy", trial.get<double>("x")}});
});

const tune::trainable slots("slots", [](tune::trial& trial) {
  const auto began_s = steady_seconds();
  std::this_thread::sleep_for(std::chrono::microseconds(trial.get<int>("pause_us")));
  trial.report({{"accuracy", trial.get<double>("x")}, {"began_s", began_s}, {"ended_s", steady_seconds()}});
});

/// What it waited for each answer it leaves in its directory, where the driver reads it.
const tune::trainable reporting("reporting", [](tune::trial& trial) {
  const auto reports = trial.get<int>("reports");
  const std::chrono::microseconds pause(trial.get<int>("pause_us"));
  std::vector<double> answers;
  auto next = steady::now() + pause * trial.get<double>("x"); // Not all in the same moment.
  for (int i = 1; i <= reports; ++i) {
    if (pause.count() != 0)
      std::this_thread::sleep_until(next);
    next += pause;
    const auto began = steady::now();
    trial.report({{"accuracy", 0.9}, {"loss", 1.0 / i}, {"val_loss", 1.1 / i}, {"epoch", i}});
    answers.push_back(seconds_since(began));
  }
  std::ofstream file(trial.directory() / "answers");
  for (const auto each : answers)
    file << each << '\n';
});

/// Counts, and says when this process counted first.
class counting : public tune::trial_actor {
public:
  void set_up(const tune::config&) override {}
  tune::metrics step() override {
    if (first_s_ == 0)
      first_s_ = steady_seconds();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return {{"count", ++count_}, {"first_step_s", first_s_}};
  }
  void save(const tune::path& directory) override { std::ofstream(directory / "count") << count_; }
  void load(const tune::path& directory) override { std::ifstream(directory / "count") >> count_; }

private:
  int count_ = 0;
  double first_s_ = 0;
};
const auto counting_trainable = tune::trainable::of<counting>("counting");

const char* name_of(trial_kind kind) {
  switch (kind) {
  case trial_kind::trivial: return "trivial";
  case trial_kind::alone: return "alone";
  case trial_kind::inside: return "inside";
  case trial_kind::sleeping: return "sleeping";
  case trial_kind::slots: return "slots";
  case trial_kind::reporting: return "reporting";
  }
  return "";
}

const tune::trainable& trainable_of(const std::string& kind) {
  if (kind == name_of(trial_kind::sleeping))
    return sleeping;
  if (kind == name_of(trial_kind::slots))
    return slots;
  return kind == name_of(trial_kind::reporting) ? reporting : trivial;
}

/// The journal's last group has the experiment's end.
double seconds_to_last_record(const std::filesystem::path& experiment, file_clock::time_point began) {
  auto last = began;
  for (const auto& each : std::filesystem::directory_iterator(experiment / "journal"))
    last = std::max(last, each.last_write_time());
  return std::chrono::duration<double>(last - began).count();
}

/// The lines of the files of this name, one directory a trial.
std::uint64_t lines_of(const std::filesystem::path& experiment, const std::string& name,
                       std::vector<std::string>* into = nullptr) {
  std::uint64_t lines = 0;
  for (const auto& each : std::filesystem::directory_iterator(experiment)) {
    std::ifstream file(each.path() / name);
    for (std::string line; std::getline(file, line); ++lines)
      if (into != nullptr)
        into->push_back(line);
  }
  return lines;
}

} // namespace

search_outcome search_in_child(const search_order& order) {
  const scratch_directory storage;
  search_outcome outcome;
  const auto began = steady::now();
  posix_child driver({posix_child::own_program(), search_argument, "--quiet", "--storage", storage.path(), "--name",
                      "bench", "--cpus", std::to_string(order.cpus), "--samples", std::to_string(order.trials),
                      name_of(order.kind), std::to_string(order.reports), std::to_string(order.pause_us),
                      std::to_string(order.cpus), order.searcher});
  std::istringstream said(driver.read_line());
  driver.wait();
  outcome.cold_s = seconds_since(began);
  if (!(said >> outcome.search_s >> outcome.synced_s >> outcome.results))
    throw std::runtime_error("the driver said \"" + said.str() + '"');
  const auto wanted = order.trials * static_cast<std::uint64_t>(order.reports);
  std::vector<std::string> results;
  const auto written = lines_of(storage.path() + "/bench", "result.json", &results);
  if (outcome.results != wanted || written != wanted)
    throw std::runtime_error(
      fmt::format("{} results were counted and {} written, of {}", outcome.results, written, wanted));
  std::vector<std::string> answers;
  lines_of(storage.path() + "/bench", "answers", &answers);
  for (const auto& each : answers)
    outcome.answers_s.push_back(std::stod(each));
  std::sort(outcome.answers_s.begin(), outcome.answers_s.end());
  if (order.kind == trial_kind::slots)
    for (const auto& each : results) {
      const auto result = nlohmann::json::parse(each);
      outcome.busy_s.emplace_back(result.at("began_s").get<double>(), result.at("ended_s").get<double>());
    }
  return outcome;
}

int run_search(int argc, char** argv) {
  tune::session session(argc, argv, runtime::unknown_flags::keep);
  const auto& words = session.arguments();
  if (words.size() != 5)
    throw std::runtime_error("search needs: KIND REPORTS PAUSE_US CPUS SEARCHER");
  tune::experiment experiment("bench", trainable_of(words[0]));
  experiment.process_per_attempt = words[0] == name_of(trial_kind::alone);
  if (words[0] == name_of(trial_kind::inside))
    experiment.in_process_threads = static_cast<std::size_t>(std::stoi(words[3]));
  experiment.space = {{"x", tune::uniform(0, 1)}, {"reports", std::stoi(words[1])}, {"pause_us", std::stoi(words[2])}};
  experiment.metric = tune::maximize("accuracy");
  experiment.searcher = or_throw(tune::searcher_named(words[4]));
  session.cluster(); // It starts here.
  const auto began = steady::now();
  const auto began_at = file_clock::now();
  const auto found = session.run(experiment);
  const auto written_s = seconds_since(began);
  fmt::print("{} {} {}\n", written_s, seconds_to_last_record(found.best().path().parent_path(), began_at),
             found.results());
  return 0;
}

double seconds_to_next_step_elsewhere() {
  runtime::test_cluster cluster(/*nodes=*/2, runtime::cpus(1));
  tune::session session(cluster);
  tune::experiment experiment("counting", counting_trainable);
  experiment.space = {{"seed", 1}};
  experiment.metric = tune::maximize("count");
  experiment.stop = {{"training_iteration", tune::at_least(200)}};
  experiment.checkpoints.every = 10;
  auto running = session.start(experiment);
  const auto trial = running.wait_for_checkpoint(/*iteration=*/20);
  const auto killed_at = steady_seconds();
  cluster.kill_node(trial.node());
  const auto best = running.wait().best();
  const auto first_step = best.metrics().get<double>("first_step_s");
  if (best.attempts().size() != 2 || best.attempts()[1].node == trial.node() || first_step < killed_at)
    throw std::runtime_error("the trial did not go on elsewhere");
  return first_step - killed_at;
}

} // namespace bench
