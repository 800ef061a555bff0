#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tune/controller/controller_core.hpp"

/// A controller_core with everything around it in virtual time: a journal that is durable when the test says so,
/// attempts that do what the test says, and a searcher and a scheduler that can be told what to do.
namespace virtual_tune {

using namespace tune;
using namespace std::chrono_literals;

/// Proposes {"x": number of the trial}, up to a limit.
class counting_searcher : public searcher {
public:
  explicit counting_searcher(std::uint64_t points, bool learns = false) : points_(points), learns_(learns) {}
  searcher_abilities abilities() const override {
    searcher_abilities can;
    can.learns = learns_;
    return can;
  }
  asked ask(const std::vector<trial_id>& trials) override {
    asked answer;
    for (const auto trial : trials)
      if (trial.value <= points_)
        answer.proposals.push_back({trial, config({{"x", trial.value}}), /*is_of_user=*/trial == of_user});
    if (answer.proposals.size() < trials.size())
      answer.how = ask_outcome::exhausted;
    return answer;
  }
  void on_created(trial_id trial, const config&) override { pending.insert(trial); }
  void on_report(trial_id, iteration_number, const std::vector<double>&) override { ++reports; }
  void on_paused(trial_id trial) override { paused.push_back(trial); }
  void on_end(trial_id trial, trial_outcome how, const std::vector<double>&) override {
    pending.erase(trial);
    ends[trial] = how;
  }

  trial_id of_user{3}; ///< As if the user had given this point.
  std::set<trial_id> pending;
  std::vector<trial_id> paused; ///< By the scheduler, one after the other.
  std::map<trial_id, trial_outcome> ends;
  int reports = 0;

private:
  std::uint64_t points_;
  bool learns_;
};

/// Decides by a function of (trial, iteration), so that a replay decides the same; brings back the first paused trial.
class scripted_scheduler : public scheduler {
public:
  using script = std::function<verdict(trial_id, iteration_number)>;
  explicit scripted_scheduler(script decide = {}, std::optional<iteration_number> most = std::nullopt)
    : decide_(std::move(decide)),
      most_(most) {}

  void on_trial_created(trial_id, const config&) override {}
  decision on_result(const scheduler_result& r) override {
    const auto what = decide_ ? decide_(r.trial, r.iteration) : verdict::go_on;
    return {what, what == verdict::go_on ? "" : "as scripted"};
  }
  iteration_number next_judged(trial_id trial, iteration_number after) const override {
    constexpr iteration_number far = 50; // A script may say something any time.
    for (auto i = after + 1; i < after + far; ++i)
      if (!goes_alone || (decide_ && decide_(trial, i) != verdict::go_on))
        return i;
    return after + far;
  }
  void on_trial_paused(trial_id trial) override { paused_.insert(trial); }
  void on_trial_held(trial_id trial) override { paused_.erase(trial); }
  void on_trial_end(trial_id trial, trial_state) override { paused_.erase(trial); }
  std::optional<resumption> choose_paused() override {
    if (!brings_back || paused_.empty())
      return std::nullopt;
    const auto trial = *paused_.begin();
    paused_.erase(paused_.begin());
    return resumption{trial, "its turn"};
  }
  std::vector<resumption> lost() const override {
    std::vector<resumption> ends;
    for (const auto trial : paused_)
      if (loses.count(trial) != 0)
        ends.push_back({trial, "it has lost"});
    return ends;
  }
  std::optional<iteration_number> max_iterations() const override { return most_; }

  std::set<trial_id> loses; ///< When they have paused.
  bool brings_back = true;
  bool goes_alone = false; ///< Lets trials do without answers what it has nothing to say about.

private:
  script decide_;
  std::optional<iteration_number> most_;
  std::set<trial_id> paused_;
};

/// Performs the core's actions.
class virtual_experiment {
public:
  struct running {
    attempt_number attempt = 0;
    std::optional<checkpoint_ref> restore;
    std::optional<lent_checkpoint> lent; ///< Whose that is.
    config values;
    place_wish where;
    double time_total_s = 0;
    std::string node; ///< Where it is alive.
    bool is_alive = false;
    bool is_withdrawn = false;          ///< If it still waits for its resources, its end is still to be told.
    bool is_killed = false;             ///< Its end is still to be told.
    bool wants_answer = false;          ///< It has reported.
    iteration_number iteration = 0;     ///< The last that it reported.
    std::optional<attempt_answer> told; ///< What it was answered last.
    iteration_number free_until = 0;
    attempt_events ahead; ///< Reported without an answer, and not asked for yet.
    iteration_number answered = 0;
  };

