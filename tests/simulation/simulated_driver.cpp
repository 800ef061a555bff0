#include "tests/simulation/simulated_driver.hpp"

#include <algorithm>
#include <utility>

#include <caf/all.hpp>
#include <fmt/format.h>

#include "tests/simulation/simulated_background.hpp"
#include "tests/simulation/simulated_threads_actor.hpp"
#include "tune/driver/attempts_actor.hpp"
#include "tune/store/file_unheard_events.hpp"

using namespace tune;
using namespace std::chrono_literals;

namespace sim {
namespace {

constexpr auto longest_end = 5s; // As in experiment_run.

/// Between the attempts and the controller: repeats some of what it passes on, later, as who repeats what was not
/// answered. The controller must not care.
class news_relay : public caf::event_based_actor {
public:
  news_relay(caf::actor_config& config, const driver_surroundings& around, caf::actor controller)
    : event_based_actor(config),
      net_(around.net),
      random_(around.random),
      repeated_(around.repeated_news),
      controller_(std::move(controller)) {}
  caf::behavior make_behavior() override {
    return {
      [this](const attempt_news& news) { pass_on(news); },
      [this](const attempts_have_news& news) { pass_on(news); },
      [this](const experiment_breaks& news) { send(controller_, news); },
    };
  }
  void on_exit() override { controller_ = nullptr; }

private:
  template <class News>
  void pass_on(const News& news) {
    send(controller_, news);
    if (random_.chance(repeated_))
      delayed_send(controller_, between(random_, 1ms, random_.chance(0.3) ? 8s : 200ms), news);
  }

