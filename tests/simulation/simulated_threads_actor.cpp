#include "tests/simulation/simulated_threads_actor.hpp"

#include <algorithm>
#include <utility>

#include <caf/all.hpp>

#include "runtime/base/describe_exception.hpp"

using namespace tune;

namespace sim {
namespace {

using look_atom = caf::atom_constant<caf::atom("look")>;

attempt_over not_run() {
  return {{end_cause::stopped, "it was stopped before it began"}, std::nullopt, {}};
}

} // namespace

simulated_threads_actor::simulated_threads_actor(caf::actor_config& config, std::size_t threads,
                                                 attempt_surroundings around, std::shared_ptr<process> driver,
                                                 store_disk& storage, caf::actor controller)
  : event_based_actor(config),
    around_(around),
    driver_(std::move(driver)),
    controller_(std::move(controller)),
    places_(threads) {
  set_exception_handler([this](std::exception_ptr& thrown) {
    around_.history.complain("what runs attempts threw: " + runtime::describe_exception(thrown));
    return caf::make_error(caf::exit_reason::unhandled_exception);
  });
  for (auto& each : places_) {
    each.exchange =
      std::make_unique<attempt_exchange>([this](trial_id trial, attempt_number attempt, attempt_event event) {
        tell({trial, attempt}, std::move(event));
      });
    simulated_attempt::listener told;
    told.on_begun = [](trial_id, attempt_number) {};
    told.on_over = [this, &each] {
      each.runs = {};
      caf::anon_send(caf::actor(this), look_atom::value);
    };
    told.on_crash = [this](const std::string& why) { around_.history.complain("a thread crashed: " + why); };
    each.attempt =
      std::make_unique<simulated_attempt>(around_, driver_, storage, "this process", *each.exchange, std::move(told));
  }
}

caf::behavior simulated_threads_actor::make_behavior() {
  return {
    [this](const begin_attempt& order) {
      if (is_closing_)
        return tell(order.key, not_run());
      waiting_.push_back(order.order);
      fill_places();
    },
    [this](const answer_attempt& answer) {
      if (auto* at = of(answer.key); at != nullptr && at->exchange->answer(answer.reply))
        at->attempt->on_reply(answer.reply);
    },
    [this](const end_attempt_at_once& which) { stop(which.key); },
    [this](const end_all_attempts&) { close(); },
    [this](look_atom) {
      fill_places();
      quit_when_empty();
    },
  };
}

void simulated_threads_actor::fill_places() {
  for (auto& each : places_) {
    if (waiting_.empty())
      return;
    if (each.runs.attempt != 0)
      continue;
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    each.runs = {next.trial, next.attempt};
    if (each.exchange->begin(std::move(next)))
      each.attempt->begin();
    else
      tell(std::exchange(each.runs, {}), not_run());
  }
}

void simulated_threads_actor::tell(attempt_key key, attempt_event event) {
  if (box_->add(key, std::move(event)))
    caf::anon_send(controller_, attempts_have_news{box_});
}

simulated_threads_actor::place* simulated_threads_actor::of(attempt_key key) {
  const auto found = std::find_if(places_.begin(), places_.end(), [&](const place& each) { return each.runs == key; });
  return found == places_.end() ? nullptr : &*found;
}

void simulated_threads_actor::stop(attempt_key key) {
  if (auto* at = of(key)) {
    const attempt_reply at_once{attempt_answer::stop, 0, 0};
    at->attempt->end_at_once();
    if (at->exchange->answer(at_once))
      at->attempt->on_reply(at_once);
    return;
  }
  const auto waits = std::find_if(waiting_.begin(), waiting_.end(), [&](const attempt_order& each) {
    return each.trial == key.trial && each.attempt == key.attempt;
  });
  if (waits == waiting_.end())
    return;
  waiting_.erase(waits);
  tell(key, not_run());
}

void simulated_threads_actor::close() {
  is_closing_ = true;
  for (const auto& each : std::exchange(waiting_, {}))
    tell({each.trial, each.attempt}, not_run());
  for (auto& each : places_) {
    each.exchange->close();
    each.attempt->poll();
  }
  quit_when_empty();
}

void simulated_threads_actor::quit_when_empty() {
  if (is_closing_ &&
      std::all_of(places_.begin(), places_.end(), [](const place& each) { return each.runs.attempt == 0; }))
    quit();
}

void simulated_threads_actor::on_exit() {
  places_.clear();
  controller_ = nullptr;
}

} // namespace sim