  explicit virtual_experiment(controller_options options, std::uint64_t points = 1000,
                              scripted_scheduler::script decide = {},
                              std::optional<iteration_number> most = std::nullopt,
                              std::function<std::unique_ptr<scheduler>()> make_scheduler = {})
    : options_(std::move(options)),
      points_(points),
      decide_(std::move(decide)),
      most_(most),
      make_scheduler_(std::move(make_scheduler)) {
    open();
  }

  static controller_options options(std::uint64_t trials) {
    controller_options o;
    o.id = "7f3a91c2";
    o.trials = trials;
    o.objectives = {maximize("accuracy")};
    return o;
  }

  void begin(std::size_t capacity) {
    perform(core->on_begin(now()));
    perform(core->on_capacity(capacity, now(), room));
  }
  void holds(std::size_t capacity, cluster_room its) { ///< From now on.
    room = std::move(its);
    perform(core->on_capacity(capacity, now(), room));
  }
  void alive(std::uint64_t trial, const std::string& node = "node-1") {
    auto& a = attempts.at(trial_id{trial});
    a.is_alive = true;
    a.node = node;
    perform(core->on_attempt_events(trial_id{trial}, a.attempt,
                                    {attempt_alive{node, "host-1", "10.0.0.1", 100, true, "/t"}}, now()));
  }
  /// Its next iteration; with a checkpoint if told so.
  void report(std::uint64_t trial, double accuracy = 0.5, bool checkpoint = false, bool done = false,
              bool in_storage = true) {
    auto& a = attempts.at(trial_id{trial});
    a.ahead.push_back(next_report(trial_id{trial}, a, accuracy, checkpoint, done, in_storage));
    deliver(trial);
  }
  bool may_go_alone(std::uint64_t trial) const {
    const auto& a = attempts.at(trial_id{trial});
    return a.is_alive && a.iteration < a.free_until && a.told.value_or(attempt_answer::go_on) == attempt_answer::go_on;
  }
  bool tells_at_once() const { return options_.told_at_once; }
  /// Its next iteration while the answer to an earlier one is still to come.
  void report_alone(std::uint64_t trial, double accuracy = 0.5, bool checkpoint = false) {
    auto& a = attempts.at(trial_id{trial});
    if (!may_go_alone(trial))
      throw std::logic_error("it has no leave to go on");
    a.ahead.push_back(next_report(trial_id{trial}, a, accuracy, checkpoint, false, true));
  }
  void deliver(std::uint64_t trial) {
    auto& a = attempts.at(trial_id{trial});
    a.wants_answer = true;
    if (!options_.told_at_once)
      a.told.reset();
    perform(core->on_attempt_events(trial_id{trial}, a.attempt, std::exchange(a.ahead, {}), now()));
  }
  void over(std::uint64_t trial, end_cause cause, const std::string& why = "why") {
    end(trial_id{trial}, {{cause, cause == end_cause::finished ? "" : why}, {}, {}});
  }
  /// The same, with a last checkpoint on a node that does not see the storage.
  void over_with_checkpoint(std::uint64_t trial, end_cause cause) {
    auto saved = written_by(trial_id{trial}, attempts.at(trial_id{trial}), /*in_storage=*/false);
    end(trial_id{trial}, {{cause, ""}, std::move(saved), {}});
  }
  void stored(std::uint64_t trial, const checkpoint_ref& checkpoint) {
    perform(core->on_checkpoint_stored(trial_id{trial}, checkpoint, now()));
  }
  void lost(std::uint64_t trial, const checkpoint_ref& checkpoint, checkpoint_loss how = checkpoint_loss::for_good) {
    perform(core->on_checkpoint_lost(trial_id{trial}, checkpoint, how, now()));
  }
  /// The first checkpoint that is on its way is copied into the storage.
  void arrive() {
    auto [trial, checkpoint] = on_the_way.front();
    on_the_way.erase(on_the_way.begin());
    checkpoint.directory = "/storage" + checkpoint.directory;
    checkpoint.in_storage = true;
    disk.insert(checkpoint.directory);
    stored(trial.value, checkpoint);
  }
  void vanish(checkpoint_loss how) { ///< It is lost.
    const auto [trial, checkpoint] = on_the_way.front();
    on_the_way.erase(on_the_way.begin());
    disk.erase(checkpoint.directory);
    lost(trial.value, checkpoint, how);
  }
  // The text of the error; empty: it was done.
  std::string stop(std::uint64_t trial) {
    return done(core->on_stop_trial(trial_id{trial}, "the user says so", now()));
  }
  std::string pause(std::uint64_t trial) {
    return done(core->on_pause_trial(trial_id{trial}, "the user says so", now()));
  }
  std::string resume(std::uint64_t trial) {
    return done(core->on_resume_trial(trial_id{trial}, "the user says so", now()));
  }
  void await() { perform(core->on_awaited(now())); }
  void sync() { sync_to(written.size()); }
  void sync_to(std::size_t position) {
    durable = std::max(durable, position);
    perform(core->on_durable(durable, now()));
  }
  void pass(std::chrono::nanoseconds time) {
    time_ += time;
    perform(core->on_time(now()));
  }
  void interrupt_again() { perform(core->on_second_interrupt(now())); }
  void interrupt() { perform(core->on_interrupt("interrupted", now())); }

