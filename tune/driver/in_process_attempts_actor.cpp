#include "tune/driver/in_process_attempts_actor.hpp"

#include <utility>

#include <caf/behavior.hpp>
#include <caf/send.hpp>

#include "tune/driver/actor_failure.hpp"
#include "tune/store/file_checkpoint.hpp"

namespace tune {
namespace {
using empty_atom = caf::atom_constant<caf::atom("empty")>;
}

in_process_attempts_actor::in_process_attempts_actor(caf::actor_config& config, std::size_t threads,
                                                     caf::actor controller)
  : event_based_actor(config),
    controller_(std::move(controller)) {
  set_exception_handler(ends_experiment(
    "what runs attempts", [this](const error& why) { caf::anon_send(controller_, experiment_breaks{why}); }));
  trial_runner_options each;
  each.node = "this process";
  each.checkpoints = std::make_shared<file_checkpoint_files>();
  attempts_ = std::make_unique<in_process_attempts>(threads, std::move(each),
                                                    [box = std::make_shared<attempt_news_box>(), to = controller_](
                                                      trial_id trial, attempt_number attempt, attempt_event event) {
                                                      if (box->add({trial, attempt}, std::move(event)))
                                                        caf::anon_send(to, attempts_have_news{box});
                                                    });
}

caf::behavior in_process_attempts_actor::make_behavior() {
  return {
    [this](begin_attempt& order) { attempts_->begin(std::move(order.order)); },
    [this](const answer_attempt& order) { attempts_->answer(order.key.trial, order.key.attempt, order.reply); },
    [this](const end_attempt_at_once& which) { attempts_->stop(which.key.trial, which.key.attempt); },
    [](const withdraw_attempt_if_it_waits&) {}, // None waits for resources.
    [this](const end_all_attempts&) {
      attempts_->close([me = caf::actor(this)] { caf::anon_send(me, empty_atom::value); });
    },
    [this](empty_atom) { quit(); },
  };
}

void in_process_attempts_actor::on_exit() {
  attempts_.reset(); // Waits for the user's code.
  controller_ = nullptr;
}

} // namespace tune
