#include "tests/runtime/owner/owner_fixture.hpp"

#include "runtime/owner/detached_store.hpp"
#include "runtime/package/file_digest.hpp"

using namespace owner_test;

namespace {

struct fake_intake : package_intake {
  void ensure(std::shared_ptr<const package_manifest> package, caf::actor,
              std::function<void(result<void>)> done) override {
    asked.push_back(*package);
    done(outcome);
  }
  std::vector<package_manifest> asked;
  result<void> outcome;
};

/// A disk that may be full.
struct memory_store : detached_store {
  [[nodiscard]] result<std::map<actor_id, std::string>> load() override { return kept; }
  [[nodiscard]] result<void> keep(actor_id actor, const std::string& bytes) override {
    if (full)
      return fail(errc::io, "the disk is full");
    kept[actor] = bytes;
    return {};
  }
  void forget(actor_id actor) override { kept.erase(actor); }
  wire::DetachedActor at(std::uint64_t actor) {
    wire::DetachedActor out;
    CHECK(out.ParseFromString(kept.at(actor_id{actor})));
    return out;
  }
  std::map<actor_id, std::string> kept;
  bool full = false;
};

/// A head that keeps the names of actors.
struct custodian_fixture : owner_fixture {
  custodian_fixture() {
    start_custodian();
    driver = play(plays_driver);
    time.settle();
  }
  /// Again: as a head does that is started anew.
  void start_custodian() {
    custodian = time.add(time.system().spawn<custodian_actor>(
      options(detached_owner.value), intake, [this] { return actor_id{++ids}; }, store));
    time.settle();
  }
  void end_custodian() {
    caf::anon_send_exit(custodian, caf::exit_reason::user_shutdown);
    time.settle();
    plays_node->heard.clear();
    plays_head->heard.clear();
  }
  std::optional<caf::message> answer_of_head(const caf::message& m) override {
    if (m.match_elements<wire::FindActor>()) {
      if (names.count(m.get_as<wire::FindActor>(0).name()) == 0)
        return caf::make_message(failure_of({errc::not_found, "there is none"}));
      wire::ActorRecord record;
      record.set_actor_id(99);
      return caf::make_message(record);
    }
    if (m.match_elements<wire::ReserveName>()) {
      names.insert(m.get_as<wire::ReserveName>(0).name());
      return caf::make_message(wire::ActorRecord{});
    }
    return owner_fixture::answer_of_head(m);
  }
  void spawn(const std::string& name, bool get_if_exists = false) {
    wire::SpawnDetached order;
    order.set_name(name);
    order.set_get_if_exists(get_if_exists);
    order.set_type_name("counter");
    *order.mutable_package() = make_package(memory_packages::manifest());
    order.set_max_restarts(2);
    say(driver, custodian, order);
  }

  std::set<std::string> names;
  std::uint64_t ids = 0;
  std::shared_ptr<fake_intake> intake = std::make_shared<fake_intake>();
  std::shared_ptr<memory_store> store = std::make_shared<memory_store>();
  std::shared_ptr<script> plays_driver;
  caf::actor custodian, driver;
};

} // namespace

TEST_CASE("custodian: a detached actor is accepted with its name, fetched package and owner, and then started") {
  custodian_fixture f;

  f.spawn("hits");

  const auto accepted = f.plays_driver->all<wire::ActorRecord>();
  REQUIRE(accepted.size() == 1);
  CHECK(accepted[0].actor_id() == 1);
  CHECK(accepted[0].name() == "hits");
  CHECK(f.intake->asked.size() == 1);
  REQUIRE(f.plays_node->all<wire::StartWork>().size() == 1);
  CHECK(f.plays_node->all<wire::StartWork>()[0].owner_id() == 1);
  CHECK(f.plays_node->all<wire::StartWork>()[0].package().main() == "main");
}

