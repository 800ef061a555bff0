#include "tune/driver/controller_actor.hpp"

#include <utility>

#include <caf/behavior.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>

#include "runtime/base/invariant.hpp"
#include "runtime/base/overloaded.hpp"
#include "tune/driver/actor_failure.hpp"

namespace tune {
namespace {
using wake_atom = caf::atom_constant<caf::atom("wake")>;
}

controller_actor::controller_actor(caf::actor_config& config, std::shared_ptr<controller_core> core,
                                   controller_parts parts,
                                   std::function<caf::actor(caf::actor controller)> make_attempts)
  : event_based_actor(config),
    core_(std::move(core)),
    parts_(std::move(parts)),
    make_attempts_(std::move(make_attempts)) {
  set_exception_handler(ends_experiment("the controller", [this](const error& why) { end(fail(why)); }));
}

caf::behavior controller_actor::make_behavior() {
  parts_.listen_to_journal(caf::actor(this));
  attempts_ = make_attempts_(caf::actor(this));
  perform(core_->on_begin(now()));
  return {
    [this](const attempt_news& news) { on_news(news.key, news.events); },
    [this](const attempts_have_news& news) {
      for (auto& [key, event] : news.box->take())
        on_news(key, {std::move(event)});
    },
    [this](const journal_is_durable& news) { on_durable(news.up_to); },
    [this](const cluster_holds& news) { perform(core_->on_capacity(news.trials, now(), news.room)); },
    [this](const checkpoint_is_stored& news) {
      perform(core_->on_checkpoint_stored(news.trial, news.checkpoint, now()));
    },
    [this](const checkpoint_is_lost& news) {
      perform(core_->on_checkpoint_lost(news.trial, news.checkpoint, news.how, now()));
    },
    [this](const interrupt_experiment& order) { perform(core_->on_interrupt(order.why, now())); },
    [this](const end_experiment_at_once&) { perform(core_->on_second_interrupt(now())); },
    [this](const trial_order& order) { return obey(order); },
    [this](const end_is_awaited&) { perform(core_->on_awaited(now())); },
    [this](const experiment_breaks& news) { end(fail(news.why)); },
    [this](wake_atom) {
      armed_.reset();
      perform(core_->on_time(now()));
    },
  };
}

void controller_actor::on_news(attempt_key key, const attempt_events& events) {
  for (const auto& each : events)
    tell_trouble(key.trial, each);
  perform(core_->on_attempt_events(key.trial, key.attempt, events, now()));
}

/// Once of each trial: it goes on all the same, but after a loss it will begin further back.
void controller_actor::tell_trouble(trial_id trial, const attempt_event& event) {
  std::string why;
  if (const auto* report = std::get_if<attempt_report>(&event))
    why = report->no_checkpoint;
  else if (const auto* over = std::get_if<attempt_over>(&event))
    why = over->no_checkpoint;
  if (!why.empty() && parts_.on_trouble && without_checkpoint_.insert(trial).second)
    parts_.on_trouble(fmt::format("trial {} has a checkpoint less: {}", trial.value, why));
}

void controller_actor::perform(controller_core::actions todo) {
  for (auto& each : todo)
    std::visit(
      runtime::overloaded{
        [this](controller_core::append& a) {
          const auto position = parts_.records->append(a.record, a.haste);
          if (const auto* changed = std::get_if<record::trial_changed>(&a.record); changed && has_ended(changed->state))
            without_checkpoint_.erase(changed->trial);
          unwritten_.emplace_back(position, std::move(a.record));
        },
        [this](const controller_core::start_attempt& a) {
          send(attempts_, begin_attempt{{a.trial, a.attempt}, parts_.make_order(a), a.where, a.lent});
        },
        [this](const controller_core::answer& a) {
          send(attempts_, answer_attempt{{a.trial, a.attempt}, a.reply});
        },
        [this](const controller_core::kill_attempt& a) {
          send(attempts_, end_attempt_at_once{{a.trial, a.attempt}});
        },
        [this](const controller_core::keep_checkpoint& a) { parts_.checkpoints->keep(a.trial, a.checkpoint); },
        [this](const controller_core::hurry_checkpoint& a) { parts_.checkpoints->hurry(a.trial, a.checkpoint); },
        [this](const controller_core::drop_checkpoint& a) { parts_.checkpoints->drop(a.trial, a.checkpoint); },
        [this](const controller_core::leave_checkpoint& a) { leave(a); },
        [this](const controller_core::withdraw_attempt& a) {
          send(attempts_, withdraw_attempt_if_it_waits{{a.trial, a.attempt}, a.why});
        },
        [this](const controller_core::warn& a) {
          if (parts_.on_trouble)
            parts_.on_trouble(a.what);
        },
        [this](const controller_core::finish& a) {
          ending_ = experiment_outcome{a.why, a.complete, a.held};
          if (a.failed)
            failed_ = error{errc::infeasible, a.why};
        },
      },
      each);
  arm_timer();
}

/// The answer waits for all that was appended, also by an order before this one: what this one finds done already.
caf::response_promise controller_actor::obey(const trial_order& order) {
  const auto decide = [&]() -> result<controller_core::actions> {
    switch (order.what) {
    case trial_order::kind::stop: return core_->on_stop_trial(order.trial, order.why, now());
    case trial_order::kind::pause: return core_->on_pause_trial(order.trial, order.why, now());
    case trial_order::kind::resume: return core_->on_resume_trial(order.trial, order.why, now());
    }
    return controller_core::actions();
  };
  auto answer = make_response_promise();
  auto decided = decide();
  if (!decided) {
    answer.deliver(trial_order_heard{fail(decided.error())});
    return answer;
  }
  perform(std::move(*decided));
  if (unwritten_.empty())
    answer.deliver(trial_order_heard{});
  else
    obeyed_.emplace_back(unwritten_.back().first, answer);
  return answer;
}

void controller_actor::answer_obeyed(journal_position up_to) {
  for (; !obeyed_.empty() && obeyed_.front().first <= up_to; obeyed_.pop_front())
    obeyed_.front().second.deliver(trial_order_heard{});
}

void controller_actor::leave(const controller_core::leave_checkpoint& what) {
  parts_.checkpoints->leave(what.trial, what.checkpoint);
  if (parts_.on_trouble)
    parts_.on_trouble(fmt::format("the checkpoint of iteration {} of trial {} has not reached the storage; it stays on "
                                  "node {}, from where it is brought in when the experiment is gone on with",
                                  what.checkpoint.iteration, what.trial.value, what.checkpoint.node));
}

void controller_actor::on_durable(const result<journal_position>& up_to) {
  if (!up_to) // Nothing that comes now would be kept, so nothing more is acknowledged.
    return end(fail(runtime::within("the journal cannot be written; what was acknowledged is in it, and the experiment "
                                    "can be resumed",
                                    up_to.error())));
  while (!unwritten_.empty() && unwritten_.front().first <= *up_to) {
    parts_.on_durable_record(unwritten_.front().first, unwritten_.front().second);
    unwritten_.pop_front();
  }
  answer_obeyed(*up_to);
  perform(core_->on_durable(*up_to, now()));
  if (ending_ && unwritten_.empty()) {
    if (failed_)
      end(fail(*failed_));
    else
      end(*ending_);
  }
}

void controller_actor::end(result<experiment_outcome> how) {
  if (const auto tell = std::exchange(parts_.on_end, nullptr)) {
    for (auto& each : std::exchange(obeyed_, {})) // Nobody can say whether a later driver will know of them.
      each.second.deliver(
        trial_order_heard{how ? fail(errc::cancelled, "the experiment has ended") : fail(how.error())});
    send(attempts_, end_all_attempts{});
    tell(std::move(how));
  }
  quit();
}

void controller_actor::arm_timer() {
  const auto due = core_->wake_at();
  if (!due || (armed_ && *armed_ <= *due))
    return;
  armed_ = due;
  const auto wait = std::max(*due - now().at, runtime::core_clock::duration::zero());
  delayed_send(this, wait, wake_atom::value);
}

moment controller_actor::now() const {
  const auto at = clock().now();
  return {runtime::instant{at.time_since_epoch()}, parts_.wall_clock()};
}

void controller_actor::on_exit() {
  if (const auto tell = std::exchange(parts_.on_end, nullptr))
    tell(fail(errc::cancelled, "the experiment's controller was ended"));
  attempts_ = nullptr;
  make_attempts_ = nullptr;
  parts_ = {}; // Some of them know this actor: none may keep the other alive.
}

} // namespace tune
