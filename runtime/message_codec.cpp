#include "runtime/message_codec.hpp"

#include "runtime/limits.hpp"
#include "runtime/value_stream.hpp"

#include <caf/actor_system.hpp>
#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <caf/message.hpp>
#include <caf/sec.hpp>
#include <caf/uniform_type_info_map.hpp>
#include <fmt/format.h>

namespace runtime {
namespace {

[[nodiscard]] result<void> check_types(const caf::uniform_type_info_map& types, const caf::message& message) {
  for (std::size_t i = 0; i < message.size(); ++i)
    if (const auto type = message.type(i); types.portable_name(type) == types.default_type_name())
      return fail(errc::invalid_argument,
                  fmt::format("part {} of the message has a type that the program does not declare ({}); declare it at "
                              "namespace scope with runtime::message_type",
                              i + 1, type.second ? type.second->name() : "unknown"));
  return {};
}

} // namespace

result<std::string> message_to_bytes(caf::actor_system& system, const caf::message& message) {
  if (auto known = check_types(system.types(), message); !known)
    return fail(known.error());
  std::string bytes;
  value_writer sink(bytes, system.dummy_execution_unit());
  if (const auto failure = message.save(sink)) // Not sink(message): CAF 0.17 drops the errors of messages there.
    return fail(errc::invalid_argument, "the message cannot be serialised: " + system.render(failure));
  if (bytes.size() > most_message_bytes)
    return fail(errc::too_large, too_large_message("the message", bytes.size()));
  return bytes;
}

result<caf::message> message_from_bytes(caf::actor_system& system, std::string_view bytes) {
  caf::message message;
  value_reader source(bytes, system.dummy_execution_unit());
  if (const auto failure = message.load(source))
    return fail(errc::invalid_argument, "the message cannot be read: " + system.render(failure));
  if (source.remaining() != 0)
    return fail(errc::invalid_argument, "the message cannot be read: bytes are left over");
  return message;
}

std::string describe_answer_error(caf::actor_system& system, const caf::error& why) {
  if (why == caf::sec::unexpected_message)
    return "the actor has no handler for this message";
  if (why == caf::sec::request_receiver_down)
    return "the actor ended before it answered";
  if (why == caf::sec::runtime_error && why.context().match_elements<std::string>())
    return why.context().get_as<std::string>(0); // An exception of the user's code.
  return system.render(why);
}

} // namespace runtime
