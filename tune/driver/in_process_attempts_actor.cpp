#include "tune/driver/in_process_attempts_actor.hpp"

#include <utility>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/behavior.hpp>
#include <caf/send.hpp>

#include "tune/driver/actor_failure.hpp"
#include "tune/store/file_checkpoint.hpp"

namespace tune {
namespace {

struct attempt_says {
  attempt_key key;
  attempt_events events;
};

} // namespace
} // namespace tune

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tune::attempt_says)

namespace tune {

in_process_attempts_actor::in_process_attempts_actor(caf::actor_config& config, std::size_t threads,
                                                     caf::actor controller)
  : event_based_actor(config),
    controller_(std::move(controller)) {
  set_exception_handler(ends_experiment(
    "what runs attempts", [this](const error& why) { caf::anon_send(controller_, experiment_breaks{why}); }));
  trial_runner_options each;
  each.node = "this process";
  each.checkpoints = std::make_shared<file_checkpoint_files>();
  attempts_ = std::make_unique<in_process_attempts>(threads, std::move(each));
}

caf::behavior in_process_attempts_actor::make_behavior() {
  return {
    [this](begin_attempt& order) {
      under_way_.insert(order.key);
      attempts_->begin(std::move(order.order), told_as(order.key));
    },
    [this](const answer_attempt& order) { answer(order.key, order.reply); },
    [this](const end_attempt_at_once& which) {
      if (under_way_.count(which.key) != 0)
        ended_.insert(which.key);
    },
    [this](const end_all_attempts&) {
      is_closing_ = true;
      attempts_->close();
      quit_when_empty();
    },
    [this](attempt_says& news) { hear(news.key, std::move(news.events)); },
  };
}

void in_process_attempts_actor::hear(attempt_key key, attempt_events events) {
  const bool is_over = std::holds_alternative<attempt_over>(events.back());
  if (is_over) {
    under_way_.erase(key);
    ended_.erase(key);
  } else if (is_closing_ || ended_.count(key) != 0)
    answer(key, {attempt_answer::stop, 0});
  else if (std::holds_alternative<attempt_alive>(events.back()))
    answer(key, {});
  send(controller_, attempt_news{key, std::move(events)});
  if (is_over)
    quit_when_empty();
}

void in_process_attempts_actor::answer(attempt_key key, attempt_reply reply) {
  // An error: it has been answered, or is over, which is told.
  (void)attempts_->answer(key.trial, key.attempt, reply, told_as(key));
}

in_process_attempts::then in_process_attempts_actor::told_as(attempt_key key) {
  return [me = caf::actor(this), key](attempt_events events) {
    caf::anon_send(me, attempt_says{key, std::move(events)});
  };
}

void in_process_attempts_actor::quit_when_empty() {
  if (is_closing_ && under_way_.empty())
    quit();
}

void in_process_attempts_actor::on_exit() {
  attempts_.reset(); // Waits for the user's code.
  controller_ = nullptr;
}

} // namespace tune
