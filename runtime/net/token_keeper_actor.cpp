#include "runtime/net/token_keeper_actor.hpp"

#include "runtime/net/file_token.hpp"
#include "runtime/net/shell_failure.hpp"
#include "runtime/net/token_wire.hpp"
#include "runtime/wire/protobuf_message.hpp"

#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/behavior.hpp>
#include <caf/message.hpp>
#include <spdlog/spdlog.h>

namespace runtime {

token_keeper_actor::token_keeper_actor(caf::actor_config& config, token_keeper_options options)
  : event_based_actor(config),
    options_(std::move(options)),
    core_(*options_.tokens->now()) {
  if (!options_.log)
    options_.log = spdlog::default_logger();
  nonsense_ = std::make_shared<nonsense_log>("token keeper", options_.log);
  set_down_handler([this](const caf::down_msg& down) {
    const auto found = links_.find(down.source);
    if (found == links_.end())
      return;
    core_.on_peer_lost(found->second.id);
    addresses_.erase(found->second.id);
    links_.erase(found);
  });
  outlive_peers(*this, nonsense_);
  set_exception_handler(ends_process("token keeper", options_.log));
}

caf::behavior token_keeper_actor::make_behavior() {
  return {
    [this](const wire::AskTokens& m) { on_ask(m); },
    [this](const wire::AskTokenReport&) { return token_wire::to_wire(core_.report()); },
    [this](const wire::RotateToken&) {
      return change("token added", random_token().and_then(
                                     [this](good_token fresh) { return core_.plan_rotation(std::move(fresh)); }));
    },
    [this](const wire::EndToken& m) {
      return change("token ended", core_.plan_end(m.fingerprint(),
                                                  m.leave_behind() ? peers_behind::are_left : peers_behind::forbid_it));
    },
  };
}

void token_keeper_actor::on_exit() {
  links_.clear();
  addresses_.clear();
}

void token_keeper_actor::on_ask(const wire::AskTokens& message) {
  const auto peer = caf::actor_cast<caf::actor>(current_sender());
  if (!peer)
    return nonsense_->dropped("AskTokens", "it has no sender");
  auto asked = token_wire::from_wire(message);
  if (asked.generation > core_.ring().generation())
    options_.log->warn("newer tokens are known elsewhere peer=\"{}\" generation={} here={} why=\"was an old token file "
                       "given to this head?\"",
                       asked.name, asked.generation, core_.ring().generation());
  const auto [found, is_new] = links_.try_emplace(peer.address());
  if (is_new) {
    found->second = {token_peer_id{++last_peer_}, peer};
    addresses_.emplace(found->second.id, peer.address());
    monitor(peer);
  }
  perform(core_.on_ask(found->second.id, asked.name, asked.generation, asked.not_kept));
}

/// Durable first, then good here, then told to others.
caf::message token_keeper_actor::change(const char* what, result<token_ring> planned) {
  if (auto saved = planned ? options_.save(*planned) : result<void>(fail(planned.error())); !saved) {
    options_.log->warn("no {} why=\"{}\"", what, saved.error().message);
    return caf::make_message(token_wire::to_wire(saved.error()));
  }
  options_.tokens->replace(*planned);
  options_.log->info("{} generation={} newest={} good={}", what, planned->generation(), planned->newest().fingerprint,
                     planned->tokens().size());
  perform(core_.on_saved(std::move(*planned)));
  return caf::make_message(token_wire::to_wire(core_.report()));
}

void token_keeper_actor::perform(const token_keeper_core::actions& actions) {
  const auto told = token_wire::to_wire(core_.ring());
  for (const auto& action : actions)
    send(links_.at(addresses_.at(action.peer)).peer, told);
}

} // namespace runtime
