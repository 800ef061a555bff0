#include "runtime/net/heartbeat_judge_core.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/base/mutation.hpp"

namespace runtime {

result<void> validate(const heartbeat_judge_options& options) {
  if (options.silent_after <= options.silent_after.zero())
    return fail(errc::invalid_argument, "silent_after must be more than 0");
  return {};
}

heartbeat_judge_core::heartbeat_judge_core(const heartbeat_judge_options& options) : options_(options) {
  if (mutated(mutation::declare_lost_too_early))
    options_.silent_after /= 8;
  const auto valid = validate(options);
  CAF_TUNE_INVARIANT(valid, "{}", valid.error().message);
}

void heartbeat_judge_core::watch(node_id node, incarnation life, instant now) {
  forget(node);
  nodes_.emplace(node, watched{life, now});
  heard_.emplace(now, node);
}

void heartbeat_judge_core::forget(node_id node) {
  const auto found = nodes_.find(node);
  if (found == nodes_.end())
    return;
  heard_.erase({found->second.heard, node});
  nodes_.erase(found);
}

bool heartbeat_judge_core::is_watched(node_id node, incarnation life) const {
  const auto found = nodes_.find(node);
  return found != nodes_.end() && found->second.life == life;
}

heartbeat_judge_core::actions heartbeat_judge_core::on_heartbeat(node_id node, incarnation life, instant now) {
  if (!is_watched(node, life))
    return {};
  auto& known = nodes_.at(node);
  const bool was_silent = known.is_silent;
  heard_.erase({known.heard, node});
  known.heard = now;
  known.is_silent = false;
  heard_.emplace(now, node);
  if (was_silent)
    return {back{node, life}};
  return {};
}

heartbeat_judge_core::actions heartbeat_judge_core::on_time(instant now) {
  actions todo;
  while (!heard_.empty() && heard_.begin()->first + options_.silent_after <= now) {
    const auto [heard, node] = *heard_.begin();
    heard_.erase(heard_.begin());
    auto& known = nodes_.at(node);
    known.is_silent = true;
    todo.push_back(silent{node, known.life, now - heard});
  }
  return todo;
}

std::optional<instant> heartbeat_judge_core::wake_at() const {
  if (heard_.empty())
    return std::nullopt;
  return heard_.begin()->first + options_.silent_after;
}

} // namespace runtime