TEST_CASE("custodian: a name that is taken is an error, or the one that has it, and nothing is fetched") {
  custodian_fixture f;
  f.names.insert("hits");

  f.spawn("hits");
  f.spawn("hits", /*get_if_exists=*/true);

  CHECK(f.plays_driver->all<wire::Failure>().at(0).message() == "there is an actor \"hits\" already");
  CHECK(f.plays_driver->all<wire::ActorRecord>().at(0).actor_id() == 99);
  CHECK(f.intake->asked.empty());
}

TEST_CASE("custodian: a package that cannot be had is an error that says why") {
  custodian_fixture f;
  f.intake->outcome = fail(errc::unreachable, "the driver is gone");

  f.spawn("");

  CHECK(f.plays_driver->all<wire::Failure>().at(0).message() ==
        "the actor's package cannot be had: the driver is gone");
}

TEST_CASE("custodian: a detached actor is stopped by its id, and one that there is not is an error") {
  custodian_fixture f;
  f.spawn("hits");
  wire::StopActor order;
  order.set_actor_id(1);
  order.set_deadline_ms(100);
  f.say(f.driver, f.custodian, order);
  order.set_actor_id(77);
  f.say(f.driver, f.custodian, order);

  CHECK(f.plays_node->all<wire::StopWork>().at(0).deadline_ms() == 100);
  CHECK(f.plays_driver->all<wire::Failure>().at(0).message() == "there is no detached actor 4d");
}

TEST_CASE("custodian: what it has accepted is kept, with its lease while it is alive, until it has ended") {
  custodian_fixture f;
  f.spawn("hits");
  CHECK(f.store->at(1).spawn().name() == "hits");
  CHECK(!f.store->at(1).has_lease());

  f.say(f.node, f.custodian, f.started(1));
  CHECK(f.store->at(1).lease().lease_id() == 1);
  CHECK(f.store->at(1).lease().host() == "n1");
  f.say(f.node, f.custodian, f.ended(1, wire::WorkEnd::WORKER_LOST));
  CHECK(!f.store->at(1).has_lease());
  CHECK(f.store->at(1).restarts() == 1);
  f.say(f.node, f.custodian, f.started(2));
  f.say(f.node, f.custodian, f.ended(2, wire::WorkEnd::FINISHED));
  CHECK(f.store->kept.empty());
}

TEST_CASE("custodian: the next one goes on with an actor where it is alive, and asks for no other lease") {
  custodian_fixture f;
  f.spawn("hits");
  f.say(f.node, f.custodian, f.started(1));

  f.end_custodian();
  CHECK(f.store->kept.size() == 1); // The end of a head is not the end of its actors.
  f.start_custodian();

  CHECK(f.plays_head->all<wire::DemandLease>().empty());
  const auto asked = f.plays_node->all<wire::StartWork>();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].work().lease_id() == 1);
  CHECK(asked[0].actor_id() == 1);
  CHECK(asked[0].type_name() == "counter");
  f.say(f.node, f.custodian, f.started(1));
  wire::StopActor order; // It is known, and can be stopped.
  order.set_actor_id(1);
  f.say(f.driver, f.custodian, order);
  CHECK(f.plays_node->all<wire::StopWork>().size() == 1);
}

TEST_CASE("custodian: the next one asks again for what waited") {
  custodian_fixture f;
  f.spawn("hits");
  f.end_custodian();
  f.start_custodian();
  CHECK(f.plays_head->all<wire::ReserveName>().size() == 1);
  CHECK(f.plays_head->all<wire::DemandLease>().size() == 1);
}

TEST_CASE("custodian: an actor that cannot be kept is refused, and a damaged one hinders no other") {
  custodian_fixture f;
  f.store->full = true;
  f.spawn("hits");
  CHECK(f.plays_driver->all<wire::Failure>().at(0).message() == "the head cannot keep the actor: the disk is full");
  CHECK(f.plays_node->all<wire::StartWork>().empty());

  f.store->full = false;
  f.spawn("misses");
  f.store->kept[actor_id{77}] = "no message";
  f.end_custodian();
  f.start_custodian();
  CHECK(f.plays_head->all<wire::DemandLease>().size() == 1);
  CHECK(f.store->kept.count(actor_id{77}) == 1);
}
