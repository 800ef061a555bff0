#include "runtime/node/node_wire.hpp"

#include <doctest/doctest.h>

#include "runtime/limits.hpp"
#include "runtime/package/file_digest.hpp"

using namespace runtime;

namespace {

wire::StartWork valid_order() {
  package_manifest manifest{{{"main", 3, digest_of("abc"), true}}, "main"};
  wire::StartWork order;
  order.set_owner_id(7);
  order.mutable_work()->set_lease_id(1);
  order.mutable_work()->set_number(1);
  order.set_kind(wire::StartWork::TASK);
  order.set_type_name("train");
  auto& package = *order.mutable_package();
  package.set_id(std::string(id_of(manifest).bytes()));
  package.set_main("main");
  auto& file = *package.add_files();
  file.set_name("main");
  file.set_size_bytes(3);
  file.set_sha256(std::string(digest_of("abc").bytes()));
  file.set_executable(true);
  return order;
}

error mistake(const wire::StartWork& order) {
  const auto read = node_wire::start_order_reader().read(order);
  REQUIRE(!read);
  return read.error();
}

} // namespace

TEST_CASE("node wire: an order with arguments that are as large as may be is read whole") {
  auto message = valid_order();
  message.set_arguments(std::string(most_message_bytes, 'a'));

  const auto order = node_wire::start_order_reader().read(message);

  REQUIRE(order);
  CHECK(order->order.arguments.size() == most_message_bytes);
}

TEST_CASE("node wire: an order that no frame to a worker could carry is refused with what users read elsewhere") {
  auto large = valid_order();
  large.set_arguments(std::string(most_message_bytes + 1, 'a'));
  auto long_name = valid_order();
  long_name.set_type_name(std::string(4097, 'a'));

  CHECK(mistake(large) == error{errc::too_large, too_large_message("the arguments of task \"train\"", 16'777'217)});
  CHECK(mistake(long_name) == error{errc::too_large, "the name of a type has 4097 bytes; use at most 4096"});
}
