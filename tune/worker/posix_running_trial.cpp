#include "tune/worker/posix_running_trial.hpp"

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <system_error>
#include <utility>

#include <cxxabi.h>
#include <fmt/format.h>

#include "runtime/base/describe_exception.hpp"
#include "runtime/base/overloaded.hpp"
#include "tune/store/checkpoint_manifest.hpp"

namespace tune {
namespace {

/// Ends the user's code where it reports although it was told to stop. Of no base that it could catch by.
struct attempt_unwound {};

constexpr std::size_t most_bytes_of_a_reason = 64u << 10;

/// What was thrown, for people; also where the text itself is huge.
std::string describe_thrown() {
  auto text = runtime::describe_exception(std::current_exception());
  if (text.size() > most_bytes_of_a_reason)
    text = fmt::format("{} [and {} bytes more]", std::string_view(text).substr(0, most_bytes_of_a_reason),
                       text.size() - most_bytes_of_a_reason);
  return text;
}

} // namespace

running_trial::running_trial(running_trial_options options)
  : options_(std::move(options)),
    order_(*options_.order),
    course_(order_, options_.now()) {
}

std::optional<path> running_trial::checkpoint() const {
  if (!order_.restore)
    return std::nullopt;
  return path(order_.restore->directory);
}

const path& running_trial::directory() const {
  std::filesystem::create_directories(options_.place.directory);
  return options_.place.directory;
}

attempt_over running_trial::run(const trainable_registry::entry& how, kept_actor& kept) {
  try {
    if (auto checked = check_restored(); !checked)
      course_.on_no_restore(std::move(checked.error()));
    else if (!course_.is_ending()) // Else its checkpoint has all the iterations that are wanted.
      std::visit(runtime::overloaded{
                   [&](const trainable::function& function) { run_function(function); },
                   [&](const trainable::factory& make) { run_class(make, kept); },
                 },
                 how);
    course_.on_return();
  } catch (const attempt_unwound&) { // Its end is decided already.
    course_.on_return();
  } catch (const abi::__forced_unwind&) { // Nobody may stop it here, and without its thread the attempt would hang.
    std::cerr << "caf-tune: the trainable has ended its thread (pthread_exit); so its process ends\n";
    std::abort();
  } catch (...) {
    course_.on_failure(describe_thrown());
  }
  if (course_.has_failed())
    kept = {};
  over_.end = course_.end();
  return std::move(over_);
}

result<void> running_trial::check_restored() const {
  if (!order_.restore)
    return {};
  if (options_.checkpoints == nullptr)
    return fail(errc::invalid_argument, "checkpoints cannot be read here");
  return options_.checkpoints->check(order_.restore->directory);
}

void running_trial::run_function(const trainable::function& function) {
  course_.on_begin(options_.now());
  function(*this);
}

void running_trial::run_class(const trainable::factory& make, kept_actor& kept) {
  auto used = std::exchange(kept, {}); // What throws is not used again.
  if (used.actor)
    used.actor->resources_ = order_.resources;
  const bool is_reset = used.actor && used.trainable == order_.trainable && used.actor->reset(order_.values);
  if (!is_reset) {
    used = {}; // Before the next one is made: they may be large.
    used = {order_.trainable, make()};
    if (!used.actor)
      throw failure({errc::user_code, fmt::format("the trainable \"{}\" made no object", order_.trainable)});
    used.actor->resources_ = order_.resources;
    used.actor->set_up(order_.values);
  }
  auto& actor = *used.actor;
  if (const auto directory = checkpoint())
    actor.load(*directory);
  course_.on_begin(options_.now());
  while (may_go_on())
    report(actor.step(), [&](const path& directory) { actor.save(directory); });
  actor.clean_up();
  kept = std::move(used);
}

/// Between two iterations of a class: nobody has told it to end.
bool running_trial::may_go_on() {
  if (!course_.is_ending() && options_.exchange->is_closed())
    course_.on_answer(options_.exchange->at_close(), options_.now());
  return !course_.is_ending();
}

void running_trial::check_caller() const {
  if (std::this_thread::get_id() != thread_)
    throw failure({errc::user_code, "report() was called by another thread than the trainable's own"});
  if (is_saving_)
    throw failure({errc::user_code, "report() was called while the state was being saved"});
}

next_step running_trial::report(const metrics& values, const save_function& save) {
  const auto done_at = options_.now();
  check_caller();
  if (course_.is_ending())
    throw attempt_unwound();
  if (options_.exchange->at_close() == attempt_answer::stop && !may_go_on())
    return stop; // No checkpoint is wanted, and what it has just done is not counted.
  auto report = course_.on_report(values, done_at);
  if (!report)
    throw failure(report.error());
  save_if_wanted(save, *report);
  options_.exchange->tell(std::move(*report));
  course_.on_answer(options_.exchange->wait_for_answer(course_.iteration(), course_.patience()), options_.now());
  save_if_wanted(save, over_);
  return course_.is_ending() ? stop : go_on;
}

template <class Told>
void running_trial::save_if_wanted(const save_function& save, Told& told) {
  const auto began = options_.now();
  if (!save || options_.checkpoints == nullptr || !course_.wants_checkpoint(began))
    return;
  const auto directory = options_.place.directory / checkpoint_name(course_.iteration(), order_.attempt);
  const auto written = write_checkpoint(directory, save);
  const bool is_there = written && *written;
  course_.on_checkpoint(is_there, began, options_.now());
  if (is_there)
    told.checkpoint = checkpoint_ref{course_.iteration(),         order_.attempt, options_.node, directory.string(),
                                     options_.place.sees_storage, **written};
  else if (!written)
    told.no_checkpoint = written.error().message;
}

result<std::optional<std::uint64_t>> running_trial::write_checkpoint(const path& directory, const save_function& save) {
  is_saving_ = true;
  try {
    auto written = options_.checkpoints->write(directory, save);
    is_saving_ = false;
    return written;
  } catch (const abi::__forced_unwind&) {
    throw;
  } catch (...) {
    is_saving_ = false;
    course_.on_save_failure(fmt::format("save: {}", describe_thrown()));
    throw;
  }
}

} // namespace tune
