#include "tests/fuzz/fuzz_target.hpp"

#include <cstdint>
#include <map>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>
#include <caf/error.hpp>
#include <caf/message.hpp>
#include <caf/sec.hpp>

#include "runtime/codec.hpp"
#include "runtime/message_codec.hpp"
#include "runtime/program_registry.hpp"

/// Messages, arguments and results of users' programs, which come from another process: the first byte chooses between
/// a message of any types and values of known ones.

namespace {

struct sample {
  std::int32_t number = 0;
  std::vector<double> rows;
  std::map<std::string, bool> flags;
};

template <class Inspector>
auto inspect(Inspector& f, sample& x) {
  return f(x.number, x.rows, x.flags);
}

struct quiet_config : caf::actor_system_config {
  quiet_config() {
    set("scheduler.max-threads", 1u);
    set("logger.verbosity", caf::atom("quiet"));
    add_message_type<sample>("sample");
  }
};

/// Never ended: at the end of the process CAF's own statics are gone before it could be.
caf::actor_system& system() {
  static auto& config = *new quiet_config;
  static auto& made = *new caf::actor_system(config);
  return made;
}

void check_message(std::string_view bytes) {
  const auto message = runtime::message_from_bytes(system(), bytes);
  if (!message)
    return fuzz::require(!message.error().message.empty(), "an error says nothing");
  const auto written = runtime::message_to_bytes(system(), *message);
  if (!written)
    return; // Handles of actors, for one, are only read.
  const auto again = runtime::message_from_bytes(system(), *written);
  fuzz::require(again.has_value(), "what was written cannot be read");
  fuzz::require(runtime::message_to_bytes(system(), *again) == *written, "what was written reads as something else");
}

template <class... Values>
void check_values(std::string_view bytes) {
  const auto values = runtime::from_bytes<Values...>(bytes);
  if (!values)
    return fuzz::require(!values.error().message.empty(), "an error says nothing");
  const auto write = [](const auto&... each) { return runtime::to_bytes(each...); };
  const auto written = std::apply(write, *values);
  const auto again = runtime::from_bytes<Values...>(written);
  fuzz::require(again.has_value(), "what was written cannot be read");
  fuzz::require(std::apply(write, *again) == written, "what was written reads as something else");
}

void run(std::string_view input) {
  fuzz::parts parts(input);
  switch (parts.byte() % 3) {
  case 0: return check_message(parts.rest());
  case 1: return check_values<std::vector<double>, std::string>(parts.rest());
  default: return check_values<sample>(parts.rest());
  }
}

fuzz::inputs seeds() {
  const sample some{7, {1.5, -2}, {{"fast", true}, {"safe", false}}};
  const auto message = [](caf::message what) {
    return fuzz::of_kind(0, runtime::or_throw(runtime::message_to_bytes(system(), what)));
  };
  return {
    message(caf::make_message()),
    message(caf::make_message(caf::add_atom_v, std::int32_t{1}, std::string("text"))),
    message(caf::make_message(some, std::vector<char>{'a', 'b'})),
    message(caf::make_message(caf::make_error(caf::sec::runtime_error, std::string("it threw")))),
    message(caf::make_message(caf::make_message(std::uint64_t{1}))),
    fuzz::of_kind(1, runtime::to_bytes(std::vector<double>{0.5, 1}, std::string("text"))),
    fuzz::of_kind(2, runtime::to_bytes(some)),
  };
}

const fuzz::target message_codec_target("runtime/message_codec", run, seeds);

} // namespace
