#include "tune/worker/posix_trial_runner.hpp"

#include <chrono>
#include <filesystem>
#include <iostream>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "tune/worker/posix_attempt_output.hpp"
#include "tune/worker/posix_attempt_place.hpp"
#include "tune/worker/posix_last_words.hpp"

namespace tune {
namespace {

runtime::instant steady_now() {
  return runtime::instant{std::chrono::steady_clock::now().time_since_epoch()};
}

attempt_over cannot_begin(end_cause cause, const error& why) {
  return {{cause, why.message}, std::nullopt, {}};
}

/// Makes it and goes there.
[[nodiscard]] result<void> move_into(const path& directory) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (!failed)
    std::filesystem::current_path(directory, failed);
  if (failed)
    return fail(errc::io, fmt::format("{}: {}", directory.string(), failed.message()));
  return {};
}

} // namespace

trial_runner::trial_runner(trial_runner_options options) : options_(std::move(options)), exchange_(options_.hears) {
  if (!options_.now)
    options_.now = steady_now;
  if (options_.owns_process) {
    std::error_code ignored; // Then there is nothing to come back to.
    home_ = std::filesystem::current_path(ignored);
    output_ = std::make_unique<attempt_output>();
    let_reports_arrive(&exchange_.progress());
  }
  thread_ = std::thread([this] { run(); });
}

trial_runner::~trial_runner() {
  exchange_.close();
  thread_.join();
  if (options_.owns_process)
    let_reports_arrive(nullptr);
}

result<void> trial_runner::begin(attempt_order order, then with) {
  return exchange_.begin(std::move(order), std::move(with));
}

result<void> trial_runner::answer(attempt_reply reply, then with) {
  return exchange_.answer(reply, std::move(with));
}

result<void> trial_runner::begin(attempt_order order) {
  return exchange_.begin(std::move(order));
}

result<void> trial_runner::answer(attempt_reply reply) {
  return exchange_.answer(reply);
}

void trial_runner::heard() {
  exchange_.heard();
}

void trial_runner::shut_down(std::function<void()> when_idle) {
  {
    std::lock_guard guard(mutex_);
    when_idle_ = std::move(when_idle);
  }
  exchange_.close();
}

void trial_runner::run() {
  std::optional<last_words_stack> stack;
  if (options_.owns_process)
    stack.emplace();
  while (const auto order = exchange_.wait_for_order()) {
    last_.reset();
    run_attempt(*order);
  }
  leave_unheard();
  kept_ = {}; // The user's destructors are user's code, too.
  std::function<void()> told;
  {
    std::lock_guard guard(mutex_);
    told = std::move(when_idle_);
  }
  if (told)
    told();
}

void trial_runner::run_attempt(const attempt_order& order) {
  const auto how = options_.trainables->find(order.trainable);
  if (!how)
    return exchange_.tell_last(cannot_begin(end_cause::threw, how.error()));
  const auto place = enter(order);
  if (!place)
    return exchange_.tell_last(cannot_begin(end_cause::not_started, place.error()));
  if (options_.owns_process && place->sees_storage) // What it tells is heard, or left there.
    last_.emplace(order, place->directory);
  attempt_alive alive{options_.node,       own_hostname(),           own_ip(), static_cast<std::uint32_t>(::getpid()),
                      place->sees_storage, place->directory.string()};
  exchange_.tell(std::move(alive));
  attempt_over over;
  {
    running_trial trial({&order, *place, options_.node, options_.now, &exchange_, options_.checkpoints.get()});
    over = trial.run(*how, kept_);
  }
  leave();
  exchange_.tell_last(std::move(over));
}

/// Who was told to end before somebody had heard the end of its attempt has no driver any more.
void trial_runner::leave_unheard() {
  const auto events = exchange_.unheard();
  if (last_ && !events.empty())
    if (auto written = write_unheard(last_->directory, last_->attempt, events); !written)
      std::cerr << "caf-tune: what no driver has heard of the trial is lost: " << written.error().message << '\n';
  last_.reset();
}

result<attempt_place> trial_runner::enter(const attempt_order& order) {
  if (!options_.owns_process)
    return attempt_place{true, order.storage_directory};
  auto place = place_of(order, options_.node_directory);
  if (!place)
    return place;
  // Where it is brought to the storage later, each attempt has files of its own.
  const auto suffix = place->sees_storage ? "" : output_suffix(order.attempt);
  return move_into(place->directory).and_then([&] { return output_->begin(place->directory, suffix); }).map([&] {
    return std::move(*place);
  });
}

void trial_runner::leave() {
  if (!options_.owns_process)
    return;
  output_->end();
  std::error_code ignored; // It was removed: the next attempt goes elsewhere anyway.
  std::filesystem::current_path(home_, ignored);
}

} // namespace tune
