// What a program keeps of a cluster that has ended: each use of it is an error that says so, and no more.
#include "runtime/cluster.hpp"

#include <future>
#include <memory>
#include <optional>
#include <thread>

#include <caf/stateful_actor.hpp>
#include <caf/type_id.hpp>
#include <doctest/doctest.h>
#include <unistd.h>

using namespace std::chrono_literals;
using runtime::actor_options;
using runtime::errc;

namespace {

caf::behavior counter(caf::stateful_actor<int>* self) {
  self->state = 0;
  return {[self](caf::add_atom, int n) { return self->state += n; }};
}
const runtime::actor_type counter_type("counter", counter);
const runtime::task_type never("never", [](int) -> int {
  for (;;)
    ::pause();
});

std::unique_ptr<runtime::cluster> embedded() {
  runtime::cluster_options options;
  options.cpus = 2;
  return std::make_unique<runtime::cluster>(runtime::or_throw(runtime::cluster::connect(options)));
}

const std::string gone = "actor \"hits\" has ended, or is out of reach: the runtime::cluster that it was had from is "
                         "gone; keep that for as long as its actors are used";

void check_that_it_has_ended(const runtime::remote_actor& actor) {
  auto call = actor.call<int>(caf::add_atom_v, 1);
  const auto answer = call.try_get();
  REQUIRE(!answer);
  CHECK(answer.error() == runtime::error{errc::cancelled, gone});
  actor.send(caf::add_atom_v, 1);
  for (const auto& stopped : {actor.stop(), actor.kill()}) {
    REQUIRE(!stopped);
    CHECK(stopped.error() == runtime::error{errc::cancelled, gone});
  }
  bool told = false;
  actor.on_end([&](const runtime::result<void>& how) { told = !how && how.error().code == errc::cancelled; });
  CHECK(told);
  CHECK(!actor.end().try_get());
  CHECK(actor.name() == "hits");
}

} // namespace

TEST_CASE("lifetimes: a remote actor whose cluster has ended says so") {
  auto cluster = embedded();
  const auto actor = cluster->spawn(counter_type, actor_options().name("hits").cpus(0.5));
  CHECK(actor.call<int>(caf::add_atom_v, 1).get() == 1);
  const auto copy = actor;

  cluster.reset();

  check_that_it_has_ended(actor);
  check_that_it_has_ended(copy);
}

