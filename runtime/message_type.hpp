#pragma once

#include "runtime/program_registry.hpp"

#include <string>
#include <utility>

#include <caf/actor_system_config.hpp>

namespace runtime {

/// A type of your own that may be part of an actor's messages. Declared at namespace scope; it needs an inspect().
/// Numbers, strings, atoms and what else CAF knows need none of this.
///
///   struct fold { int number; std::vector<double> rows; };
///   template <class Inspector> auto inspect(Inspector& f, fold& x) { return f(x.number, x.rows); }
///   const runtime::message_type<fold> fold_message("fold");
template <class Message>
class message_type {
public:
  explicit message_type(std::string name) {
    program_registry::of_this_program().add_message(
      name, [name](caf::actor_system_config& config) { config.add_message_type<Message>(name); });
  }
};

} // namespace runtime
