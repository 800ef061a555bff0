#include "runtime/net/token_learner_actor.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/net/shell_failure.hpp"
#include "runtime/net/token_wire.hpp"
#include "runtime/wire/protobuf_message.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include <caf/behavior.hpp>
#include <spdlog/spdlog.h>

namespace runtime {

token_learner_actor::token_learner_actor(caf::actor_config& config, token_learner_actor_options options)
  : event_based_actor(config),
    options_(std::move(options)),
    core_(*options_.tokens->now(), options_.core) {
  if (!options_.log)
    options_.log = spdlog::default_logger();
  nonsense_ = std::make_shared<nonsense_log>("token learner", options_.log);
  set_down_handler([this](const caf::down_msg& down) {
    if (!head_ || down.source != head_.address())
      return; // There is a newer link.
    head_ = nullptr;
    core_.on_head_lost();
    end_flush();
  });
  outlive_peers(*this, nonsense_);
  set_exception_handler(ends_actor("token learner", options_.log));
}

caf::behavior token_learner_actor::make_behavior() {
  return {
    [this](caf::put_atom, const caf::actor& head) {
      if (current_sender() && current_sender()->node() != node())
        return nonsense_->dropped("head", "it comes from another process");
      if (head_)
        demonitor(head_);
      head_ = head;
      monitor(head_); // It may be dead already: then this says so.
      perform(core_.on_head_linked(now()));
    },
    [this](const wire::ClusterTokens& m) { on_answer(m); },
    [this](caf::flush_atom) -> caf::response_promise {
      auto promise = make_response_promise();
      if (core_.was_answered() || !head_)
        promise.deliver(caf::ok_atom_v);
      else
        flushing_.push_back(promise);
      return promise;
    },
    [this](caf::tick_atom) {
      armed_.reset();
      perform(core_.on_time(now()));
    },
  };
}

void token_learner_actor::on_exit() {
  head_ = nullptr;
  flushing_.clear();
}

void token_learner_actor::on_answer(const wire::ClusterTokens& message) {
  if (!head_ || !current_sender() || current_sender()->node() != head_.node())
    return nonsense_->dropped("ClusterTokens", "they come from somebody else than the head");
  const auto told = token_wire::from_wire(message);
  if (!told)
    return nonsense_->dropped("ClusterTokens", told.error().message);
  const auto actions = core_.on_answer(*told, now());
  for (const auto& action : actions)
    if (std::holds_alternative<token_learner_core::learn>(action)) {
      options_.tokens->replace(*told);
      options_.log->info("tokens learned generation={} newest={} good={}", told->generation(),
                         told->newest().fingerprint, told->tokens().size());
    }
  perform(actions);
  end_flush();
}

void token_learner_actor::end_flush() {
  for (auto& each : std::exchange(flushing_, {}))
    each.deliver(caf::ok_atom_v);
}

void token_learner_actor::perform(const token_learner_core::actions& actions) {
  for (const auto& action : actions)
    std::visit(overloaded{
                 [this](const token_learner_core::ask&) { ask(); },
                 [this](const token_learner_core::learn&) { keep(); },
                 [this](const token_learner_core::keep&) { keep(); },
                 [this](const token_learner_core::ignore& a) {
                   options_.log->warn("the head's tokens are not learned why=\"{}\"", a.why);
                 },
               },
               action);
  arm_timer();
}

void token_learner_actor::keep() {
  const auto kept = options_.save(*options_.tokens->now());
  not_kept_ = kept ? std::string() : kept.error().message;
  if (!kept)
    options_.log->error("tokens not kept why=\"{}\"", not_kept_);
  perform(core_.on_kept(kept.has_value(), now()));
}

void token_learner_actor::ask() {
  wire::AskTokens message;
  message.set_name(options_.name);
  message.set_generation(core_.generation());
  message.set_why_not_kept(not_kept_);
  send(head_, std::move(message));
}

void token_learner_actor::arm_timer() {
  const auto next = core_.wake_at();
  if (!next || (armed_ && *armed_ <= *next))
    return; // CAF cannot take back a delayed message: an earlier one on its way is enough.
  armed_ = next;
  delayed_send(this, std::max(*next - now(), std::chrono::nanoseconds::zero()), caf::tick_atom_v);
}

} // namespace runtime
