#include "tune/driver/checkpoint_keepers.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/options.hpp"
#include "tune/worker/checkpoint_keeper_actor.hpp"

namespace tune {

result<runtime::remote_actor> checkpoint_keepers::on(const std::string& node) {
  {
    std::lock_guard guard(mutex_);
    if (const auto known = keepers_.find(node); known != keepers_.end()) {
      if (!known->second.end().wait_for(std::chrono::seconds(0)))
        return known->second;
      keepers_.erase(known); // It was lost; perhaps its node was not.
    }
  }
  if (!is_there(node)) // A demand for it would wait until it comes back.
    return fail(errc::node_lost, fmt::format("node \"{}\" is gone", node));
  auto keeper = cluster_.try_spawn(checkpoint_keeper_type(), runtime::actor_options().resources({}).on_node(node));
  if (!keeper)
    return keeper;
  const auto here = keeper->call<void>(here_atom::value);
  while (!here.wait_for(std::chrono::milliseconds(500)))
    if (!is_there(node)) {
      (void)keeper->kill();
      return fail(errc::node_lost, fmt::format("node \"{}\" is gone", node));
    }
  std::lock_guard guard(mutex_);
  const auto [kept, is_first] = keepers_.emplace(node, *keeper);
  if (!is_first) // Another thread wanted one at the same time.
    (void)keeper->kill();
  return kept->second;
}

std::vector<std::string> checkpoint_keepers::nodes() {
  std::vector<std::string> names;
  if (const auto state = cluster_.state())
    for (const auto& each : state->nodes)
      if (each.state == "alive")
        names.push_back(each.name);
  return names;
}

bool checkpoint_keepers::is_there(const std::string& node) {
  const auto all = nodes();
  return std::find(all.begin(), all.end(), node) != all.end();
}

void checkpoint_keepers::end() {
  std::lock_guard guard(mutex_);
  for (auto& each : keepers_)
    (void)each.second.kill();
  keepers_.clear();
}

} // namespace tune