  /// kill -9 of the driver: what was not durable is gone, as are the attempts; another one opens the journal.
  /// `unheard`: what attempt `of` of the first trial left for it, if anything.
  void crash_and_reopen(std::size_t capacity, const attempt_events& unheard = {}, attempt_number of = 1) {
    written.resize(durable);
    hastes.resize(durable);
    attempts.clear();
    on_the_way.clear();
    ended.reset();
    open();
    for (const auto& each : written) {
      const auto read = core->on_replay(each);
      if (!read)
        throw std::runtime_error(read.error().message);
    }
    if (!unheard.empty())
      core->on_unheard(trial_id{1}, of, unheard);
    begin(capacity);
  }

  template <class Record>
  std::vector<Record> all() const {
    std::vector<Record> found;
    for (const auto& each : written)
      if (const auto* r = std::get_if<Record>(&each))
        found.push_back(*r);
    return found;
  }
  trial_state state_of(std::uint64_t trial) const { ///< As the records say.
    auto state = trial_state::pending;
    for (const auto& each : all<record::trial_changed>())
      if (each.trial.value == trial)
        state = each.state;
    return state;
  }
  std::string reason_of(std::uint64_t trial) const {
    std::string reason;
    for (const auto& each : all<record::trial_changed>())
      if (each.trial.value == trial)
        reason = each.reason;
    return reason;
  }

  controller_options& asked() { return options_; } ///< Of the next driver.
  void schedule_with(std::function<std::unique_ptr<scheduler>()> make) { ///< The next driver.
    make_scheduler_ = std::move(make);
  }
  moment now() const { return {runtime::instant{time_}, record::wall_time{}}; }

  cluster_room room; ///< That is known of; none: no trial's resources change.
  std::unique_ptr<controller_core> core;
  counting_searcher* search = nullptr;
  scripted_scheduler* schedule = nullptr; ///< Null: it was given another one.
  std::vector<journal_record> written;
  std::vector<record_haste> hastes; ///< Of each that was written.
  std::size_t durable = 0;
  bool syncs_starts = true; ///< That an attempt starts is on disk at once, with all before it.
  std::set<std::pair<trial_id, attempt_number>> begun; ///< By all drivers: who they are told of is not forgotten.
  bool goes_alone = false; ///< Of the next scheduler that is opened.
  std::function<void(const controller_core::start_attempt&)> on_start;
  std::map<trial_id, running> attempts;
  std::vector<std::pair<trial_id, std::string>> killed;
  std::vector<checkpoint_ref> kept, hurried, dropped, left;
  std::vector<std::pair<trial_id, checkpoint_ref>> on_the_way; ///< To the storage.
  std::vector<std::string> warnings;
  std::set<std::string> disk; ///< Checkpoints that are there, on whatever disk.
  std::optional<controller_core::finish> ended;

private:
  attempt_report next_report(trial_id trial, running& a, double accuracy, bool checkpoint, bool done, bool in_storage) {
    attempt_report r;
    r.iteration = ++a.iteration;
    r.values = {{"accuracy", accuracy}};
    r.time_total_s = static_cast<double>(a.iteration);
    r.done = done;
    if (checkpoint)
      r.checkpoint = written_by(trial, a, in_storage);
    return r;
  }

  void open() {
    auto s = std::make_unique<counting_searcher>(points_);
    search = s.get();
    if (make_scheduler_) {
      core = std::make_unique<controller_core>(options_, std::move(s), make_scheduler_());
      return;
    }
    auto d = std::make_unique<scripted_scheduler>(decide_, most_);
    schedule = d.get();
    schedule->goes_alone = goes_alone;
    core = std::make_unique<controller_core>(options_, std::move(s), std::move(d));
  }