TEST_CASE("lifetimes: so does one that never lived, and one that was found by its name") {
  auto cluster = embedded();
  const auto first = cluster->spawn(counter_type, actor_options().name("hits").detached().cpus(0.5));
  CHECK(first.call<int>(caf::add_atom_v, 1).get() == 1);
  const auto found = runtime::or_throw(cluster->find_actor("hits"));
  const auto waiting = cluster->spawn(counter_type, actor_options().cpus(1'000).wait_for_nodes());
  auto call = waiting.call<int>(caf::add_atom_v, 1);

  cluster.reset();

  check_that_it_has_ended(first);
  check_that_it_has_ended(found);
  CHECK(call.try_get().error().code == errc::cancelled);
}

TEST_CASE("lifetimes: a placement group that outlives its cluster is over") {
  auto cluster = embedded();
  runtime::group_demand bundles;
  bundles.bundles = {runtime::cpus(1)};
  std::optional<runtime::placement_group> granted(cluster->reserve(bundles));
  CHECK(runtime::or_throw(granted->wait()).size() == 1);
  bundles.bundles = {runtime::cpus(1'000)};
  bundles.waits_for_nodes = true;
  std::optional<runtime::placement_group> waiting(cluster->reserve(bundles));

  cluster.reset();

  CHECK(waiting->wait().error().code == errc::cancelled);
  const auto again = granted->wait();
  REQUIRE(!again);
  CHECK(again.error().code == errc::invalid_argument);
  granted.reset();
  waiting.reset();
}

TEST_CASE("lifetimes: a task that is under way when its cluster ends is cancelled") {
  auto cluster = embedded();
  auto task = cluster->submit(never, 1);

  cluster.reset();

  CHECK(task.try_get().error().code == errc::cancelled);
}

TEST_CASE("lifetimes: a cluster may end while other threads call, send to and stop its actors") {
  for (int round = 0; round < 5; ++round) {
    auto cluster = embedded();
    const auto called = cluster->spawn(counter_type, actor_options().cpus(0.5));
    const auto stopped = cluster->spawn(counter_type, actor_options().cpus(0.5));
    std::promise<void> answered;
    const auto call = [&] { return called.call<int>(caf::add_atom_v, 1).try_get(); };
    std::thread caller([&] {
      auto answer = call();
      answered.set_value();
      while (answer)
        answer = call();
      const auto code = answer.error().code;
      CHECK_MESSAGE((code == errc::cancelled || code == errc::worker_lost), answer.error().message); // In flight, then.
    });
    std::thread sender([&] { // Each waits for an answer now and then: else it only fills mailboxes.
      do
        called.send(caf::add_atom_v, 1);
      while (call());
    });
    std::thread stopper([&] {
      while (stopped.stop())
        (void)call();
    });

    answered.get_future().wait();
    cluster.reset();

    caller.join();
    sender.join();
    stopper.join();
    CHECK(call().error().code == errc::cancelled);
  }
}

TEST_CASE("lifetimes: a remote actor of nothing, and a cluster that was moved from, are errors") {
  const runtime::remote_actor none;
  CHECK(!none);
  CHECK_THROWS_WITH_AS((void)none.call<int>(caf::add_atom_v, 1),
                       "this remote_actor stands for no actor; spawn() and find_actor() give one that does",
                       runtime::failure);
  CHECK_THROWS_AS((void)none.name(), runtime::failure);

  auto cluster = embedded();
  const auto moved = std::move(*cluster);
  CHECK_THROWS_WITH_AS((void)cluster->state(), "this runtime::cluster was moved from; use the one that it was moved to",
                       runtime::failure);
  CHECK(moved.address() == "embedded");
}

TEST_CASE("lifetimes: a value is taken once") {
  auto cluster = embedded();
  const auto actor = cluster->spawn(counter_type, actor_options());
  auto answer = actor.call<int>(caf::add_atom_v, 1);
  CHECK(answer.get() == 1);

  CHECK(!answer.valid());
  CHECK(answer.wait_for(0ms));
  CHECK(answer.try_get().error() ==
        runtime::error{errc::invalid_argument, "this future has no value: get() and try_get() take it, and were called "
                                               "before, or it was moved from"});
  CHECK(runtime::future<int>().try_get().error().code == errc::invalid_argument);
}

TEST_CASE("lifetimes: a deadline that is none is refused") {
  auto cluster = embedded();
  const auto actor = cluster->spawn(counter_type, actor_options());

  const auto past = actor.stop(-1ms);
  const auto absurd = actor.stop(std::chrono::milliseconds::max());

  REQUIRE(!past);
  CHECK(past.error() == runtime::error{errc::invalid_argument,
                                       "stop: a deadline of -1 ms; use 0 (it is killed at once) "
                                       "to 31536000000 ms"});
  REQUIRE(!absurd);
  CHECK(absurd.error().code == errc::invalid_argument);
  CHECK(actor.call<int>(caf::add_atom_v, 1).get() == 1);
  for (const auto wrong : {0ms, -1ms, std::chrono::milliseconds::max()}) {
    runtime::cluster_options options;
    options.address = "127.0.0.1:1";
    options.connect_deadline = wrong;
    const auto refused = runtime::cluster::connect(options);
    REQUIRE(!refused);
    CHECK(refused.error().code == errc::invalid_argument);
    CHECK(refused.error().message.find("connect_deadline: ") == 0);
  }
}

TEST_CASE("lifetimes: a remote actor that stands for none, and a cluster that was moved from, throw what they are") {
  const auto message_of = [](const auto& use) -> std::string {
    try {
      use();
      return "nothing was thrown";
    } catch (const runtime::failure& e) {
      return e.what();
    }
  };
  const runtime::remote_actor none;
  const auto then = [](const runtime::result<int>&) {};
  const auto said = message_of([&] { (void)none.call<int>(caf::add_atom_v, 1); });
  CHECK(said.find("remote_actor") != std::string::npos);
  CHECK(message_of([&] { none.call_then<int>(then, caf::add_atom_v, 1); }) == said);

  auto cluster = embedded();
  const auto moved_to = std::move(*cluster);
  CHECK(message_of([&] { (void)cluster->actor_system(); }) ==
        "this runtime::cluster was moved from; use the one that it was moved to");
}

TEST_CASE("lifetimes: an embedded cluster has its node from the first moment") {
  for (int round = 0; round < 30; ++round)
    CHECK(runtime::or_throw(embedded()->state()).nodes.size() == 1);
}
