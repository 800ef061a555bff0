#include "runtime/net/link_table.hpp"

#include <string>

#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/forwarding_actor_proxy.hpp>
#include <caf/make_actor.hpp>
#include <doctest/doctest.h>

namespace {

/// Handles of remote actors as connections make them: the same actor over two connections is two proxies of one id.
class proxies {
public:
  caf::actor make(caf::actor_id id) {
    caf::actor_config config;
    return caf::make_actor<caf::forwarding_actor_proxy, caf::actor>(id, far_, &system_, config, caf::actor());
  }

private:
  caf::actor_system_config config_;
  caf::actor_system system_{config_};
  caf::node_id far_ = caf::make_node_id(7, std::string(40, 'a')).value();
};

caf::strong_actor_ptr sender(const caf::actor& link) {
  return caf::actor_cast<caf::strong_actor_ptr>(link);
}

} // namespace

TEST_CASE("link table: a peer is spoken to on its newest link") {
  proxies far;
  const auto first = far.make(1), second = far.make(2);
  runtime::link_table<int> table;

  CHECK(table.add(17, first));
  CHECK(table.add(17, second));
  CHECK(*table.find(17) == second);
  CHECK(!table.add(17, first)); // Its hello came again on that one.
  CHECK(*table.find(17) == first);
  CHECK(table.peer_of(sender(second)) == 17);
}

TEST_CASE("link table: a peer is lost with its last link") {
  proxies far;
  const auto first = far.make(1), second = far.make(2);
  runtime::link_table<int> table;
  table.add(17, first);
  table.add(17, second);

  CHECK(!table.remove(first.address()));
  CHECK(!table.remove(first.address())); // Monitored twice.
  CHECK(table.remove(second.address()) == 17);
  CHECK(table.find(17) == nullptr);
  CHECK(!table.peer_of(sender(second)));
}

TEST_CASE("link table: the old connection's end does not end the new one of the same remote actor") {
  proxies far;
  const auto before = far.make(1), after = far.make(1);
  REQUIRE(before == after); // As CAF compares them.
  runtime::link_table<int> table;
  table.add(17, before);

  CHECK(table.add(17, after)); // So it is monitored.
  CHECK(table.peer_of(sender(after)) == 17);
  CHECK(!table.remove(before.address()));
  CHECK(table.remove(after.address()) == 17);
}
