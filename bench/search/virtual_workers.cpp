#include "bench/search/virtual_workers.hpp"

#include "tune/controller/controller_core.hpp"
#include "tune/scheduler/scheduler.hpp"
#include "tune/searcher/searcher.hpp"
#include "tune/searcher/shuffled_index.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <variant>

namespace bench {
namespace {

using namespace tune;

template <class... Cases>
struct overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
overloaded(Cases...) -> overloaded<Cases...>;

controller_options options_of(const virtual_search& what, const curve_table& table) {
  controller_options options;
  options.id = "00000000";
  options.seed = what.seed;
  options.samples = options.trials = table.size(); // Each has a configuration to itself.
  options.objectives = {minimize("loss")};
  options.step_deadline = std::chrono::hours(1'000'000);
  return options;
}

class virtual_workers {
public:
  virtual_workers(const virtual_search& what, const curve_table& table)
    : what_(what),
      table_(table),
      core_(options_of(what, table), what.searcher.make({table.space(), what.seed, table.size(), 0}),
            scheduler_of(what, table)) {}

  std::vector<better_one> run() {
    perform(core_.on_begin(now()));
    perform(core_.on_capacity(what_.workers, now()));
    while (!due_.empty() && epochs_ < what_.most_epochs && (found_.empty() || found_.back().loss > what_.until)) {
      const auto [time, order, trial] = due_.top();
      due_.pop();
      time_ = time;
      ++epochs_;
      train(trial);
    }
    return std::move(found_);
  }

private:
  struct attempt {
    attempt_number number = 0;
    std::size_t row = 0;
    iteration_number epoch = 0;
    std::optional<attempt_answer> told; ///< To its last report.
  };

  static std::unique_ptr<scheduler> scheduler_of(const virtual_search& what, const curve_table& table) {
    scheduler_setup setup;
    setup.seed = what.seed;
    setup.better = direction::minimize;
    setup.space = std::make_shared<search_space>(table.space());
    return what.scheduler.make(setup);
  }

  moment now() const {
    return {runtime::instant{std::chrono::seconds(static_cast<std::int64_t>(time_))}, record::wall_time{}};
  }

  /// One epoch, and what follows from its result.
  void train(trial_id trial) {
    auto& one = attempts_.at(trial);
    attempt_report report;
    report.iteration = ++one.epoch;
    const double loss = table_.loss(one.row, one.epoch);
    report.values = {{"loss", loss}};
    report.done = one.epoch == table_.epochs();
    one.told.reset();
    const auto number = one.number;
    if (report.done && (found_.empty() ? loss == loss : loss < found_.back().loss))
      found_.push_back({epochs_, time_, loss});
    tell(trial, number, report);
    if (report.done)
      return end(trial, end_cause::finished);
    const auto found = attempts_.find(trial);
    if (found == attempts_.end() || found->second.number != number)
      return; // It ended meanwhile.
    switch (found->second.told.value_or(attempt_answer::go_on)) {
    case attempt_answer::go_on: return begin_epoch(trial);
    case attempt_answer::pause: return end(trial, end_cause::paused);
    case attempt_answer::stop: return end(trial, end_cause::stopped);
    }
  }

  void begin_epoch(trial_id trial) { due_.emplace(time_ + 1, ++order_, trial); }

  void end(trial_id trial, end_cause cause) {
    const auto one = attempts_.at(trial);
    attempts_.erase(trial);
    attempt_over over;
    over.end.cause = cause;
    if (cause == end_cause::paused)
      over.checkpoint = checkpoint_ref{one.epoch, one.number, "node", std::to_string(trial.value), true, 1};
    tell(trial, one.number, over);
  }

  void tell(trial_id trial, attempt_number number, attempt_event what) {
    perform(core_.on_attempt_events(trial, number, {std::move(what)}, now()));
  }

  void perform(const controller_core::actions& todo) {
    for (const auto& each : todo)
      std::visit(overloaded{[&](const controller_core::append&) { ++written_; },
                            [&](const controller_core::start_attempt& a) { start(a); },
                            [&](const controller_core::answer& a) {
                              if (const auto found = attempts_.find(a.trial);
                                  found != attempts_.end() && found->second.number == a.attempt)
                                found->second.told = a.reply.what;
                            },
                            [](const controller_core::kill_attempt& a) {
                              throw std::logic_error("an attempt was killed: " + a.why);
                            },
                            [](const auto&) {}},
                 each);
    if (written_ > durable_) { // Its disk takes no time.
      durable_ = written_;
      perform(core_.on_durable(durable_, now()));
    }
    begin_started();
  }

  void start(const controller_core::start_attempt& a) {
    attempt one;
    one.number = a.attempt;
    if (const auto known = rows_.find(a.trial); known != rows_.end())
      one.row = known->second;
    else {
      one.row = rows_[a.trial] = row_of(a);
      taken_.insert(one.row);
    }
    one.epoch = a.restore ? a.restore->iteration : 0;
    attempts_[a.trial] = one;
    started_.push_back(a.trial);
  }

  /// A point by chance would be nearest to the outermost ones most often: of those each has its turn by chance.
  std::size_t row_of(const controller_core::start_attempt& a) const {
    if (what_.searcher.name() == "random")
      return shuffled_index(a.trial.value - 1, table_.size(), what_.seed);
    return table_.nearest(a.values, taken_);
  }

  void begin_started() {
    while (!started_.empty()) {
      const auto trial = started_.back();
      started_.pop_back();
      begin_epoch(trial);
      tell(trial, attempts_.at(trial).number, attempt_alive{"node", "node", "10.0.0.1", 1, true, "/"});
    }
  }

  const virtual_search& what_;
  const curve_table& table_;
  controller_core core_;
  std::map<trial_id, attempt> attempts_;
  std::vector<trial_id> started_; ///< And told nobody yet that they live.
  std::map<trial_id, std::size_t> rows_;
  std::set<std::size_t> taken_;
  using due = std::tuple<std::uint64_t, std::uint64_t, trial_id>; ///< When, in which order, who.
  std::priority_queue<due, std::vector<due>, std::greater<>> due_;
  std::vector<better_one> found_;
  journal_position written_ = 0;
  journal_position durable_ = 0;
  std::uint64_t time_ = 0;
  std::uint64_t epochs_ = 0;
  std::uint64_t order_ = 0;
};

} // namespace

std::vector<better_one> run(const virtual_search& what, const curve_table& table) {
  return virtual_workers(what, table).run();
}

} // namespace bench
