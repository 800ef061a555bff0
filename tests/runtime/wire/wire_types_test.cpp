#include "runtime/wire/wire_types.hpp"

#include "runtime/wire/protobuf_message.hpp"

#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/message.hpp>
#include <doctest/doctest.h>

namespace wire = runtime::wire;

namespace {

struct config_with_wire_types : caf::actor_system_config {
  config_with_wire_types() { runtime::add_wire_types(*this); }
};

/// What arrives when the message was sent over a link.
caf::message over_a_link(caf::actor_system& system, const caf::message& sent) {
  std::vector<char> bytes;
  caf::binary_serializer sink{system.dummy_execution_unit(), bytes};
  REQUIRE(!sink(const_cast<caf::message&>(sent)));
  caf::message arrived;
  caf::binary_deserializer source{system.dummy_execution_unit(), bytes};
  REQUIRE(!source(arrived));
  return arrived;
}

} // namespace

TEST_CASE("wire types: a protobuf message travels as a CAF message") {
  config_with_wire_types config;
  caf::actor_system system{config};
  wire::LeaseRefused refused;
  refused.set_lease_id(17);
  refused.mutable_why()->set_message("no room");

  const auto arrived = over_a_link(system, caf::make_message(refused));

  REQUIRE(arrived.match_elements<wire::LeaseRefused>());
  CHECK(arrived.get_as<wire::LeaseRefused>(0).lease_id() == 17);
  CHECK(arrived.get_as<wire::LeaseRefused>(0).why().message() == "no room");
}

TEST_CASE("wire types: fields that a newer peer added survive being passed on") {
  config_with_wire_types config;
  caf::actor_system system{config};
  wire::LeaseAccepted from_a_newer_peer;
  const std::string bytes{"\x08\x05\xf8\x07\x2a", 5}; // node_id = 5, and field 127 = 42, which nobody here knows.
  REQUIRE(from_a_newer_peer.ParseFromString(bytes));

  const auto arrived = over_a_link(system, caf::make_message(from_a_newer_peer));

  CHECK(arrived.get_as<wire::LeaseAccepted>(0).SerializeAsString() == bytes);
}

TEST_CASE("wire types: bytes that are no such message are an error, not a crash") {
  config_with_wire_types config;
  caf::actor_system system{config};
  std::vector<char> bytes;
  std::string garbage{"\x08", 1}; // A field number without its value.
  caf::binary_serializer sink{system.dummy_execution_unit(), bytes};
  REQUIRE(!sink(garbage));

  wire::LeaseAccepted message;
  caf::binary_deserializer source{system.dummy_execution_unit(), bytes};

  CHECK(source(message) == caf::sec::invalid_argument);
}
