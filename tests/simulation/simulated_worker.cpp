#include "tests/simulation/simulated_worker.hpp"

#include <utility>

#include <caf/all.hpp>

#include "runtime/codec.hpp"
#include "tune/store/file_unheard_events.hpp"
#include "tune/trial/attempt_wire.hpp"
#include "tune/worker/trial_runner_actor.hpp"

using namespace runtime;
using namespace std::chrono_literals;

namespace sim {

simulated_worker::simulated_worker(workplace& where, std::shared_ptr<process> driver, std::string avoided)
  : where_(where),
    driver_(std::move(driver)),
    avoided_(std::move(avoided)) {
}

void simulated_worker::start(std::string node) {
  node_ = std::move(node);
  disk_ = where_.storage_.view(process_);
  simulated_attempt::listener told;
  told.on_begun = [this](tune::trial_id trial, tune::attempt_number attempt) {
    where_.history_.on_begun(trial, attempt);
  };
  told.on_over = [this] { end_if_idle(); };
  told.on_crash = [this](const std::string& why) { die(fail(errc::worker_lost, why)); };
  attempt_ = std::make_unique<simulated_attempt>(
    attempt_surroundings{where_.net_, where_.history_, where_.random_, where_.habits_}, process_, *disk_, node_,
    exchange_, std::move(told));
  for (const auto& each : std::exchange(early_, {}))
    take(each.message, each.then);
  end_if_idle(); // It was closed before.
}

bool simulated_worker::runs(tune::trial_id trial, tune::attempt_number attempt) const {
  const auto* last = attempt_ && attempt_->last_order() ? &*attempt_->last_order() : nullptr;
  return is_alive() && last != nullptr && last->trial == trial && last->attempt == attempt;
}

/// When something that goes one way now arrives.
instant simulated_worker::due(instant& last) {
  return last = std::max(last, where_.net_.now() + between(where_.random_, 20us, 3ms));
}

// ---- Calls.

void simulated_worker::call(const caf::message& message, then_function then) {
  if (!driver_->is_alive || is_cut_off_)
    return;
  where_.net_.at(due(last_to_), [self = shared_from_this(), message, then = std::move(then)] {
    if (self->is_cut_off_)
      return;
    if (self->has_ended_)
      self->give(then, fail(errc::worker_lost, "it has ended"));
    else if (!self->has_started())
      self->early_.push_back({message, then});
    else
      self->take(message, then);
  });
}

void simulated_worker::take(const caf::message& message, const then_function& then) {
  if (message.match_elements<tune::hello_atom, std::string, std::string>())
    give(then, caf::make_message(to_bytes(node_, "/" + node_, true)));
  else if (message.match_elements<tune::begin_atom, std::string>())
    take_order(message.get_as<std::string>(1), then);
  else if (message.match_elements<tune::answer_atom, std::uint8_t, std::int64_t>())
    take_answer(message.get_as<std::uint8_t>(1), message.get_as<std::int64_t>(2), then);
  else if (message.match_elements<tune::heard_atom>())
    exchange_.heard();
  else
    where_.history_.complain("a trial runner is sent what it does not know");
}

void simulated_worker::take_order(const std::string& bytes, const then_function& then) {
  auto order = tune::attempt_wire::order_from(bytes);
  if (!order)
    return give(then, fail(errc::user_code, order.error().message));
  const auto begun = exchange_.begin(std::move(*order), [this, then](const tune::attempt_events& events) {
    asked_ = nullptr;
    give(then, caf::make_message(tune::attempt_wire::to_bytes(events)));
  });
  if (!begun)
    return give(then, fail(errc::user_code, begun.error().message));
  asked_ = then;
  attempt_->begin();
}

void simulated_worker::take_answer(std::uint8_t number, std::int64_t free_until, const then_function& then) {
  const auto answer = tune::attempt_wire::answer_from(number);
  if (!answer)
    return give(then, fail(errc::user_code, answer.error().message));
  const tune::attempt_reply reply{*answer, free_until, 0};
  const auto before = std::exchange(asked_, then);
  const auto taken = exchange_.answer(reply, [this, then](const tune::attempt_events& events) {
    asked_ = nullptr;
    give(then, caf::make_message(tune::attempt_wire::to_bytes(events)));
  });
  if (!taken) {
    asked_ = before;
    return give(then, fail(errc::user_code, taken.error().message));
  }
  auto heard = reply;
  heard.to = exchange_.progress().answered; // As the exchange takes it.
  attempt_->on_reply(heard);
}

void simulated_worker::give(const then_function& then, result<caf::message> answer) {
  where_.net_.at(due(last_from_), [self = shared_from_this(), then, answer = std::move(answer)] {
    if (self->driver_->is_alive && !self->is_cut_off_)
      then(answer);
  });
}

// ---- Ends.

void simulated_worker::on_end(std::function<void(const result<void>&)> listener) {
  listener_ = std::move(listener);
  if (end_)
    tell_end(*end_);
}

void simulated_worker::tell_end(const result<void>& how) {
  end_ = how;
  if (!listener_)
    return;
  where_.net_.at(due(last_from_), [self = shared_from_this(), how] {
    if (const auto tell = std::exchange(self->listener_, nullptr); tell && self->driver_->is_alive)
      tell(how);
  });
}

result<void> simulated_worker::stop(std::chrono::milliseconds deadline) {
  if (!driver_->is_alive || is_cut_off_)
    return {};
  where_.net_.at(due(last_to_), [self = shared_from_this(), deadline] {
    if (self->has_ended_ || self->is_cut_off_)
      return;
    if (deadline == 0ms || !self->has_started())
      return self->die(fail(errc::cancelled, "it was stopped"));
    self->close();
    self->where_.net_.at(self->where_.net_.now() + deadline, [self] {
      if (!self->has_ended_)
        self->die(fail(errc::cancelled, "it was stopped, and did not end in time"));
    });
  });
  return {};
}

void simulated_worker::cut_off() {
  if (std::exchange(is_cut_off_, true))
    return;
  end_ = fail(errc::node_lost, node_ + " was lost");
  if (listener_)
    where_.net_.at(due(last_from_), [self = shared_from_this()] {
      if (const auto tell = std::exchange(self->listener_, nullptr); tell && self->driver_->is_alive)
        tell(*self->end_);
    });
}

void simulated_worker::close() {
  exchange_.close();
  if (!attempt_)
    return;
  attempt_->poll();
  end_if_idle();
}

/// As the runner's thread does when it has nothing more to do.
void simulated_worker::end_if_idle() {
  if (has_ended_ || !attempt_ || attempt_->is_busy() || !exchange_.is_closed())
    return;
  if (const auto events = exchange_.unheard(); !events.empty() && attempt_->last_order()) {
    const auto& order = *attempt_->last_order();
    where_.net_.note("attempt {} of trial {} leaves {} events that nobody heard", order.attempt, order.trial.value,
                     events.size());
    (void)tune::write_unheard(order.storage_directory, order.attempt, events, *disk_); // What it cannot leave is lost.
  }
  die({});
}

void simulated_worker::die(const result<void>& how) {
  if (std::exchange(has_ended_, true))
    return;
  where_.net_.note("a worker on {} ends{}", has_started() ? node_ : "no node", how ? "" : ": " + how.error().message);
  process_->is_alive = false;
  if (const auto asked = std::exchange(asked_, nullptr); asked && !how)
    give(asked, fail(how.error()));
  tell_end(how);
  where_.net_.at(where_.net_.now(), [self = shared_from_this()] { self->where_.remove(*self); });
}

} // namespace sim
