#include "runtime/owner/stub_core.hpp"

#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using runtime::errc;
using runtime::error;
using runtime::instant;
using runtime::result;
using runtime::stub_core;
using runtime::stub_options;

namespace {

const instant start{1s};

/// A core and what it has done so far.
struct driven : stub_core {
  explicit driven(stub_options options = {}) : stub_core("hits", options) {}

  void call(const std::string& content, instant now = start) {
    on_call(
      content, [](const result<std::string>&) {}, now, done); // Its answer is the core's action.
  }

  /// The contents of each message that was sent since the last time.
  std::vector<std::vector<std::string>> take_sent() {
    std::vector<std::vector<std::string>> batches;
    for (auto& one_done : done)
      if (auto* sent = std::get_if<send_calls>(&one_done)) {
        batches.emplace_back();
        for (const auto& one : sent->calls) {
          batches.back().push_back(one.content);
          ids.push_back(one.id);
        }
      }
    take_answers();
    return batches;
  }

  std::vector<result<std::string>> take_answers() {
    std::vector<result<std::string>> found;
    for (auto& one_done : done)
      if (auto* one = std::get_if<answer>(&one_done))
        found.push_back(one->content);
    done.clear();
    return found;
  }

  void reply(std::uint64_t id, const std::string& content) {
    on_reply(id, content, done);
    on_replies_end(done);
  }

  actions done;
  std::vector<std::uint64_t> ids;
};

using batches = std::vector<std::vector<std::string>>;

} // namespace

TEST_CASE("stub: a call goes at once when nothing is in flight") {
  driven stub;
  stub.on_alive(stub.done);

  stub.call("a");

  CHECK(stub.take_sent() == batches{{"a"}});
  CHECK(!stub.wake_at());
}

TEST_CASE("stub: while a call is in flight others gather, and go together when a reply comes") {
  driven stub;
  stub.on_alive(stub.done);
  stub.call("a");
  stub.call("b");
  stub.call("c");
  CHECK(stub.take_sent() == batches{{"a"}});

  stub.reply(1, "A");

  REQUIRE(stub.done.size() == 2);
  CHECK(std::get<stub_core::answer>(stub.done[0]).content == "A");
  CHECK(stub.take_sent() == batches{{"b", "c"}});
}

TEST_CASE("stub: a gathered call waits no longer than its time, so that the actor may answer an earlier one after it") {
  driven stub;
  stub.on_alive(stub.done);
  stub.call("wait for b");
  stub.call("b");
  stub.take_sent();

  REQUIRE(stub.wake_at() == start + 1ms);
  stub.on_time(start + 1ms, stub.done);

  CHECK(stub.take_sent() == batches{{"b"}});
}

TEST_CASE("stub: a full batch goes without a reply") {
  stub_options options;
  options.batch_calls = 2;
  driven stub(options);
  stub.on_alive(stub.done);
  for (const auto* content : {"a", "b", "c", "d"})
    stub.call(content);

  CHECK(stub.take_sent() == batches{{"a"}, {"b", "c"}});
}

TEST_CASE("stub: a message without an answer has the number 0 and holds up nobody") {
  driven stub;
  stub.on_alive(stub.done);
  stub.on_call("tell", nullptr, start, stub.done);
  stub.call("a");

  CHECK(stub.take_sent() == batches{{"tell"}, {"a"}});
  CHECK(stub.ids == std::vector<std::uint64_t>{0, 1});
}

TEST_CASE("stub: calls before the actor is alive wait, in batches and bounded") {
  stub_options options;
  options.most_waiting = 3;
  options.batch_calls = 2;
  driven stub(options);
  for (const auto* content : {"a", "b", "c", "d"})
    stub.call(content);

  const auto refused = stub.take_answers();
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].error().message ==
        "the actor \"hits\" is not alive yet, and 3 calls with 3 bytes wait for it already; call it when some have "
        "been answered");
  stub.on_alive(stub.done);
  CHECK(stub.take_sent() == batches{{"a", "b"}, {"c"}});
}

