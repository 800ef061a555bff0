#include "runtime/worker/actor_host_actor.hpp"

#include "runtime/actor_type.hpp"
#include "runtime/message_codec.hpp"
#include "runtime/wire/protobuf_message.hpp"

#include <future>
#include <stdexcept>

#include <caf/stateful_actor.hpp>
#include <caf/type_id.hpp>
#include <doctest/doctest.h>

namespace wire = runtime::wire;
using runtime::errc;

namespace {

caf::behavior counter(caf::stateful_actor<int>* self, int start) {
  if (start < 0)
    throw std::invalid_argument("a count does not begin below 0");
  self->state = start;
  return {
    [self](caf::add_atom, int n) { return self->state += n; },
    [self](caf::put_atom, int n) { self->state = n; },
    [](caf::get_atom) -> int { throw std::runtime_error("the counter is stuck"); },
  };
}
const runtime::actor_type counter_type("counter", counter);

std::promise<void> all_was_said;

caf::behavior talker(caf::event_based_actor* self) {
  return {
    [](caf::get_atom, std::uint32_t bytes) { return std::string(bytes, 'x'); },
    [](caf::ok_atom) { all_was_said.set_value(); },
    [self](caf::put_atom) { return self->make_response_promise(); }, // Never answered: so that answers gather.
  };
}
const runtime::actor_type talker_type("talker", talker);

/// A host and everything that came from it.
class hosting {
public:
  hosting()
    : host_(runtime::program_registry::of_this_program(), [this](std::uint64_t caller, const std::string& bytes) {
        wire::Replies replies;
        REQUIRE(replies.ParseFromString(bytes));
        std::unique_lock guard(mutex_);
        may_deliver_.wait(guard, [this] { return !held_; });
        deliveries_.push_back(bytes.size());
        for (const auto& reply : replies.replies())
          replies_.emplace_back(caller, reply);
        changed_.notify_all();
      }) {}

  runtime::result<void> start(const std::string& type, int first) {
    return host_.host(type, runtime::to_bytes(first),
                      [this](const runtime::result<void>& how) { end_.set_value(how); });
  }
  runtime::result<void> start(const std::string& type) {
    return host_.host(type, {}, [this](const runtime::result<void>& how) { end_.set_value(how); });
  }
  template <class... Parts>
  void call(std::uint64_t caller, std::uint64_t id, const Parts&... parts) {
    wire::Calls calls;
    add(calls, id, caf::make_message(parts...));
    host_.on_calls(caller, calls.SerializeAsString());
  }
  void add(wire::Calls& calls, std::uint64_t id, const caf::message& message) {
    calls.add_calls()->set_id(id);
    calls.mutable_calls()->rbegin()->set_content(*runtime::message_to_bytes(system_, message));
  }
  std::vector<std::pair<std::uint64_t, wire::Reply>> wait_for_replies(std::size_t count) {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, std::chrono::seconds(30), [&] { return replies_.size() >= count; }));
    return replies_;
  }
  void hold_deliveries() { held_ = true; } ///< Before the first call.
  void release_deliveries() {
    {
      std::lock_guard guard(mutex_);
      held_ = false;
    }
    may_deliver_.notify_all();
  }
  std::vector<std::size_t> delivery_bytes() {
    std::lock_guard guard(mutex_);
    return deliveries_;
  }
  runtime::result<void> wait_for_end() {
    auto ended = end_.get_future();
    REQUIRE(ended.wait_for(std::chrono::seconds(30)) == std::future_status::ready);
    return ended.get();
  }
  int number_in(const wire::Reply& reply) {
    const auto message = runtime::message_from_bytes(system_, reply.content());
    REQUIRE(message);
    return message->get_as<int>(0);
  }
  runtime::actor_host& host() { return host_; }

private:
  caf::actor_system_config config_;
  caf::actor_system system_{config_}; // The callers' side.
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  std::condition_variable may_deliver_;
  std::vector<std::size_t> deliveries_;
  std::vector<std::pair<std::uint64_t, wire::Reply>> replies_;
  std::promise<runtime::result<void>> end_;
  runtime::actor_host host_;
};

} // namespace

TEST_CASE("actor host: a call is answered to its caller under its own number") {
  hosting h;
  REQUIRE(h.start("counter", 40));

  h.call(/*caller=*/3, /*id=*/17, caf::add_atom_v, 2);

  const auto replies = h.wait_for_replies(1);
  CHECK(replies[0].first == 3);
  CHECK(replies[0].second.id() == 17);
  CHECK(h.number_in(replies[0].second) == 42);
}