  std::string done(const result<controller_core::actions>& todo) {
    if (!todo)
      return todo.error().message;
    perform(*todo);
    return {};
  }
  checkpoint_ref written_by(trial_id trial, const running& a, bool in_storage) {
    const auto name = std::to_string(trial.value) + "/checkpoint_" + std::to_string(a.iteration) + ".attempt-" +
                      std::to_string(a.attempt);
    const checkpoint_ref made{a.iteration, a.attempt, "node-1", (in_storage ? "/storage/" : "/") + name,
                              in_storage,  10};
    disk.insert(made.directory);
    return made;
  }
  void end(trial_id trial, const attempt_over& over) {
    auto last = attempts.at(trial);
    attempts.erase(trial);
    last.ahead.push_back(over);
    perform(core->on_attempt_events(trial, last.attempt, last.ahead, now()));
  }
  void forget_on_the_way(const checkpoint_ref& checkpoint) {
    on_the_way.erase(
      std::remove_if(on_the_way.begin(), on_the_way.end(), [&](const auto& each) { return each.second == checkpoint; }),
      on_the_way.end());
  }

  void perform(const controller_core::actions& todo) {
    std::size_t last_start = 0;
    for (const auto& each : todo) {
      if (const auto* a = std::get_if<controller_core::append>(&each)) {
        written.push_back(a->record);
        if (std::holds_alternative<record::attempt_started>(a->record))
          last_start = written.size();
        hastes.push_back(a->haste);
        if (const auto* r = std::get_if<record::result_reported>(&a->record))
          results_at_[{r->trial, r->iteration}] = written.size();
      } else if (const auto* s = std::get_if<controller_core::start_attempt>(&each)) {
        running r;
        r.attempt = s->attempt;
        r.restore = s->restore;
        r.lent = s->lent;
        r.values = s->values;
        r.where = s->where;
        r.time_total_s = s->time_total_s;
        r.iteration = s->restore ? s->restore->iteration : 0;
        r.free_until = s->free_until;
        if (attempts.count(s->trial) != 0)
          throw std::logic_error("two attempts of one trial at once");
        if (!options_.told_at_once && !begun.insert({s->trial, s->attempt}).second)
          throw std::logic_error("two attempts of one trial have one number"); // I3
        if (on_start)
          on_start(*s);
        attempts[s->trial] = r;
      } else if (const auto* t = std::get_if<controller_core::answer>(&each)) {
        auto& told = attempts.at(t->trial);
        if (!told.wants_answer || told.attempt != t->attempt)
          throw std::logic_error("an answer that nobody waits for");
        if (t->reply.to > 0 && results_at_.at({t->trial, t->reply.to}) > durable)
          throw std::logic_error("an answer to what is not on disk"); // I2
        told.answered = std::max(told.answered, t->reply.to);
        told.wants_answer = options_.told_at_once && t->reply.to < told.iteration; // Others are on their way.
        if (!told.told || *told.told == attempt_answer::go_on)                     // It is never taken back.
          told.told = t->reply.what;
        told.free_until = t->reply.free_until;
      } else if (const auto* k = std::get_if<controller_core::kill_attempt>(&each)) {
        killed.emplace_back(k->trial, k->why);
        if (const auto found = attempts.find(k->trial); found != attempts.end() && found->second.attempt == k->attempt)
          found->second.is_killed = true;
        else
          throw std::logic_error("an attempt is killed that does not run"); // Its end would never be told.
      } else if (const auto* e = std::get_if<controller_core::withdraw_attempt>(&each)) {
        attempts.at(e->trial).is_withdrawn = true;
      } else if (const auto* c = std::get_if<controller_core::keep_checkpoint>(&each)) {
        kept.push_back(c->checkpoint);
        if (!c->checkpoint.in_storage)
          on_the_way.emplace_back(c->trial, c->checkpoint);
      } else if (const auto* d = std::get_if<controller_core::drop_checkpoint>(&each)) {
        dropped.push_back(d->checkpoint);
        disk.erase(d->checkpoint.directory);
        forget_on_the_way(d->checkpoint);
      } else if (const auto* l = std::get_if<controller_core::leave_checkpoint>(&each)) {
        left.push_back(l->checkpoint);
        forget_on_the_way(l->checkpoint);
      } else if (const auto* u = std::get_if<controller_core::hurry_checkpoint>(&each))
        hurried.push_back(u->checkpoint);
      else if (const auto* w = std::get_if<controller_core::warn>(&each))
        warnings.push_back(w->what);
      if (const auto* f = std::get_if<controller_core::finish>(&each))
        ended = *f;
    }
    if (syncs_starts && !options_.told_at_once && last_start > durable)
      sync_to(last_start);
  }

  controller_options options_;
  std::uint64_t points_;
  scripted_scheduler::script decide_;
  std::optional<iteration_number> most_;
  std::function<std::unique_ptr<scheduler>()> make_scheduler_; ///< None: a scripted one.
  std::map<std::pair<trial_id, iteration_number>, std::size_t> results_at_; ///< In what was written, from 1.
  std::chrono::nanoseconds time_ = 1h;
};

} // namespace virtual_tune