  network& net_;
  random_stream& random_;
  const double& repeated_;
  caf::actor controller_;
};

/// As cluster_checkpoints, where all nodes see the storage.
class stored_checkpoints : public checkpoint_place {
public:
  stored_checkpoints(store_disk& disk, std::unique_ptr<background> beside, file_checkpoint_store::kept_listener told)
    : store_(std::move(told), disk, std::move(beside)) {}
  void sweep(const path& directory) { store_.sweep(directory); }
  void keep(trial_id trial, const checkpoint_ref& checkpoint) override { store_.keep(trial, checkpoint); }
  void hurry(trial_id, const checkpoint_ref&) override {}
  void drop(trial_id trial, const checkpoint_ref& checkpoint) override { store_.drop(trial, checkpoint); }
  void leave(trial_id, const checkpoint_ref&) override {}

private:
  file_checkpoint_store store_;
};

checkpoint_loss loss_of(errc why) { // As in experiment_run.
  const bool for_good = why == errc::user_code || why == errc::not_found || why == errc::invalid_argument;
  return for_good ? checkpoint_loss::for_good : checkpoint_loss::for_now;
}

} // namespace

std::string simulated_driver::directory_of(trial_id trial) {
  return fmt::format("{}/trial_{}", experiment_directory, trial.value);
}

simulated_driver::simulated_driver(driver_surroundings around)
  : around_(std::move(around)),
    disk_(around_.storage.view(process_)) {
  around_.net.note("a driver starts");
  if (auto opened = open(); opened)
    begin_when_all_have_ended(around_.net.now() + longest_end);
  else
    finish(fail(opened.error()));
}

simulated_driver::~simulated_driver() = default;

// ---- The beginning.

result<void> simulated_driver::open() {
  core_ = make_core(around_.plan);
  std::vector<journal_record> found;
  auto opened = file_journal::open(
    around_.storage.journal(process_, std::string(experiment_directory) + "/journal"),
    [&](journal_position, const journal_record& past) {
      found.push_back(past);
      return core_->on_replay(past);
    },
    around_.plan.journal, std::make_unique<simulated_background>(around_.net, process_, around_.disk_time));
  if (!opened)
    return fail(opened.error());
  journal_ = std::move(*opened);
  check_opened(found);
  return {};
}

/// What the journal says is so (I5), and what it made the cores of an earlier driver decide they decide again (I6).
void simulated_driver::check_opened(const std::vector<journal_record>& found) {
  around_.history.on_opened(found);
  if (core_->replay_differences() > 0)
    around_.history.complain(
      fmt::format("{} decisions come out otherwise in a replay (I6)", core_->replay_differences()));
  const auto nobody = around_.storage.view(nullptr);
  for (const auto& [trial, life] : core_->lives())
    for (const auto& each : life.checkpoints.all())
      if (const auto whole = check_checkpoint(each.at.directory, *nobody);
          !whole && !around_.storage.is_rotten(each.at.directory))
        around_.history.complain(fmt::format("a checkpoint of trial {} that the journal has is not whole: {} (I5)",
                                             trial.value, whole.error().message));
}

void simulated_driver::begin_when_all_have_ended(instant give_up_at) {
  const auto& lives = core_->lives();
  const bool is_any_running = std::any_of(lives.begin(), lives.end(), [&](const auto& each) {
    return around_.cluster.is_attempt_running(each.first, each.second.attempts);
  });
  if (!is_any_running || around_.net.now() >= give_up_at) {
    hear_unheard();
    return begin();
  }
  around_.net.at(around_.net.now() + 20ms, [this, give_up_at, whose = process_] {
    if (whose->is_alive)
      begin_when_all_have_ended(give_up_at);
  });
}

void simulated_driver::hear_unheard() {
  for (const auto& [trial, life] : core_->lives()) {
    if (life.attempts == 0 || life.now == trial_life::phase::none)
      continue;
    const path directory = directory_of(trial);
    auto left = read_unheard(directory, life.attempts, *disk_);
    if (!left || !*left)
      continue;
    around_.net.note("what attempt {} of trial {} left is heard: {} events", life.attempts, trial.value,
                     (*left)->size());
    unheard_[trial] = directory;
    core_->on_unheard(trial, life.attempts, std::move(**left));
  }
}

void simulated_driver::begin() {
  auto kept = std::make_shared<stored_checkpoints>(
    *disk_, std::make_unique<simulated_background>(around_.net, process_, around_.disk_time),
    [this](trial_id trial, const checkpoint_ref& checkpoint, const result<void>& how) {
      if (how)
        return tell_controller(checkpoint_is_stored{trial, checkpoint});
      around_.net.note("a checkpoint of trial {} is not there: {}", trial.value, how.error().message);
      tell_controller(checkpoint_is_lost{trial, checkpoint, loss_of(how.error().code)});
    });
  kept->sweep(experiment_directory);
  checkpoints_ = std::move(kept);
  controller_ = around_.system.keep(around_.system.get().spawn<controller_actor>(
    core_, parts(), [this](const caf::actor& controller) { return make_attempts(controller); }));
  tell_places(around_.cluster.places());
  if (around_.awaits_end)
    tell_controller(end_is_awaited{});
}

controller_parts simulated_driver::parts() {
  controller_parts parts;
  parts.records = journal_;
  parts.checkpoints = checkpoints_;
  parts.listen_to_journal = [journal = journal_](const caf::actor& to) {
    journal->listen([to](result<journal_position> up_to) { caf::anon_send(to, journal_is_durable{std::move(up_to)}); });
  };
  parts.make_order = [this](const controller_core::start_attempt& start) {
    return make_order(around_.plan, start, directory_of(start.trial));
  };
  parts.on_durable_record = [this](journal_position at, const journal_record& what) { on_durable(at, what); };
  parts.on_trouble = [this](const std::string& what) { around_.net.note("trouble: {}", what); };
  parts.wall_clock = around_.wall_clock;
  parts.on_end = [this](result<experiment_outcome> how) { finish(std::move(how)); };
  return parts;
}

caf::actor simulated_driver::make_attempts(const caf::actor& controller) {
  auto& system = around_.system;
  relay_ = system.keep(system.get().spawn<news_relay>(around_, controller));
  if (around_.plan.is_in_process)
    attempts_ = system.get().spawn<simulated_threads_actor>(
      around_.plan.places, attempt_surroundings{around_.net, around_.history, around_.random, around_.plan.habits},
      process_, *disk_, relay_);
  else {
    attempts_actor::options options;
    options.provide = [this](trial_id, const lent_checkpoint&, const std::string&, const std::string&, const auto&) {
      around_.history.complain("a checkpoint is to be brought to a node that sees the storage");
    };
    attempts_ = system.get().spawn<attempts_actor>(
      [this](const runtime::actor_options& how) { return around_.cluster.spawn(process_, how); }, std::move(options),
      relay_);
  }
  *attempts_have_ended_ = false;
  caf::actor_cast<caf::abstract_actor*>(attempts_)->attach_functor(
    [ended = attempts_have_ended_](const caf::error&) { *ended = true; });
  return system.keep(attempts_);
}

// ---- While it runs.

template <class Message>
void simulated_driver::tell_controller(Message what) {
  if (controller_ && process_->is_alive)
    caf::anon_send(controller_, std::move(what));
}

void simulated_driver::on_durable(journal_position at, const journal_record& what) {
  if (!process_->is_alive)
    return;
  around_.history.on_durable(at, what);
  if (const auto* ended = std::get_if<record::attempt_ended>(&what))
    if (const auto left = unheard_.find(ended->trial); left != unheard_.end()) {
      remove_unheard(left->second, ended->attempt, *disk_);
      unheard_.erase(left);
    }
}

void simulated_driver::interrupt() {
  tell_controller(interrupt_experiment{"interrupted"});
}

void simulated_driver::order(trial_order::kind what, trial_id trial) {
  tell_controller(trial_order{what, trial, "the user says so"});
}

void simulated_driver::tell_places(std::size_t places) {
  tell_controller(cluster_holds{around_.plan.is_in_process ? around_.plan.places : places});
}

// ---- The end.

void simulated_driver::die() {
  if (!process_->is_alive)
    return;
  around_.net.note("the driver dies");
  process_->is_alive = false;
  around_.cluster.on_driver_died(process_);
  for (auto* each : {&controller_, &attempts_, &relay_})
    if (*each)
      caf::anon_send_exit(std::exchange(*each, nullptr), caf::exit_reason::kill);
  journal_.reset();
  checkpoints_.reset();
}

void simulated_driver::finish(result<experiment_outcome> how) {
  if (!process_->is_alive)
    return;
  around_.net.note("the driver's search ends: {}", how ? how->why : how.error().message);
  outcome_ = std::move(how);
  end_when_attempts_have();
}

/// Nothing of it is left then but what is on the disk.
void simulated_driver::end_when_attempts_have() {
  around_.net.at(around_.net.now() + 1ms, [this, whose = process_] {
    if (!whose->is_alive)
      return;
    if (!*attempts_have_ended_)
      return end_when_attempts_have();
    checkpoints_.reset();
    journal_.reset();
    whose->is_alive = false;
    controller_ = attempts_ = nullptr;
    if (relay_)
      caf::anon_send_exit(std::exchange(relay_, nullptr), caf::exit_reason::kill);
    around_.net.note("the driver has ended");
  });
}

} // namespace sim
