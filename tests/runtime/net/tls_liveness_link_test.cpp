#include "runtime/net/tls_liveness_client.hpp"
#include "runtime/net/tls_liveness_server.hpp"

#include "runtime/net/liveness_frame.hpp"
#include "tests/runtime/net/net_peers.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <poll.h>
#include <thread>

using namespace runtime;
using namespace std::chrono_literals;

namespace {

const node_id node{1};
const incarnation life{7};

/// Counts what happens on another thread, and waits for it.
class counter {
public:
  void up() {
    std::lock_guard guard(mutex_);
    ++count_;
    changed_.notify_all();
  }
  bool reaches(int count) {
    std::unique_lock guard(mutex_);
    return changed_.wait_for(guard, peers::patience, [&] { return count_ >= count; });
  }
  int count() {
    std::lock_guard guard(mutex_);
    return count_;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

/// A head's end, and what it said.
struct head {
  explicit head(const liveness_server_options& options = {}, std::uint8_t token = 1, std::uint16_t port = 0) {
    auto listening =
      listen_for_heartbeats("127.0.0.1", port, peers::context_of(token, "head/h"), options, log->logger());
    REQUIRE(listening);
    server = std::move(*listening);
    server->start({[this](node_id, incarnation) { silent.up(); }, [this](node_id, incarnation) { back.up(); }});
  }
  std::shared_ptr<peers::log_book> log = peers::log_book::open();
  counter silent, back;
  std::unique_ptr<liveness_server> server;
};

/// A node's end, and what it said.
struct member {
  explicit member(std::uint16_t port, const liveness_client_options& options = {}, std::uint8_t token = 1)
    : client(make_liveness_client(peers::context_of(token, "node/n1"), options, log->logger())) {
    start(port);
  }
  void start(std::uint16_t port) {
    client->start("127.0.0.1", port, node, life, {[this] { fenced.up(); }, [this] { unfenced.up(); }});
  }
  std::shared_ptr<peers::log_book> log = peers::log_book::open();
  counter fenced, unfenced;
  std::unique_ptr<liveness_client> client;
};

caf::behavior swallow(caf::event_based_actor*, int) {
  return {[](const std::string&) { return caf::ok_atom_v; }};
}

/// Has 16 MiB on their way at any time.
caf::behavior keep_sending(caf::event_based_actor* self, const caf::actor& to, const std::shared_ptr<counter>& moved) {
  const std::string much(256 << 10, 'x');
  for (int i = 0; i < 64; ++i)
    self->send(to, much);
  return {[=](caf::ok_atom) {
    moved->up();
    self->send(to, much);
  }};
}

liveness_server_options judging_after(core_clock::duration silence) {
  liveness_server_options options;
  options.judge.silent_after = silence;
  return options;
}

liveness_client_options beating(core_clock::duration every, core_clock::duration fence_after) {
  liveness_client_options options;
  options.sender.beat_every = every;
  options.sender.reconnect_after = every * 4;
  options.sender.fence_after = fence_after;
  options.first_back_off = 5ms;
  options.longest_back_off = 20ms;
  options.dial_deadline = 10s;
  return options;
}

/// A node driven by the test's own hand: it beats when it is told to, like one that is stopped and continued.
class puppet {
public:
  explicit puppet(std::uint16_t port, std::uint8_t token = 1)
    : socket_(peers::stranger(port)),
      session_(peers::context_of(token, "node/n1"), socket_.get(), tls_session::side::client) {
    while (session_.shake_hands() == tls_session::progress::waits) { // The socket blocks: so does this.
    }
  }
  void send(const void* bytes, std::size_t size) { session_.write(bytes, size); }
  void beat(node_id who = node, incarnation which = life) {
    const auto bytes = encode({liveness_frame::kind::heartbeat, who, which, instant{++beats_}});
    send(bytes.data(), bytes.size());
  }
  std::optional<liveness_frame> answer() { ///< Waits for it; nothing when the connection was ended.
    liveness_bytes bytes{};
    for (std::size_t got = 0; got < bytes.size();) {
      const auto n = session_.read(bytes.data() + got, bytes.size() - got);
      if (!n)
        return std::nullopt;
      got += *n;
    }
    return decode(bytes);
  }

private:
  socket_handle socket_;
  tls_session session_;
  core_clock::duration beats_{0};
};

} // namespace

TEST_CASE("liveness link: a heartbeat of a watched node is answered, with what it said") {
  head head;
  head.server->watch(node, life);
  puppet beating_node(head.server->port());

  beating_node.beat();
  const auto answer = beating_node.answer();

  REQUIRE(answer);
  CHECK(*answer == liveness_frame{liveness_frame::kind::answer, node, life, instant{1ns}});
}

TEST_CASE("liveness link: a node that stops beating is silent, and heard again when it goes on") {
  head head(judging_after(50ms));
  head.server->watch(node, life);
  puppet stopped(head.server->port());
  stopped.beat();
  REQUIRE(stopped.answer());

  CHECK(head.silent.reaches(1)); // It is there, but says nothing.
  stopped.beat();

  CHECK(head.back.reaches(1));
  CHECK(head.silent.reaches(2));
}

TEST_CASE("liveness link: a node that never comes is silent, too, unless it is forgotten") {
  head head(judging_after(50ms));
  head.server->watch(node_id{5}, life);
  head.server->watch(node_id{6}, life);
  head.server->forget(node_id{5});

  CHECK(head.silent.reaches(1));
  head.server->watch(node_id{7}, life);
  CHECK(head.silent.reaches(2));
  CHECK(head.silent.count() == 2);
}

TEST_CASE("liveness link: only what is watched is answered") {
  head head;
  head.server->watch(node, life);
  puppet puppet(head.server->port());

  puppet.beat(node_id{2});           // Another node,
  puppet.beat(node, incarnation{6}); // an earlier process,
  puppet.beat(node, life);           // and this one.

  CHECK(puppet.answer()->sent == instant{3ns});
}

TEST_CASE("liveness link: a node and its head keep each other content") {
  head head(judging_after(10s));
  head.server->watch(node, life);
  member member(head.server->port(), beating(5ms, 5s));

  CHECK(member.log->says("info liveness link up head=127.0.0.1:" + std::to_string(head.server->port()) + "\n"));
  member.client.reset();

  CHECK(member.fenced.count() == 0);
  CHECK(head.silent.count() == 0);
}

TEST_CASE("liveness link: a node that its head does not answer fences itself, until it is answered") {
  head head;
  member member(head.server->port(), beating(10ms, 100ms));

  CHECK(member.fenced.reaches(1)); // Not watched.
  head.server->watch(node, life);

  CHECK(member.unfenced.reaches(1));
}

TEST_CASE("liveness link: a node whose packets are swallowed fences itself") {
  const peers::black_hole hole;

  member member(hole.port, beating(10ms, 100ms));

  CHECK(member.fenced.reaches(1));
}

TEST_CASE("liveness link: a node dials again until its head is back, on the same port or another") {
  auto options = beating(10ms, 300ms);
  options.sender.refusal = refusal_means::silence;
  auto first = std::make_unique<head>();
  const auto port = first->server->port();
  first->server->watch(node, life);
  member member(port, options);
  REQUIRE(member.log->says("liveness link up"));

  first.reset();
  CHECK(member.fenced.reaches(1));
  {
    head same({}, 1, port);
    same.server->watch(node, life);
    CHECK(member.unfenced.reaches(1));
  }
  CHECK(member.fenced.reaches(2));
  head other;
  other.server->watch(node, life);
  member.start(other.server->port());

  CHECK(member.unfenced.reaches(2));
}

TEST_CASE("liveness link: while no head runs a node is not fenced") {
  const auto port = peers::closed_port();
  auto options = beating(10ms, 500ms);
  member undisturbed(port, options);
  options.sender.refusal = refusal_means::silence;
  member counting(port, options);

  CHECK(counting.fenced.reaches(1)); // Meanwhile the other was refused as often.

  CHECK(undisturbed.fenced.count() == 0);
}

TEST_CASE("liveness link: who has another token is refused, and logged") {
  head head;
  head.server->watch(node, life);
  member stranger(head.server->port(), beating(10ms, 200ms), /*token=*/2);

  CHECK(stranger.fenced.reaches(1));
  CHECK(head.log->says("warning stranger refused address=127.0.0.1 why=\"it has another token, or none\"\n"));
  CHECK(stranger.log->says("warning liveness link down head=127.0.0.1:"));
}

TEST_CASE("liveness link: garbage and silent strangers are ended, and harm no node") {
  liveness_server_options options;
  options.handshake_deadline = 300ms;
  options.most_strangers = 4;
  head head(options);
  head.server->watch(node, life);
  puppet honest(head.server->port());
  honest.beat();
  REQUIRE(honest.answer());
  std::vector<socket_handle> crowd;
  for (int i = 0; i < 12; ++i)
    crowd.push_back(peers::stranger(head.server->port()));
  const auto rude = peers::stranger(head.server->port());
  ::send(rude.get(), "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL);

  peers::last_words(rude);
  for (const auto& silent : crowd)
    peers::last_words(silent); // Each is ended: at once, or at the deadline.
  honest.beat();

  CHECK(honest.answer());
  CHECK(head.log->says("why=\"it does not speak TLS\""));
  CHECK(head.log->says("why=\"it waited longest when one too many came\""));
  CHECK(head.log->says("why=\"it did not prove the token within 300 ms\""));
}

TEST_CASE("liveness link: a peer with the token that sends no frames, or nothing, is ended") {
  liveness_server_options options;
  options.judge.silent_after = 50ms;
  options.handshake_deadline = 200ms;
  options.idle_limit = 200ms;
  head head(options);
  puppet babbling(head.server->port()), silent(head.server->port()), once(head.server->port());

  babbling.send("0123456789012345678901234567890123456789", 40);
  once.beat();

  CHECK_FALSE(babbling.answer());
  CHECK_FALSE(silent.answer());
  CHECK_FALSE(once.answer());
  CHECK(head.log->says("why=\"it sends no heartbeats\""));
}

TEST_CASE("liveness link: one connection too many is refused") {
  liveness_server_options options;
  options.most_strangers = 1;
  options.most_connections = 1;
  head head(options);
  head.server->watch(node, life);
  puppet first(head.server->port());
  first.beat();
  REQUIRE(first.answer());

  peers::last_words(peers::stranger(head.server->port())); // Ended at once.

  CHECK(head.log->says("why=\"1 connections are there already\""));
  first.beat();
  CHECK(first.answer());
}

TEST_CASE("liveness link: it holds while every processor is busy") {
  head head(judging_after(2s));
  head.server->watch(node, life);
  std::atomic<bool> busy{true};
  std::vector<std::thread> burners;
  for (unsigned i = 0; i < 4 * std::thread::hardware_concurrency(); ++i)
    burners.emplace_back([&] {
      while (busy.load(std::memory_order_relaxed)) {}
    });
  member member(head.server->port(), beating(100ms, 1500ms));
  puppet clock(head.server->port()); // Its answers show that the server goes on.

  for (int i = 0; i < 200; ++i) {
    clock.beat();
    REQUIRE(clock.answer());
  }
  CHECK(member.log->says("liveness link up"));
  member.client.reset();
  busy = false;
  for (auto& burner : burners)
    burner.join();

  CHECK(member.fenced.count() == 0);
  CHECK(head.silent.count() == 0);
}

TEST_CASE("liveness link: transfers between the same processes delay no heartbeat") {
  const auto moved = std::make_shared<counter>();
  head head;
  head.server->watch(node, life);
  peers::process receiving(1, "head/h"), sending(1, "node/n1");
  receiving.serve(swallow);
  const auto to = sending.dial("127.0.0.1", receiving.publish().value()).value();
  const auto pump = sending.system.spawn(keep_sending, to, moved);
  const liveness_client_options defaults;
  member member(head.server->port(), beating(10ms, defaults.sender.fence_after));
  puppet clock(head.server->port());

  for (int i = 1; i <= 400; ++i) { // The link is never idle: more is on its way than is waited for.
    REQUIRE(moved->reaches(i));
    clock.beat();
    REQUIRE(clock.answer());
  }
  CHECK(member.log->says("liveness link up"));
  member.client.reset();
  caf::anon_send_exit(pump, caf::exit_reason::kill);

  CHECK(member.fenced.count() == 0);
  CHECK(head.silent.count() == 0);
}

TEST_CASE("liveness options: what is out of range is named") {
  liveness_server_options server;
  server.idle_limit = 1s;
  server.most_strangers = 0;
  CHECK(validate(server).error() == error{errc::invalid_argument, "idle_limit must be more than silent_after; "
                                                                  "most_strangers must be at least 1"});
  liveness_client_options client;
  client.longest_back_off = 10s;
  client.dial_deadline = 0s;
  CHECK(validate(client).error() == error{errc::invalid_argument, "dial_deadline must be more than 0; longest_back_off "
                                                                  "must be less than fence_after"});
  CHECK(validate(liveness_server_options{}));
  CHECK(validate(liveness_client_options{}));
}