TEST_CASE("stub: calls in flight fail when the actor is lost, and those after it wait for its restart") {
  driven stub;
  stub.on_alive(stub.done);
  stub.call("a");
  stub.take_sent();

  stub.on_restarting({errc::worker_lost, "worker was killed by signal 9 (SIGKILL)"}, stub.done);
  const auto lost = stub.take_answers();
  stub.call("b");

  REQUIRE(lost.size() == 1);
  CHECK(lost[0].error() == error{errc::worker_lost,
                                 "the actor \"hits\" was lost while the call was in flight; whether it ran is "
                                 "unknown: worker was killed by signal 9 (SIGKILL)"});
  CHECK(stub.take_sent().empty());
  stub.on_alive(stub.done);
  CHECK(stub.take_sent() == batches{{"b"}});
}

TEST_CASE("stub: when the handle is lost, the cause is awaited for a moment") {
  driven stub;
  stub.on_alive(stub.done);
  stub.call("a");
  stub.take_sent();
  stub.on_handle_lost(start);
  CHECK(stub.take_answers().empty());

  SUBCASE("it comes") {
    stub.on_ended(runtime::fail(errc::user_code, "actor \"hits\": out of range"), stub.done);
    CHECK(stub.take_answers().at(0).error().message ==
          "the actor \"hits\" was lost while the call was in flight; whether it ran is unknown: actor \"hits\": out "
          "of range");
  }
  SUBCASE("it does not") {
    stub.on_time(start + 200ms, stub.done);
    CHECK(stub.take_answers().at(0).error().code == errc::worker_lost);
    CHECK(!stub.wake_at());
  }
}

TEST_CASE("stub: a lost handle with nothing in flight wants no timer, and later calls wait for the cause") {
  driven stub;
  stub.on_alive(stub.done);
  stub.on_handle_lost(start);
  CHECK(!stub.wake_at());
  stub.call("a");
  CHECK(!stub.wake_at());
  CHECK(stub.take_sent().empty());
  stub.on_ended({}, stub.done);
  CHECK(stub.take_answers().at(0).error().message == "the actor \"hits\" has ended: it quit in good order");
}

TEST_CASE("stub: calls in flight to a lost node fail with that, and a late reply to them changes nothing") {
  driven stub;
  stub.on_alive(stub.done);
  stub.call("a");
  stub.take_sent();
  stub.on_node_lost({errc::unreachable, "connection reset"}, stub.done);
  CHECK(stub.take_answers().at(0).error().code == errc::node_lost);

  stub.reply(1, "late");

  CHECK(stub.take_answers().empty());
}

TEST_CASE("stub: after the end every call fails with the cause") {
  driven stub;
  stub.call("waits");
  stub.on_ended(runtime::fail(errc::cancelled, "actor \"hits\" was stopped"), stub.done);
  stub.call("late");

  const auto answers = stub.take_answers();
  REQUIRE(answers.size() == 2);
  for (const auto& one : answers)
    CHECK(one.error() == error{errc::cancelled, "the actor \"hits\" has ended: actor \"hits\" was stopped"});
}

TEST_CASE("stub: calls that a living actor does not answer are bounded, messages that want no answer are not") {
  stub_options options;
  options.most_unanswered = 2;
  driven stub(options);
  stub.on_alive(stub.done);
  for (const auto* content : {"a", "b", "c"})
    stub.call(content);

  const auto refused = stub.take_answers();
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].error() == error{errc::refused,
                                    "the actor \"hits\" has not answered 2 calls yet; call it when it has "
                                    "answered some"});
  stub.on_call("tell", nullptr, start, stub.done);
  CHECK(stub.take_answers().empty());
  stub.on_reply(1, std::string("answer"), stub.done);
  stub.on_replies_end(stub.done);
  stub.call("d");
  REQUIRE(stub.take_answers().size() == 1); // The reply, and no refusal.
}
