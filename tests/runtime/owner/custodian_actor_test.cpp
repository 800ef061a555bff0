#include "tests/runtime/owner/owner_fixture.hpp"

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

/// A head that keeps the names of actors.
struct custodian_fixture : owner_fixture {
  custodian_fixture() {
    custodian = time.add(
      time.system().spawn<custodian_actor>(options(detached_owner.value), intake, [this] { return actor_id{++ids}; }));
    driver = play(plays_driver);
    time.settle();
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
