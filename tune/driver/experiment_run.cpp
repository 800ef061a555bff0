#include "tune/driver/experiment_run.hpp"

#include <system_error>
#include <utility>

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "runtime/base/overloaded.hpp"
#include "tune/controller/trial_demand.hpp"
#include "tune/driver/attempts_actor.hpp"
#include "tune/driver/in_process_attempts_actor.hpp"
#include "tune/results/file_journal_source.hpp"
#include "tune/results/trial_directory_name.hpp"
#include "tune/scheduler/scheduler.hpp"
#include "tune/store/file_unheard_events.hpp"

namespace tune {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t ended_trials_kept = 100; // Of each kind; others are read from the journal when asked for.

runtime::actor_options runner_options(const experiment& what) {
  runtime::actor_options options;
  if (what.wait_for_nodes)
    options.wait_for_nodes();
  for (const auto& [name, text] : what.environment)
    options.environment(name, text);
  return options;
}

/// Only where the node says that it is not there, or the copy is none: all else may be otherwise another time.
checkpoint_loss loss_of(errc why) {
  const bool for_good = why == errc::user_code || why == errc::not_found || why == errc::invalid_argument;
  return for_good ? checkpoint_loss::for_good : checkpoint_loss::for_now;
}

bool is_about_another(const journal_record& record, trial_id trial) {
  return std::visit(runtime::overloaded{
                      [](const record::experiment_begun&) { return false; },
                      [](const record::experiment_resumed&) { return false; },
                      [](const record::experiment_ended&) { return false; },
                      [trial](const auto& each) { return each.trial != trial; },
                    },
                    record);
}

/// All trials, or only this one, as they were when `last` was the journal's last record.
[[nodiscard]] result<experiment_view> read_view(const path& journal, journal_position last,
                                                std::optional<trial_id> only = {}) {
  experiment_view view;
  auto read = file_journal_source(journal).read(1, last, [&](journal_position, const journal_record& each) {
    if (!only || !is_about_another(each, *only))
      (void)view.on_record(each); // A description that cannot be read is for people only.
  });
  if (!read)
    return fail(read.error());
  return view;
}

} // namespace

result<std::unique_ptr<experiment_run>> experiment_run::start(runtime::cluster& cluster, const experiment& what,
                                                              run_options options) {
  if (const auto mistakes = mistakes_of(what); !mistakes.empty())
    return fail(errc::invalid_argument, fmt::format("{}", fmt::join(mistakes, "\n")));
  std::unique_ptr<experiment_run> run(new experiment_run(cluster, what, std::move(options)));
  if (auto opened = run->open(); !opened)
    return fail(opened.error());
  if (auto begun = run->begin(); !begun)
    return fail(begun.error());
  return run;
}

experiment_run::experiment_run(runtime::cluster& cluster, const experiment& what, run_options options)
  : cluster_(cluster),
    what_(what),
    options_(std::move(options)),
    directory_(fs::absolute(options_.storage) / what_.name),
    stop_metrics_(what_.stop),
    view_(experiment_view_options{ended_trials_kept}) {
}

experiment_run::~experiment_run() {
  if (controller_) {
    interrupt("the program ends");
    (void)wait();
  }
  capacity_.reset();
}

// ---- Running.

result<void> experiment_run::begin() {
  tell_of_doubts();
  tell_of_journal();
  auto wants = demand_of(what_.resources);
  if (!wants)
    return fail(wants.error());
  results_writer_options files;
  files.results.directory = directory_.string();
  files.in_journal = past_records_;
  if (options_.on_trouble)
    files.on_trouble = [warn = options_.on_trouble](const error& why) {
      warn(fmt::format("a result cannot be written to its files, and is tried again: {}", why.message));
    };
  files_ = std::make_unique<file_results_writer>(std::move(files),
                                                 std::make_unique<file_journal_source>(directory_ / "journal"));
  for (const auto how : {trial_state::terminated, trial_state::stopped, trial_state::error})
    ended_before_ += view_.count(how);
  if (!what_.callbacks.empty())
    callbacks_ = std::make_unique<callback_thread>(what_.callbacks, what_.callback_limit, options_.on_trouble);
  wants_ = *wants;
  spawn_controller();
  if (cluster_.address() != "embedded")
    announced_ =
      std::make_unique<experiment_announcement>(cluster_, begun_.name, begun_.id, directory_, options_.on_trouble);
  if (what_.in_process_threads > 0)
    caf::anon_send(controller_, cluster_holds{what_.in_process_threads});
  else
    capacity_ = std::make_unique<capacity_watch>(
      cluster_, wants_, changes_resources_ ? capacity_watch::look_at::trials_and_room : capacity_watch::look_at::trials,
      [to = controller_](cluster_holds holds) { caf::anon_send(to, std::move(holds)); });
  return {};
}

