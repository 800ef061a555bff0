#include "tests/runtime/owner/owner_fixture.hpp"

#include <caf/scoped_actor.hpp>

using namespace owner_test;

namespace {

/// Knows messages of one text only.
message_codec text_codec() {
  message_codec codec;
  codec.encode = [](const caf::message& message) -> result<std::string> {
    if (!message.match_elements<std::string>())
      return fail(errc::invalid_argument, "not a text");
    return message.get_as<std::string>(0);
  };
  codec.decode = [](const std::string& content) -> result<caf::message> { return caf::make_message(content); };
  return codec;
}

struct stub_fixture : owner_fixture {
  stub_fixture() : stub(time.system(), "hits", text_codec()), watch(stub.watch()) {
    hosted = play(plays_hosted);
    time.add(stub.handle());
    caller = play(plays_caller);
  }
  void be_alive() {
    watch.on_alive({}, hosted);
    time.settle();
  }
  void reply(std::uint64_t id, const std::string& content) {
    wire::Replies replies;
    replies.add_replies()->set_id(id);
    replies.mutable_replies(0)->set_content(content);
    say(hosted, stub.handle(), replies);
  }

  actor_stub stub;
  actor_watch watch;
  std::shared_ptr<script> plays_hosted, plays_caller;
  caf::actor hosted, caller;
};

} // namespace

TEST_CASE("stub actor: any message that the codec knows is a call, and a request gets its answer") {
  stub_fixture f;
  f.be_alive();
  caf::scoped_actor self(f.time.system());
  auto asked = self->request(f.stub.handle(), caf::infinite, std::string("add 1"));
  f.time.settle();
  REQUIRE(f.plays_hosted->all<wire::Calls>().size() == 1);
  CHECK(f.plays_hosted->all<wire::Calls>()[0].calls(0).content() == "add 1");

  f.reply(1, "1");

  std::string answer;
  asked.receive([&](const std::string& text) { answer = text; }, [](const caf::error&) {});
  CHECK(answer == "1");
}

TEST_CASE("stub actor: a plain message is a call without an answer") {
  stub_fixture f;
  f.be_alive();

  f.say(f.caller, f.stub.handle(), std::string("reset"));

  REQUIRE(f.plays_hosted->all<wire::Calls>().size() == 1);
  CHECK(f.plays_hosted->all<wire::Calls>()[0].calls(0).id() == 0);
  CHECK(f.plays_caller->heard.empty());
}

TEST_CASE("stub actor: a message that the codec does not know is an error to who waits for the answer") {
  stub_fixture f;
  f.be_alive();
  caf::scoped_actor self(f.time.system());
  auto asked = self->request(f.stub.handle(), caf::infinite, 7);
  f.time.settle();

  bool refused = false;
  asked.receive([](const std::string&) {}, [&](const caf::error&) { refused = true; });
  CHECK(refused);
}

TEST_CASE("stub actor: many calls in a row travel together") {
  stub_fixture f;
  f.be_alive();
  int answered = 0;
  for (int i = 0; i < 100; ++i)
    f.stub.call("x", [&](const result<std::string>& reply) { answered += reply.has_value() ? 1 : 0; });
  f.time.settle();
  CHECK(f.plays_hosted->all<wire::Calls>().size() == 1); // The first; the others gather.

  f.reply(1, "");

  REQUIRE(f.plays_hosted->all<wire::Calls>().size() == 2);
  CHECK(f.plays_hosted->all<wire::Calls>()[1].calls_size() == 99);
  CHECK(answered == 1);
}

TEST_CASE("stub actor: when whoever stands for the actor is gone, calls in flight fail, and others wait") {
  std::vector<result<std::string>> replies; // Outlives the stub, which answers what it still owes.
  stub_fixture f;
  f.be_alive();
  const auto keep = [&](result<std::string> reply) { replies.push_back(std::move(reply)); };
  f.stub.call("a", keep);
  f.time.settle();

  caf::anon_send_exit(f.hosted, caf::exit_reason::kill);
  f.time.settle();
  CHECK(replies.empty()); // Perhaps its owner tells why.
  f.watch.on_restarting({errc::worker_lost, "killed"});
  f.stub.call("b", keep);
  f.time.settle();

  REQUIRE(replies.size() == 1);
  CHECK(replies[0].error().code == errc::worker_lost);
  f.hosted = f.play(f.plays_hosted);
  f.be_alive();
  CHECK(f.plays_hosted->all<wire::Calls>().size() == 1);
}

TEST_CASE("stub actor: when the remote actor ends, the stub ends, so that monitors work") {
  stub_fixture f;
  f.watch.on_ended(fail(errc::user_code, "out of range"));
  f.time.settle();

  caf::scoped_actor self(f.time.system());
  self->monitor(f.stub.handle());
  caf::error reason;
  self->receive([&](const caf::down_msg& down) { reason = down.reason; });
  CHECK(reason == caf::exit_reason::unhandled_exception);
}

TEST_CASE("stub actor: a call is answered even when the stub is killed under it") {
  std::vector<result<std::string>> replies; // Outlives the stub, which answers what it still owes.
  stub_fixture f;
  const auto keep = [&](result<std::string> reply) { replies.push_back(std::move(reply)); };
  f.stub.call("waits", keep);
  f.time.settle();
  caf::anon_send_exit(f.stub.handle(), caf::exit_reason::kill);
  f.stub.call("in the mailbox", keep);
  f.time.settle();
  f.stub.call("after", keep);

  REQUIRE(replies.size() == 3);
  for (const auto& reply : replies)
    CHECK(reply.error() == error{errc::cancelled, "the actor \"hits\" has ended: its stub has ended"});
}
