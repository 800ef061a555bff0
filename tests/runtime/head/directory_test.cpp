#include "runtime/head/directory.hpp"

#include <doctest/doctest.h>

using namespace runtime;

namespace {

const owner_id alice{10};
const owner_id bob{11};

actor_record record(std::uint64_t id, owner_id owner, actor_state state = actor_state::alive, std::string name = "") {
  actor_record r;
  r.id = actor_id{id};
  r.owner = owner;
  r.state = state;
  r.name = std::move(name);
  return r;
}

} // namespace

TEST_CASE("directory: a name belongs to one living actor") {
  directory actors;

  REQUIRE(actors.reserve(alice, actor_id{1}, "hits"));
  REQUIRE(actors.reserve(alice, actor_id{1}, "hits"));
  const auto second = actors.reserve(bob, actor_id{2}, "hits");

  REQUIRE(!second);
  CHECK(second.error() == error{errc::already_exists, "an actor named \"hits\" lives already; choose another name, or "
                                                      "get it if it exists"});
  CHECK(actors.find("hits")->id == actor_id{1});
}

TEST_CASE("directory: what is announced late does not revive a dead actor, whose name is free") {
  directory actors;
  REQUIRE(actors.announce(record(1, alice, actor_state::alive, "hits")));

  REQUIRE(actors.announce(record(1, alice, actor_state::dead)));
  REQUIRE(actors.announce(record(1, alice, actor_state::alive, "hits")));

  CHECK(actors.find(actor_id{1})->state == actor_state::dead);
  CHECK(actors.find("hits").error().message == "no actor named \"hits\" lives in this cluster");
  CHECK(actors.reserve(bob, actor_id{2}, "hits"));
}

TEST_CASE("directory: an owner that is gone takes its actors with it") {
  directory actors;
  REQUIRE(actors.announce(record(1, alice, actor_state::alive, "hits")));
  REQUIRE(actors.announce(record(2, bob, actor_state::alive, "misses")));

  actors.on_owner_gone(alice, {errc::cancelled, "its owner is gone"});

  CHECK(actors.find(actor_id{1})->state == actor_state::dead);
  CHECK(actors.find(actor_id{1})->why_dead.message == "its owner is gone");
  CHECK(actors.find("misses"));
  CHECK(actors.living() == 1);
}

TEST_CASE("directory: nobody speaks for another's actor") {
  directory actors;
  REQUIRE(actors.announce(record(1, alice)));

  CHECK(actors.announce(record(1, bob, actor_state::dead)).error().code == errc::refused);
  CHECK(actors.find(actor_id{1})->state == actor_state::alive);
}

TEST_CASE("directory: only the newest dead and so many living actors are kept") {
  directory actors(/*max_living=*/2, /*max_dead=*/2);
  for (std::uint64_t id = 1; id <= 3; ++id)
    REQUIRE(actors.announce(record(id, alice, actor_state::dead)));

  CHECK(actors.find(actor_id{1}).error().message == "actor 1 is not known in this cluster");
  CHECK(actors.find(actor_id{3}));
  REQUIRE(actors.announce(record(4, alice)));
  REQUIRE(actors.announce(record(5, alice)));
  CHECK(actors.announce(record(6, alice)).error().code == errc::too_large);
}