void experiment_run::spawn_controller() {
  auto& system = cluster_.actor_system();
  const auto controller = std::make_shared<caf::actor>(); // Known only when all that it needs has been made.
  checkpoints_ = std::make_shared<cluster_checkpoints>(
    cluster_, checkpoint_traffic_options{begun_.id, what_.checkpoints.second_node},
    [controller, warn = options_.on_trouble](trial_id trial, const checkpoint_ref& checkpoint,
                                             const result<void>& how) {
      if (how) {
        caf::anon_send(*controller, checkpoint_is_stored{trial, checkpoint});
        return;
      }
      caf::anon_send(*controller, checkpoint_is_lost{trial, checkpoint, loss_of(how.error().code)});
      if (warn)
        warn(fmt::format("a checkpoint of trial {} did not reach the storage: {}", trial.value, how.error().message));
    });
  checkpoints_->sweep(directory_);
  for (const auto& node : nodes_before_)
    checkpoints_->use_node(node);
  for (const auto& [trial, life] : core_->lives())
    checkpoints_->set_directory(trial, directory_of(trial, life.created_with(), life.created));
  for (const auto& [trial, ended] : core_->arriving())
    checkpoints_->set_directory(trial, directory_of(trial, ended.created_with, ended.created));
  controller_parts parts;
  parts.records = journal_;
  parts.on_trouble = options_.on_trouble;
  parts.listen_to_journal = [journal = journal_, controller](const caf::actor& to) {
    *controller = to; // Before anything is kept.
    journal->listen([to](result<journal_position> up_to) { caf::anon_send(to, journal_is_durable{std::move(up_to)}); });
  };
  parts.checkpoints = checkpoints_;
  parts.make_order = [this](const controller_core::start_attempt& start) { return make_order(start); };
  parts.on_durable_record = [this](journal_position at, const journal_record& what) { on_durable(at, what); };
  parts.wall_clock = [] { return std::chrono::system_clock::now(); };
  parts.on_end = [this](result<experiment_outcome> how) {
    std::lock_guard guard(mutex_);
    outcome_ = std::move(how);
    changed_.notify_all();
  };
  attempts_actor::options attempts;
  attempts.runner = runner_options(what_);
  attempts.each = wants_;
  if (what_.process_per_attempt) {
    attempts.pool.slice = std::chrono::nanoseconds(0); // A runner has one attempt.
    attempts.process_of = begun_.id;
  }
  attempts.marker_file = (directory_ / ".storage").string();
  attempts.marker = marker_;
  attempts.provide = [place = checkpoints_](trial_id trial, const lent_checkpoint& what, const std::string& node,
                                            const std::string& to, cluster_checkpoints::provided then) {
    place->provide(trial, what, {node, to}, std::move(then));
  };
  controller_ = system.spawn<controller_actor>(
    core_, std::move(parts),
    [&cluster = cluster_, threads = what_.in_process_threads, attempts = std::move(attempts),
     into = attempts_](const caf::actor& to) {
      auto& where = cluster.actor_system();
      const auto spawn = [&cluster](const runtime::actor_options& how) {
        return cluster.try_spawn(trial_runner_type(), how);
      };
      *into = threads > 0 ? caf::actor(where.spawn<in_process_attempts_actor, caf::detached>(threads, to))
                          : caf::actor(where.spawn<attempts_actor>(spawn, attempts, to));
      return *into;
    });
}

path experiment_run::directory_of(trial_id trial, const config& values, record::wall_time created) const {
  record::trial_created made;
  made.trial = trial;
  made.values = values;
  made.at = created;
  return directory_ / trial_directory_name(begun_, described_, made);
}

attempt_order experiment_run::make_order(const controller_core::start_attempt& start) const {
  attempt_order order;
  order.experiment = begun_.id;
  order.trial = start.trial;
  order.trial_name = trial_name(begun_.id, start.trial);
  order.attempt = start.attempt;
  order.trainable = what_.trainable;
  order.values = start.values;
  order.seed = begun_.seed * 0x9e3779b97f4a7c15u + start.trial.value;
  order.metrics.push_back(what_.metric.metric);
  for (const auto& each : what_.more_metrics)
    order.metrics.push_back(each.metric);
  order.checkpoints = {what_.checkpoints.every > 0 ? what_.checkpoints.every : saves_every_, what_.checkpoints.at_end};
  order.max_iterations = max_iterations_;
  order.free_until = start.free_until;
  order.time_total_s = start.time_total_s;
  const auto own = directory_of(start.trial, start.created_with, start.created);
  checkpoints_->set_directory(start.trial, own);
  order.storage_directory = own.string();
  order.marker_file = (directory_ / ".storage").string();
  order.marker = marker_;
  order.restore = start.restore;
  for (const auto& each : times(wants_, start.where.size))
    order.resources.emplace(each.name, each.value.to_double());
  return order;
}