TEST_CASE("actor host: a batch of calls is answered in order, each once") {
  hosting h;
  REQUIRE(h.start("counter", 0));
  wire::Calls calls;
  for (std::uint64_t id = 1; id <= 500; ++id)
    h.add(calls, id, caf::make_message(caf::add_atom_v, 1));

  h.host().on_calls(1, calls.SerializeAsString());

  const auto replies = h.wait_for_replies(500);
  REQUIRE(replies.size() == 500);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    CHECK(replies[i].second.id() == i + 1);
    CHECK(h.number_in(replies[i].second) == static_cast<int>(i + 1));
  }
}

TEST_CASE("actor host: a call that wants no answer gets none") {
  hosting h;
  REQUIRE(h.start("counter", 0));

  h.call(1, /*id=*/0, caf::put_atom_v, 7);
  h.call(1, /*id=*/5, caf::add_atom_v, 0);

  const auto replies = h.wait_for_replies(1);
  REQUIRE(replies.size() == 1);
  CHECK(h.number_in(replies[0].second) == 7);
}

TEST_CASE("actor host: a message without a handler is an error that says so, and the actor goes on") {
  hosting h;
  REQUIRE(h.start("counter", 0));

  h.call(1, 1, std::string("what is this?"));
  h.wait_for_replies(1);
  h.call(1, 2, caf::add_atom_v, 1);

  const auto replies = h.wait_for_replies(2);
  CHECK(replies[0].second.why_not().code() == static_cast<std::uint32_t>(errc::user_code));
  CHECK(replies[0].second.why_not().message() == "the actor has no handler for this message");
  CHECK(h.number_in(replies[1].second) == 1);
}

TEST_CASE("actor host: bytes that are no message are refused, and the actor goes on") {
  hosting h;
  REQUIRE(h.start("counter", 0));
  wire::Calls calls;
  calls.add_calls()->set_id(9);
  calls.mutable_calls(0)->set_content("\xff\xff\xff\xff garbage");

  h.host().on_calls(1, calls.SerializeAsString());
  h.wait_for_replies(1);
  h.call(1, 10, caf::add_atom_v, 1);

  const auto replies = h.wait_for_replies(2);
  CHECK(replies[0].second.why_not().code() == static_cast<std::uint32_t>(errc::invalid_argument));
  CHECK(h.number_in(replies[1].second) == 1);
}

TEST_CASE("actor host: an exception in a handler ends the actor with its type and text") {
  hosting h;
  REQUIRE(h.start("counter", 0));

  h.call(1, 1, caf::get_atom_v);

  const auto end = h.wait_for_end();
  REQUIRE(!end);
  CHECK(end.error() == runtime::error{errc::user_code, "std::runtime_error: the counter is stuck"});
}

TEST_CASE("actor host: an exception at the actor's start ends it with its type and text") {
  hosting h;

  const auto started = h.start("counter", -1);
  const auto end = started ? h.wait_for_end() : started;

  REQUIRE(!end);
  CHECK(end.error() == runtime::error{errc::user_code, "std::invalid_argument: a count does not begin below 0"});
}

TEST_CASE("actor host: stop() ends the actor in good order") {
  hosting h;
  REQUIRE(h.start("counter", 0));

  h.host().stop();

  CHECK(h.wait_for_end());
}

TEST_CASE("actor host: a type that the program does not declare is an error that lists what it declares") {
  hosting h;

  const auto started = h.start("countre", 0);

  REQUIRE(!started);
  CHECK(started.error() ==
        runtime::error{errc::not_found, "the program has no actor type \"countre\"; it declares counter, talker"});
}

TEST_CASE("actor host: what gathers of answers never makes a frame that the node manager would not read") {
  constexpr std::uint32_t large = 15u << 20;
  constexpr std::uint32_t small = 1u << 10;
  hosting h;
  h.hold_deliveries();
  REQUIRE(h.start("talker"));
  h.call(1, 1, caf::put_atom_v);
  for (std::uint64_t id = 2; id <= 7; ++id)
    h.call(1, id, caf::get_atom_v, large);
  for (std::uint64_t id = 8; id <= 27; ++id)
    h.call(1, id, caf::get_atom_v, small);
  h.call(1, /*id=*/0, caf::ok_atom_v);
  REQUIRE(all_was_said.get_future().wait_for(std::chrono::seconds(30)) == std::future_status::ready);

  h.release_deliveries();

  const auto replies = h.wait_for_replies(26);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    CHECK(replies[i].second.id() == i + 2); // In their order, the small ones together.
    CHECK(replies[i].second.content().size() > (i < 6 ? large : small));
  }
  for (const auto bytes : h.delivery_bytes())
    CHECK(bytes < large + small);
}
