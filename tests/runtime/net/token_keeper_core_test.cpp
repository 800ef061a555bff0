#include "runtime/net/token_keeper_core.hpp"

#include "tests/runtime/net/tokens_for_test.hpp"

#include <doctest/doctest.h>

using namespace runtime;
using tokens_for_test::token;
using actions = token_keeper_core::actions;

namespace {

const token_peer_id node{1}, driver{2};

token_keeper_core with_two_peers() {
  token_keeper_core core(token_ring(token(1)));
  core.on_ask(node, "node/n1", 1, "");
  core.on_ask(driver, "driver/d", 1, "");
  return core;
}

/// As the shell does when the file is written.
actions rotate(token_keeper_core& core, std::uint8_t fresh) {
  return core.on_saved(or_throw(core.plan_rotation(token(fresh))));
}

} // namespace

TEST_CASE("token keeper: whoever asks is told, also when it knows all") {
  token_keeper_core core(token_ring(token(1)));

  CHECK(core.on_ask(node, "node/n1", 1, "") == actions{{node}});
  CHECK(core.on_ask(node, "node/n1", 1, "") == actions{{node}});
  CHECK(core.report().peer_count == 1);
}

TEST_CASE("token keeper: a rotation that is saved is told to everybody, and before it is saved to nobody") {
  auto core = with_two_peers();

  const auto planned = core.plan_rotation(token(2));

  REQUIRE(planned);
  CHECK(core.ring() == token_ring(token(1)));
  CHECK(core.on_saved(*planned) == actions{{node}, {driver}});
  CHECK(core.ring().newest() == token(2));
  CHECK(core.report().good == std::vector<std::string>{token(2).fingerprint, token(1).fingerprint});
}

TEST_CASE("token keeper: a token is not ended while a peer would be shut out, and the message names it") {
  auto core = with_two_peers();
  rotate(core, 2);
  core.on_ask(driver, "driver/d", 2, "");

  const auto refused = core.plan_end(token(1).fingerprint, peers_behind::forbid_it);

  REQUIRE_FALSE(refused);
  CHECK(refused.error() ==
        error{errc::refused, "1 of 2 nodes and drivers might not come back without it: node/n1 (it has not learned of "
                             "the newest token yet); try again when caf-tune token list shows none, or leave them "
                             "behind with --force"});
  CHECK(core.plan_end(token(1).fingerprint, peers_behind::are_left)->tokens().size() == 1);
}

TEST_CASE("token keeper: a peer that could not write its token file is behind, with the reason") {
  auto core = with_two_peers();
  rotate(core, 2);
  core.on_ask(node, "node/n1", 2, "token file t cannot be replaced: disk full");
  core.on_ask(driver, "driver/d", 2, "");

  const auto now = core.report();

  CHECK(now.behind_count == 1);
  REQUIRE(now.behind.size() == 1);
  CHECK(now.behind[0].name == "node/n1");
  CHECK(now.behind[0].why == "token file t cannot be replaced: disk full");
  CHECK_FALSE(core.plan_end(token(1).fingerprint, peers_behind::forbid_it));
}

TEST_CASE("token keeper: when all have said that they know the newest the old one is ended, and all are told") {
  auto core = with_two_peers();
  rotate(core, 2);
  core.on_ask(node, "node/n1", 2, "");
  core.on_ask(driver, "driver/d", 2, "");

  const auto planned = core.plan_end(token(1).fingerprint, peers_behind::forbid_it);

  REQUIRE(planned);
  CHECK(core.on_saved(*planned) == actions{{node}, {driver}});
  CHECK(core.ring().generation() == 3);
  CHECK(core.ring().find(token(1).fingerprint) == nullptr);
}

TEST_CASE("token keeper: who is gone is not waited for, nor told") {
  auto core = with_two_peers();
  core.on_peer_lost(node);
  core.on_peer_lost(node); // Again: nothing.

  CHECK(rotate(core, 2) == actions{{driver}});
  CHECK(core.report().peer_count == 1);
}

TEST_CASE("token keeper: many who are behind are counted, and the first of them named") {
  token_keeper_core core(token_ring(token(1)));
  for (std::uint64_t i = 1; i <= 2'000; ++i)
    core.on_ask(token_peer_id{i}, "node/n" + std::to_string(i), 1, "");
  rotate(core, 2);

  const auto now = core.report();

  CHECK(now.behind_count == 2'000);
  CHECK(now.behind.size() == 1'000);
  const auto refused = core.plan_end(token(1).fingerprint, peers_behind::forbid_it);
  CHECK(refused.error().message.find("2000 of 2000 nodes and drivers") == 0);
  CHECK(refused.error().message.find(" and 1995 more; try again") != std::string::npos);
}

TEST_CASE("token keeper: peers without number are told, and not remembered") {
  token_keeper_core core(token_ring(token(1)));
  for (std::uint64_t i = 1; i <= token_keeper_core::most_peers; ++i)
    core.on_ask(token_peer_id{i}, "p", 1, "");

  CHECK(core.on_ask(token_peer_id{token_keeper_core::most_peers + 1}, "one more", 1, "").size() == 1);
  CHECK(core.report().peer_count == token_keeper_core::most_peers);
}
