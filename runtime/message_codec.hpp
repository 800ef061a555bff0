#pragma once

#include "runtime/base/result.hpp"

#include <string>
#include <string_view>

#include <caf/fwd.hpp>

namespace runtime {

/// Any CAF message as bytes. Its types are those that CAF knows and those declared with message_type; another is
/// errc::invalid_argument, a message above 16 MiB errc::too_large. Thread-safe.
[[nodiscard]] result<std::string> message_to_bytes(caf::actor_system& system, const caf::message& message);

/// What message_to_bytes() made.
[[nodiscard]] result<caf::message> message_from_bytes(caf::actor_system& system, std::string_view bytes);

/// For people: what an actor that answered with an error meant.
[[nodiscard]] std::string describe_answer_error(caf::actor_system& system, const caf::error& why);

} // namespace runtime
