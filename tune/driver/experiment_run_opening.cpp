#include "tune/driver/experiment_run.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tune/controller/same_experiment.hpp"
#include "tune/scheduler/scheduler.hpp"
#include "tune/searcher/point_queue.hpp"
#include "tune/store/file_unheard_events.hpp"

/// How an experiment's directory is opened, and what an earlier driver left there is gone on with.
namespace tune {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// A node sees after 1 s that a driver does not come back, and gives its workers 3 s to save and end.
constexpr auto longest_end = 5s;

std::string random_hex(int digits) {
  std::random_device chance; // Not of the experiment: it names this run of it.
  return fmt::format("{:0{}x}", chance() & (digits == 8 ? 0xffffffffu : 0xffffu), digits);
}

} // namespace

result<void> experiment_run::open() {
  std::error_code failed;
  const bool is_there = fs::exists(directory_ / "journal", failed);
  if (options_.must_exist && !is_there)
    return fail(errc::not_found, fmt::format("there is no experiment in {} to go on with; start one without --resume",
                                             directory_.string()));
  fs::create_directories(directory_, failed);
  if (failed)
    return fail(errc::io, fmt::format("storage: {} cannot be made: {}; use --storage for a directory that can be "
                                      "written",
                                      directory_.string(), failed.message()));
  description_ = to_json(what_, options_.command);
  if (auto opened = open_journal(); !opened)
    return opened;
  auto described = read_description(begun_.description);
  if (!described)
    return fail(described.error());
  described_ = std::move(*described);
  if (!what_.checkpoints.local_first) // An empty marker is seen by nobody.
    marker_ = random_hex(8) + random_hex(8);
  wait_for_ending_attempts();
  hear_unheard();
  std::ofstream marker(directory_ / ".storage");
  marker << marker_;
  if (!marker.flush())
    return fail(errc::io, fmt::format("storage: {} cannot be written: {}", (directory_ / ".storage").string(),
                                      std::generic_category().message(errno)));
  return {};
}

/// Goes on where an earlier driver was, if there was one.
result<void> experiment_run::open_journal() {
  auto opened = file_journal::open(directory_ / "journal",
                                   [this](journal_position, const journal_record& past) { return replay(past); });
  if (!opened)
    return fail(runtime::within(directory_.string(), opened.error()));
  journal_ = std::move(*opened);
  if (core_)
    return {};
  begun_.id = random_hex(8);
  begun_.name = what_.name;
  begun_.description = description_;
  begun_.seed = what_.seed;
  make_core(begun_.id, what_.seed);
  return {};
}

result<void> experiment_run::replay(const journal_record& past) {
  if (const auto* begun = std::get_if<record::experiment_begun>(&past); begun != nullptr && !core_) {
    if (auto same = check_same(*begun); !same)
      return same;
    begun_ = *begun;
    if (auto kept = keep_searcher(what_.searcher, begun->description); !kept)
      return kept;
    description_ = to_json(what_, options_.command);
    make_core(begun->id, begun->seed);
  }
  if (!core_)
    return fail(errc::incompatible, "the journal does not begin with an experiment");
  if (auto fits = core_->on_replay(past); !fits)
    return fits;
  if (const auto* placed = std::get_if<record::attempt_placed>(&past))
    if (note_place(*placed))
      nodes_before_.insert(placed->node);
  if (const auto* ended = std::get_if<record::attempt_ended>(&past))
    away_.erase(ended->trial);
  shown_ = ++past_records_;
  (void)view_.on_record(past); // A description that cannot be read is for people only.
  return {};
}

result<void> experiment_run::check_same(const record::experiment_begun& before) const {
  const auto changed = differences_of_experiments(before.description, description_);
  if (changed.empty())
    return {};
  return fail(errc::already_exists,
              fmt::format("there is another experiment of this name; use --name for another one, or go on with what it "
                          "was:\n  {}",
                          fmt::join(changed, "\n  ")));
}