void experiment_run::on_durable(journal_position position, const journal_record& what) {
  files_->add(position, what);
  if (const auto* result = std::get_if<record::result_reported>(&what))
    if (auto warning = stop_metrics_.on_result(result->values); warning && options_.on_trouble)
      options_.on_trouble(*warning);
  if (const auto* placed = std::get_if<record::attempt_placed>(&what))
    (void)note_place(*placed);
  if (const auto* ended = std::get_if<record::attempt_ended>(&what)) {
    take_output(*ended);
    if (const auto left = unheard_.find(ended->trial); left != unheard_.end()) {
      remove_unheard(left->second, ended->attempt);
      unheard_.erase(left);
    }
  }
  if (const auto* changed = std::get_if<record::trial_changed>(&what); changed && has_ended(changed->state))
    checkpoints_->forget(changed->trial);
  std::lock_guard guard(mutex_);
  shown_ = position;
  (void)view_.on_record(what);
  if (options_.on_record)
    options_.on_record(what, view_);
  if (callbacks_)
    tell_callbacks(what);
  changed_.notify_all();
}

/// Whether its files lie on a node that does not see the storage.
bool experiment_run::note_place(const record::attempt_placed& placed) {
  if (!placed.sees_storage)
    away_[placed.trial] = {placed.node, placed.directory};
  return !placed.sees_storage;
}

void experiment_run::take_output(const record::attempt_ended& ended) {
  const auto found = away_.find(ended.trial);
  if (found == away_.end())
    return;
  // The directory there is named as that in the storage.
  checkpoints_->take_output(ended.trial, ended.attempt, found->second,
                            directory_ / path(found->second.directory).filename());
  away_.erase(found);
}

void experiment_run::tell_callbacks(const journal_record& what) {
  for (auto& each : events_of(what, view_))
    if (std::holds_alternative<experiment_end>(each))
      last_of_callbacks_ = std::move(each);
    else
      callbacks_->add(std::move(each));
}

// ---- Its end.

void experiment_run::interrupt(const std::string& why) {
  caf::anon_send(controller_, interrupt_experiment{why});
}

void experiment_run::end_at_once() {
  checkpoints_->give_up();
  caf::anon_send(controller_, end_experiment_at_once{});
}

result<void> experiment_run::order(const std::string& trial, trial_order::kind what, const std::string& why) {
  const auto number = with_view([&](const experiment_view& view) { return view.id_of(trial); });
  if (!number)
    return fail(errc::not_found, fmt::format("there is no trial \"{}\" in {}", trial, directory_.string()));
  caf::scoped_actor self(cluster_.actor_system());
  result<void> how = fail(errc::refused, "the experiment has ended");
  self->request(controller_, caf::infinite, trial_order{what, *number, why})
    .receive([&](const trial_order_heard& heard) { how = heard.how; },
             [](const caf::error&) {}); // Its controller is no more.
  return how;
}

result<experiment_outcome> experiment_run::wait() {
  caf::anon_send(controller_, end_is_awaited{});
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return outcome_.has_value(); });
  }
  std::call_once(is_finished_, [this] { finish(); });
  std::lock_guard guard(mutex_);
  return *outcome_;
}

void experiment_run::finish() {
  capacity_.reset();
  announced_.reset();
  wait_for_attempts();
  checkpoints_->finish();
  const auto written = files_->finish();
  finish_callbacks();
  std::lock_guard guard(mutex_);
  if (!written && *outcome_)
    outcome_ = fail(written.error());
}

/// They may ask for the experiment's view meanwhile.
void experiment_run::finish_callbacks() {
  std::unique_ptr<callback_thread> last;
  {
    std::lock_guard guard(mutex_);
    last = std::move(callbacks_);
    if (last && last_of_callbacks_)
      last->add(std::move(*last_of_callbacks_));
  }
}

/// No worker of the experiment is left then, and nothing of this process waits for one.
void experiment_run::wait_for_attempts() {
  caf::scoped_actor self(cluster_.actor_system());
  self->wait_for(controller_);
  if (*attempts_)
    self->wait_for(*attempts_);
}

result_grid experiment_run::results() {
  std::lock_guard guard(mutex_);
  return {view_, directory_, ended_trials_kept,
          [place = directory_ / "journal", last = shown_] { return read_view(place, last); }};
}

result<trial_view> experiment_run::trial_of(trial_id trial) {
  journal_position last = 0;
  {
    std::lock_guard guard(mutex_);
    if (const auto* kept = view_.find(trial))
      return *kept;
    last = shown_;
  }
  const auto all = read_view(directory_ / "journal", last, trial);
  if (!all)
    return fail(runtime::within(directory_.string(), all.error()));
  const auto* found = all->find(trial);
  if (found == nullptr)
    return fail(errc::not_found, fmt::format("there is no trial {} in {}", trial.value, directory_.string()));
  return *found;
}

bool experiment_run::wait_until(const std::function<bool(const experiment_view&)>& is_so) {
  std::unique_lock lock(mutex_);
  bool so = false;
  changed_.wait(lock, [&] { return (so = is_so(view_)) || outcome_.has_value(); });
  return so;
}

} // namespace tune
