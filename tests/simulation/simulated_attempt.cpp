#include "tests/simulation/simulated_attempt.hpp"

#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "runtime/base/overloaded.hpp"
#include "tune/journal/crc32c.hpp"

using namespace tune;
using namespace std::chrono_literals;

namespace sim {
namespace {

constexpr std::string_view trial_prefix = "trial_";

/// Whose checkpoint lies in a directory, by its name and its trial's: ".../trial_3/checkpoint_000007.attempt-2".
std::optional<std::string> state_expected_in(const path& directory) {
  const auto trial = directory.parent_path().filename().string();
  const auto name = parse_checkpoint_name(directory.filename().string());
  if (!name || trial.rfind(trial_prefix, 0) != 0)
    return std::nullopt;
  return state_of(std::stoull(trial.substr(trial_prefix.size())), name->iteration);
}

} // namespace

std::string state_of(std::uint64_t trial, iteration_number iteration) {
  auto text = fmt::format("trial {} iteration {}\n", trial, iteration);
  const auto size = 50 + crc32c(text) % 400;
  while (text.size() < size)
    text += fmt::format("{:08x}\n", crc32c(text));
  return text;
}

simulated_attempt::simulated_attempt(attempt_surroundings around, std::shared_ptr<process> whose, store_disk& disk,
                                     std::string node, attempt_exchange& exchange, listener told)
  : around_(around),
    process_(std::move(whose)),
    disk_(disk),
    node_(std::move(node)),
    exchange_(exchange),
    told_(std::move(told)),
    files_(file_checkpoint_options{}, disk) {
}

simulated_attempt::~simulated_attempt() {
  *is_there_ = false;
}

void simulated_attempt::later(std::chrono::nanoseconds time, void (simulated_attempt::*what)()) {
  around_.net.at(around_.net.now() + time, [this, what, turn = ++turn_, there = is_there_, whose = process_] {
    if (*there && whose->is_alive && turn == turn_)
      (this->*what)();
  });
}

// ---- The life of an attempt.

void simulated_attempt::begin() {
  last_ = exchange_.wait_for_order();
  course_.emplace(*last_, around_.net.now());
  directory_ = last_->storage_directory;
  report_ = {};
  over_ = {};
  waits_ = goes_on_ = hangs_ = ends_at_once_ = is_told_to_end_at_once_ = false;
  answer_ = attempt_answer::go_on;
  free_until_ = last_->free_until;
  around_.net.note("{} begins attempt {} of trial {} from iteration {}", node_, last_->attempt, last_->trial.value,
                   course_->iteration());
  told_.on_begun(last_->trial, last_->attempt);
  later(between(around_.random, 1ms, around_.habits.longest_set_up), &simulated_attempt::enter);
}

void simulated_attempt::enter() {
  if (const auto why = disk_.make_directories(directory_))
    return end({{end_cause::not_started, directory_.string() + ": " + why.message()}, std::nullopt, {}});
  exchange_.tell(attempt_alive{node_, "host of " + node_, "10.0.0.1", 100, /*sees_storage=*/true, directory_.string()});
  if (auto restored = restore(); !restored)
    course_->on_no_restore(std::move(restored.error()));
  course_->on_begin(around_.net.now());
  step();
}

result<void> simulated_attempt::restore() {
  if (!last_->restore)
    return {};
  const path from = last_->restore->directory;
  if (auto checked = files_.check(from); !checked)
    return checked;
  const auto text = disk_.open_for_reading(from / "state").and_then([](const std::unique_ptr<store_file>& file) {
    return file->read_at(0, 1u << 20);
  });
  if (!text)
    return fail(text.error());
  if (state_expected_in(from) != *text)
    around_.history.complain(fmt::format("attempt {} of trial {} restores from {} what was never saved (I4)",
                                         last_->attempt, last_->trial.value, from.string()));
  return {};
}

void simulated_attempt::step() {
  if (!course_->is_ending() && exchange_.is_closed())
    course_->on_answer(exchange_.at_close(), around_.net.now());
  if (course_->is_ending())
    return finish();
  const auto& habits = around_.habits;
  if (around_.random.chance(habits.crashes))
    return told_.on_crash("signal 11 (SIGSEGV)");
  if (around_.random.chance(habits.throws)) {
    course_->on_failure("the trainable threw");
    return finish();
  }
  hangs_ = around_.random.chance(habits.hangs);
  if (!hangs_)
    later(between(around_.random, 1us, habits.longest_step), &simulated_attempt::on_stepped);
}

void simulated_attempt::on_stepped() {
  if (exchange_.at_close() == attempt_answer::stop && exchange_.is_closed())
    return step(); // What it has just done is not counted.
  auto report = course_->on_report(results_of(last_->values, course_->iteration() + 1), around_.net.now());
  report_ = or_throw(std::move(report));
  save_if_wanted(report_, &simulated_attempt::tell);
}

void simulated_attempt::tell() {
  around_.net.note("trial {} reports iteration {} of attempt {}{}", last_->trial.value, report_.iteration,
                   last_->attempt, report_.checkpoint ? ", with a checkpoint" : "");
  waits_ = true;
  exchange_.tell(std::move(report_));
  wait_for_answer();
}

void simulated_attempt::wait_for_answer() {
  if (is_answered())
    on_answered();
  else if (has_leave() && !std::exchange(goes_on_, true))
    later(course_->patience(), &simulated_attempt::on_answered);
}

/// As the exchange sees it: then it does not wait.
bool simulated_attempt::has_leave() const {
  return course_->iteration() < free_until_ && answer_ == attempt_answer::go_on;
}
bool simulated_attempt::is_answered() const {
  return course_->iteration() <= exchange_.progress().answered || ends_at_once_ || exchange_.is_closed();
}

void simulated_attempt::on_reply(const attempt_reply& r) {
  if (answer_ == attempt_answer::go_on)
    answer_ = r.what;
  ends_at_once_ = ends_at_once_ || (r.what != attempt_answer::go_on && r.to == 0);
  free_until_ = std::max(free_until_, r.free_until);
  if (course_ && exchange_.progress().answered > 0)
    around_.history.on_answered(last_->trial, last_->attempt, exchange_.progress().answered);
  poll();
}

void simulated_attempt::end_at_once() {
  is_told_to_end_at_once_ = true;
}

void simulated_attempt::poll() {
  if (course_ && waits_)
    wait_for_answer();
}

void simulated_attempt::on_answered() {
  waits_ = goes_on_ = false;
  ++turn_;
  const bool needs_disk = !has_leave() && !exchange_.is_closed() && !is_told_to_end_at_once_;
  if (needs_disk) // Its user sees that it has returned.
    around_.history.on_answered(last_->trial, last_->attempt, course_->iteration());
  course_->on_answer(exchange_.wait_for_answer(course_->iteration(), 0ns), around_.net.now());
  save_if_wanted(over_, &simulated_attempt::step);
}

void simulated_attempt::finish() {
  course_->on_return();
  over_.end = course_->end();
  end(std::move(over_));
}

void simulated_attempt::end(attempt_over over) {
  around_.net.note("attempt {} of trial {} is over: {} {}", last_->attempt, last_->trial.value,
                   to_string(over.end.cause), over.end.why);
  ++turn_;
  course_.reset();
  exchange_.tell_last(std::move(over));
  told_.on_over();
}

// ---- Saving.

template <class Told>
void simulated_attempt::save_if_wanted(Told& told, void (simulated_attempt::*then)()) {
  saving_ = {around_.net.now(), false, then};
  if (!course_->wants_checkpoint(saving_.began))
    return (this->*then)();
  if (around_.random.chance(around_.habits.kills_while_saving))
    process_->dies_after = around_.random.below(12);
  const auto directory = directory_ / checkpoint_name(course_->iteration(), last_->attempt);
  try {
    const auto written = files_.write(directory, [this](const path& into) { write_state(into); });
    if (!process_->is_alive)
      return told_.on_crash("signal 9 (SIGKILL)");
    process_->dies_after.reset();
    saving_.is_there = written && *written;
    if (saving_.is_there)
      told.checkpoint =
        checkpoint_ref{course_->iteration(), last_->attempt, node_, directory.string(), /*in_storage=*/true, **written};
    else if (!written)
      told.no_checkpoint = written.error().message;
  } catch (const std::exception& e) {
    if (!process_->is_alive)
      return told_.on_crash("signal 9 (SIGKILL)");
    process_->dies_after.reset();
    course_->on_save_failure(std::string("save: ") + e.what());
    return finish();
  }
  later(between(around_.random, 10us, around_.habits.longest_save), &simulated_attempt::on_saved);
}

void simulated_attempt::on_saved() {
  course_->on_checkpoint(saving_.is_there, saving_.began, around_.net.now());
  (this->*saving_.then)();
}

/// As who writes with streams: that there was no room, it does not notice.
void simulated_attempt::write_state(const path& directory) {
  const auto write = [&](const path& file, const std::string& text) {
    const auto done = disk_.open_for_writing(file).and_then(
      [&](const std::unique_ptr<store_file>& to) { return to->write_at(0, text); });
    const bool is_full = !done && done.error().message.find("make room") != std::string::npos;
    if (!done && !is_full)
      throw std::runtime_error(done.error().message);
  };
  write(directory / "state", state_of(last_->trial.value, course_->iteration()));
  if (course_->iteration() % 3 != 0)
    return;
  if (const auto why = disk_.make_directories(directory / "more"))
    throw std::runtime_error(why.message());
  write(directory / "more" / "optimizer", std::string(200, 'x'));
}

} // namespace sim
