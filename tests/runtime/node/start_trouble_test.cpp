#include "runtime/node/start_trouble.hpp"

#include <doctest/doctest.h>

#include "tests/runtime/node/node_history.hpp"

using namespace std::chrono_literals;
using runtime::cpus;
using runtime::errc;
using runtime::instant;
using runtime::lease_id;
using runtime::node_manager_core;
using runtime::start_trouble;
using runtime::work_end;

namespace {

runtime::worker_exit not_started(runtime::worker_id worker, errc code = errc::io) {
  runtime::worker_exit none;
  none.worker = worker;
  none.kind = runtime::exit_kind::start_failed;
  none.message = "no pipe for it: Too many open files";
  none.start_error = code;
  return none;
}

/// A node whose work could not be started.
node_history troubled(errc code = errc::io) {
  node_history h(cpus(4));
  h.grant(1, cpus(1));
  h.start(1);
  h.node.on_worker_exit(not_started(*h.node.workers().worker_of({lease_id(1), 1}), code), h.now);
  return h;
}

bool takes(node_history& h, std::uint64_t lease) {
  return has<node_manager_core::accept_lease>(h.grant(lease, cpus(1)));
}

} // namespace

TEST_CASE("start trouble: there is none until something has failed, and none when something has started") {
  start_trouble trouble;
  CHECK_FALSE(trouble.why_not(start));

  trouble.on_failed("no process", start);
  CHECK(trouble.why_not(start) == "could start nothing (no process), and tries again in 1 s");
  CHECK(trouble.why_not(start + 999ms));
  CHECK_FALSE(trouble.why_not(start + 1s));
  trouble.on_started();
  CHECK_FALSE(trouble.why_not(start + 500ms));
}

TEST_CASE("start trouble: each trial that fails doubles the pause up to the most; a start begins anew") {
  start_trouble trouble({1s, 5s});
  instant now = start;
  for (const auto pause : {1s, 2s, 4s, 5s, 5s}) {
    trouble.on_failed("no process", now);
    CHECK(trouble.why_not(now + pause - 1ms));
    CHECK_FALSE(trouble.why_not(now + pause));
    now += pause;
  }
  trouble.on_started();
  trouble.on_failed("no process", now);

  CHECK_FALSE(trouble.why_not(now + 1s));
}

TEST_CASE("start trouble: what fails within the pause was on its way, and makes it no longer") {
  start_trouble trouble;
  trouble.on_failed("no process", start);
  for (int more = 0; more < 100; ++more)
    trouble.on_failed("no room", start + 500ms);

  CHECK(trouble.why_not(start + 500ms) == "could start nothing (no room), and tries again in 1 s"); // The newest.
  CHECK_FALSE(trouble.why_not(start + 1s));
}

TEST_CASE("start trouble: options out of range are named, all at once") {
  CHECK(validate(runtime::start_trouble_options()));
  CHECK(validate(runtime::start_trouble_options{0s, -1s}).error().message ==
        "first_pause must be more than 0; most_pause must be at least first_pause");
}

TEST_CASE("node manager: what cannot be started for want of something ends as such, and is no lost worker") {
  node_history h(cpus(4));
  h.grant(1, cpus(1));
  h.start(1);
  const auto actions = h.node.on_worker_exit(not_started(*h.node.workers().worker_of({lease_id(1), 1})), h.now);

  const auto& end = get<node_manager_core::tell_work_ended>(actions).end;
  CHECK(end.cause == work_end::how::not_started);
  CHECK(end.why.code == errc::io);
  CHECK(end.why.message == "worker could not be started: no pipe for it: Too many open files");
}

TEST_CASE("node manager: one that could not start a worker takes no lease for a while, and says why") {
  auto h = troubled();

  const auto refused = h.grant(2, cpus(1));
  CHECK(get<node_manager_core::refuse_lease>(refused).why.code == errc::refused);
  CHECK(get<node_manager_core::refuse_lease>(refused).why.message ==
        "node \"n1\" could start nothing (no pipe for it: Too many open files), and tries again in 1 s");
  h.pass(1s);
  CHECK(takes(h, 3)); // A trial.
  h.start(3);
  h.node.on_worker_exit(not_started(*h.node.workers().worker_of({lease_id(3), 1})), h.now);
  h.pass(1s);
  CHECK_FALSE(takes(h, 4));
  h.pass(1s);
  CHECK(takes(h, 5));
}

TEST_CASE("node manager: a worker that starts ends the trouble") {
  auto h = troubled();
  h.pass(1s);
  REQUIRE(takes(h, 2));
  h.run(2);
  CHECK(takes(h, 3));
  h.start(3); // Fails: the pause is the first one again.
  h.node.on_worker_exit(not_started(*h.node.workers().worker_of({lease_id(3), 1})), h.now);

  CHECK_FALSE(takes(h, 4));
  h.pass(1s);
  CHECK(takes(h, 5));
}

TEST_CASE("node manager: a program that cannot be executed is no trouble of its node, which serves others") {
  auto h = troubled(errc::not_found);

  CHECK(takes(h, 2));
}

TEST_CASE("node manager: a package that cannot be kept is trouble, too; one that its source cannot give is not") {
  const auto after = [](errc code) {
    node_history h(cpus(4));
    h.has_package = false;
    h.grant(1, cpus(1));
    h.start(1);
    h.node.on_package_failed(a_package, {code, "No space left on device"}, h.now);
    return h;
  };

  auto full = after(errc::io);
  const auto refused = full.grant(2, cpus(1));
  CHECK(get<node_manager_core::refuse_lease>(refused).why.message.find(": No space left on device), and tries again") !=
        std::string::npos);
  auto unreachable = after(errc::unreachable);
  CHECK(takes(unreachable, 2));
}