void experiment_run::make_core(const std::string& id, std::uint64_t seed) {
  controller_options options;
  options.id = id;
  options.name = what_.name;
  options.description = description_;
  options.seed = seed;
  options.samples = what_.samples;
  options.objectives = what_.more_metrics;
  options.objectives.insert(options.objectives.begin(), what_.metric);
  options.stop = what_.stop;
  options.max_concurrent_trials = what_.max_concurrent_trials;
  options.time_budget = what_.time_budget;
  options.failures.max_failures = what_.max_failures;
  options.failures.max_losses = what_.max_losses;
  options.fail_fast = what_.fail_fast;
  options.answer_each = what_.wait_for_disk;
  options.told_at_once = what_.in_process_threads > 0;
  options.step_deadline = what_.step_deadline;
  options.trial_deadline = what_.trial_deadline;
  options.checkpoints_kept = what_.checkpoints.keep;
  const searcher_setup setup{what_.space, seed, what_.samples, trials_of(what_.points_to_evaluate),
                             options.objectives.size()};
  planned_ = options.trials = what_.searcher.trials(setup);
  auto search = searcher_with_points(what_.searcher, setup, what_.points_to_evaluate, options.objectives);
  auto schedule = what_.scheduler.make({seed, what_.metric.better, std::make_shared<const search_space>(what_.space)});
  max_iterations_ = schedule->max_iterations();
  saves_every_ = schedule->saves_every();
  changes_resources_ = schedule->changes_resources();
  core_ = std::make_shared<controller_core>(std::move(options), std::move(search), std::move(schedule));
}

/// Attempts of a driver that was lost save and end by themselves; until then what they leave is not complete, and a new
/// attempt would write beside them.
void experiment_run::wait_for_ending_attempts() const {
  const auto is_running = [this](const auto& each) {
    const auto& [trial, life] = each;
    return is_attempt_running(directory_of(trial, life.created_with(), life.created), life.attempts);
  };
  const auto give_up_at = std::chrono::steady_clock::now() + longest_end;
  const auto& lives = core_->lives();
  while (std::any_of(lives.begin(), lives.end(), is_running) && std::chrono::steady_clock::now() < give_up_at)
    std::this_thread::sleep_for(20ms);
}

/// It stays until the journal has it: should this driver be lost before, the next one hears it.
void experiment_run::hear_unheard() {
  for (const auto& [trial, life] : core_->lives()) {
    if (life.attempts == 0 || life.now == trial_life::phase::none)
      continue;
    const auto directory = directory_of(trial, life.created_with(), life.created);
    auto left = read_unheard(directory, life.attempts);
    if (options_.on_trouble && !left)
      options_.on_trouble(fmt::format("what attempt {} of trial {} told after its driver was lost cannot be heard: {}",
                                      life.attempts, trial.value, left.error().message));
    if (!left || !*left)
      continue;
    unheard_[trial] = directory;
    core_->on_unheard(trial, life.attempts, std::move(**left));
  }
}

void experiment_run::tell_of_doubts() const {
  if (options_.on_trouble)
    for (const auto& each : doubts_of(what_))
      options_.on_trouble(each);
}

/// What people should know of the journal of an earlier driver.
void experiment_run::tell_of_journal() const {
  if (!options_.on_trouble)
    return;
  const auto& found = journal_->found();
  if (found.torn_bytes > 0)
    options_.on_trouble(fmt::format("{}: {} bytes that a crash left half written at the end have been cut off; nothing "
                                    "that was acknowledged was among them",
                                    (directory_ / "journal" / found.torn_file).string(), found.torn_bytes));
  if (const auto differences = core_->replay_differences(); differences > 0)
    options_.on_trouble(fmt::format("{} of the decisions in the journal come out otherwise now. What the journal says "
                                    "holds; but the scheduler, a stop condition or the version of caf-tune has "
                                    "changed, and the experiment cannot be repeated from its seed",
                                    differences));
}

} // namespace tune
