#include "tests/simulation/simulated_search.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "tune/results/experiment_view.hpp"

using namespace tune;
using namespace std::chrono_literals;

namespace sim {

search::search(seed s, search_plan plan)
  : seed_(s),
    plan_(std::move(plan)),
    random_(s, "search"),
    net_(system_.get(), s),
    storage_(s),
    cluster_(net_, storage_, history_, plan_.habits, s) {
  const auto user = storage_.view(nullptr);
  const path directory = simulated_driver::experiment_directory;
  (void)user->make_directories(directory / "journal");
  for (path at = directory; at != "/"; at = at.parent_path())
    or_throw(user->sync_directory(at));
  or_throw(user->sync_directory("/"));
  cluster_.set_places(plan_.places);
  start_driver();
}

search::~search() {
  system_.end_actors(); // They use what goes before the system does.
}

driver_surroundings search::surroundings() {
  return {
    net_,
    system_,
    storage_,
    cluster_,
    history_,
    plan_,
    random_,
    awaits_end_,
    repeated_news_,
    [this] { return between(random_, 10us, disk_time_); },
    [this] { return record::wall_time(std::chrono::hours(480'000) + net_.now().time_since_epoch() + wall_offset_); }};
}

// ---- The driver.

void search::start_driver() {
  if (driver_)
    former_drivers_.push_back(std::move(driver_));
  ++drivers_;
  is_driver_of_healed_ = healed_;
  driver_ = std::make_unique<simulated_driver>(surroundings());
}

void search::start_driver_after(std::chrono::nanoseconds time) {
  driver_is_to_start_ = true;
  net_.at(net_.now() + time, [this] {
    if (!std::exchange(driver_is_to_start_, false) || !storage_.has_power())
      return;
    start_driver();
  });
}

/// Somebody starts it again, whatever ended it, until the search is complete.
void search::look_after_driver() {
  if (is_complete_ || driver_is_to_start_ || !driver_->has_ended() || !storage_.has_power())
    return;
  if (const auto& how = driver_->outcome(); how && *how && (*how)->complete) {
    is_complete_ = true;
    history_.on_ended();
    return net_.note("the search is complete");
  }
  if (const auto& how = driver_->outcome(); is_driver_of_healed_ && how && !*how)
    history_.complain("nothing goes wrong any more, and a driver says: " + how->error().message);
  start_driver_after(healed_ ? 100ms : next_start_);
}

void search::kill_driver(std::chrono::nanoseconds starts_after) {
  next_start_ = starts_after;
  if (!driver_->has_ended())
    driver_->die();
}

void search::lose_power(std::uint64_t after_changes, std::chrono::nanoseconds comes_back_after) {
  power_comes_back_ = comes_back_after;
  storage_.lose_power_after(after_changes, [this] { power_went_ = true; });
}

/// All processes are on that machine.
void search::on_power_lost() {
  power_went_ = false;
  net_.note("the power goes");
  cluster_.lose_power();
  if (!driver_->has_ended())
    driver_->die();
  net_.at(net_.now() + power_comes_back_, [this] {
    storage_.restore_power();
    net_.note("the power is back");
  });
}

// ---- The user.

void search::order_something(random_stream& random) {
  if (history_.trials().empty())
    return;
  const auto what = random.below(3);
  driver_->order(what == 0   ? trial_order::kind::stop
                 : what == 1 ? trial_order::kind::pause
                             : trial_order::kind::resume,
                 trial_id{1 + random.below(history_.trials().size())});
}

void search::set_places(std::size_t places) {
  cluster_.set_places(places);
  driver_->tell_places(places);
}

void search::let_all_go_on() {
  if (!driver_->has_ended())
    for (const auto& [trial, life] : driver_->core().lives())
      if (life.is_held || (life.ends && life.ends->by_user && life.ends->state == trial_state::paused))
        driver_->order(trial_order::kind::resume, trial);
}

// ---- What goes wrong.

void search::suffer(const search_fault& what) {
  strike_again(std::make_shared<search_fault>(what),
               std::make_shared<random_stream>(seed_, "search fault " + std::to_string(++faults_)));
}

void search::strike_again(const std::shared_ptr<search_fault>& what, const std::shared_ptr<random_stream>& random) {
  net_.at(net_.now() + between(*random, 0ns, what->every * 2), [this, what, random] {
    if (healed_ || is_complete_)
      return;
    what->strike(*this, *random);
    strike_again(what, random);
  });
}

search& search::heal() {
  healed_ = true;
  awaits_end_ = false; // Its user has all go on.
  net_.note("no more faults");
  storage_.faults = {};
  storage_.lose_power_after(~std::uint64_t{0}, nullptr);
  repeated_news_ = 0;
  disk_time_ = 5ms;
  auto& habits = plan_.habits;
  habits.crashes = habits.throws = habits.hangs = habits.kills_while_saving = 0;
  set_places(plan_.places);
  return *this;
}

// ---- Time, and what must hold.

bool search::goes_on() {
  ++events_;
  hash_ = (hash_ ^ static_cast<std::uint64_t>(net_.now().time_since_epoch().count())) * 1099511628211u;
  if (power_went_)
    on_power_lost();
  look_after_driver();
  return history_.wrong().empty();
}

void search::advance(std::chrono::nanoseconds time) {
  runs_until(net_.now() + time, [this] { return is_complete_; });
}

bool search::runs_until(instant limit, const std::function<bool()>& is_so) {
  net_.run_until(limit, [&] { return goes_on() && !is_so(); });
  return history_.wrong().empty() && is_so();
}

bool search::finishes_within(std::chrono::nanoseconds time) {
  const auto limit = net_.now() + time;
  while (!is_complete_ && broken().empty() && net_.now() < limit) {
    let_all_go_on();
    runs_until(net_.now() + 1s, [this] { return is_complete_; });
  }
  if (!is_complete_ || !broken().empty())
    return false;
  check_end();
  hash_ ^= history_.hash();
  return broken().empty();
}

std::string search::why_not_finished() const {
  if (is_complete_)
    return {};
  const auto ended = std::count_if(history_.trials().begin(), history_.trials().end(),
                                   [](const auto& each) { return has_ended(each.second.state); });
  const auto& how = driver_->outcome();
  return fmt::format("{} of {} trials have ended, of {} records; {}", ended, history_.trials().size(),
                     history_.records(),
                     !how   ? "its driver runs"
                     : *how ? "its driver says: " + (*how)->why
                            : "its driver says: " + how->error().message);
}

/// A driver that opens what is complete finds it so, and nothing is left.
void search::check_end() {
  const auto records = history_.records();
  runs_until(net_.now() + 10s, [this] { return cluster_.is_empty(); }); // Some may not know yet that nobody is there.
  if (!cluster_.is_empty())
    history_.complain("workers are left when the search is complete");
  start_driver();
  runs_until(net_.now() + 10s, [this] { return driver_->has_ended(); });
  const auto& how = driver_->outcome();
  if (!how || !*how || !(*how)->complete)
    return history_.complain("a search that was complete is not when it is opened again");
  if (history_.records() != records + 2)
    history_.complain(
      fmt::format("a complete search that is opened again gets {} records", history_.records() - records));
  for (const auto& [trial, known] : history_.trials())
    if (!has_ended(known.state))
      history_.complain(fmt::format("the search is complete, and trial {} is {}", trial.value, to_string(known.state)));
  if (history_.trials().size() != driver_->core().created())
    history_.complain("the search has other trials than were created");
  check_disk();
}

/// Whether a file or directory of a trial may be there although no record names it: what an attempt has written that
/// was lost before anybody heard of it.
bool may_be_unheard(const std::string& name) {
  return (parse_checkpoint_name(name) && name.find(".tmp") == std::string::npos) || name.rfind(".unheard.", 0) == 0;
}

/// Of each trial the checkpoints that its records keep, whole, and nothing half done.
void search::check_disk() {
  experiment_view view;
  for (const auto& each : history_.all())
    (void)view.on_record(each);
  const auto user = storage_.view(nullptr);
  for (const auto& [trial, about] : view.trials()) {
    std::set<std::string> expected;
    const path directory = simulated_driver::directory_of(trial);
    for (const auto& each : about.checkpoints.all()) {
      expected.insert(path(each.at.directory).filename().string());
      if (const auto whole = check_checkpoint(each.at.directory, *user);
          !whole && !storage_.is_rotten(each.at.directory))
        history_.complain(
          fmt::format("in the end a checkpoint of trial {} is not whole: {}", trial.value, whole.error().message));
    }
    std::vector<store_disk::entry> there;
    (void)user->list(directory, there);
    for (const auto& each : there)
      if (expected.count(each.name) == 0 && !may_be_unheard(each.name))
        history_.complain(
          fmt::format("in the end {} is left, which no record names", (directory / each.name).string()));
  }
}

} // namespace sim
