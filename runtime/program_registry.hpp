#pragma once

#include "runtime/base/result.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

namespace runtime {

/// Gives an actor that has been spawned from the bytes of its arguments. May throw.
using actor_factory = std::function<result<caf::actor>(caf::actor_system&, std::string_view arguments)>;

/// Runs a task: bytes of its arguments in, bytes of its result out. May throw.
using task_body = std::function<result<std::string>(std::string_view arguments)>;

/// What this program can do in a worker: filled at namespace scope before main() begins, read from then on.
class program_registry {
public:
  static program_registry& of_this_program();

  void add_actor(const std::string& name, actor_factory make);
  void add_task(const std::string& name, task_body run);
  void add_message(const std::string& name, std::function<void(caf::actor_system_config&)> add);

  /// Every mistake made at namespace scope: an empty name, or one taken twice.
  [[nodiscard]] result<void> check() const;

  /// errc::not_found names what the program has instead.
  [[nodiscard]] result<actor_factory> actor(const std::string& name) const;
  [[nodiscard]] result<task_body> task(const std::string& name) const;
  void add_messages_to(caf::actor_system_config& config) const;

private:
  std::map<std::string, actor_factory> actors_;
  std::map<std::string, task_body> tasks_;
  std::map<std::string, std::function<void(caf::actor_system_config&)>> messages_;
  std::vector<std::string> mistakes_;
};

} // namespace runtime
