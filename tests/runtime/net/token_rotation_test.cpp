#include "runtime/net/tls_liveness_client.hpp"
#include "runtime/net/tls_liveness_server.hpp"
#include "runtime/net/tls_middleman_actor.hpp"

#include "tests/runtime/net/net_peers.hpp"
#include "tests/support/tcp_relay.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <thread>

// Tokens are changed while links stand: what goes on, and who is shut out. Real sockets, in one process.

using namespace std::chrono_literals;
using peers::ring_of;
using runtime::errc;
using runtime::tls_options;

namespace {

std::shared_ptr<const runtime::tls_context> context_with(const runtime::token_ring& ring, const std::string& identity) {
  return std::make_shared<runtime::tls_context>(std::make_shared<runtime::token_holder>(ring), identity);
}

tls_options ending_after(std::chrono::milliseconds grace) {
  tls_options options;
  options.ended_token_grace = grace;
  return options;
}

/// Hears when a link is lost.
class watch {
public:
  watch(peers::process& where, const caf::actor& link) : self_(where.system) { self_->monitor(link); }
  bool has_ended() { ///< Waits for it.
    bool is_down = false;
    self_->receive([&](const caf::down_msg&) { is_down = true; }, caf::after(peers::patience) >> [] {});
    return is_down;
  }
  bool has_ended_already() {
    bool is_down = false;
    self_->receive([&](const caf::down_msg&) { is_down = true; }, caf::after(0s) >> [] {});
    return is_down;
  }

private:
  caf::scoped_actor self_;
};

/// Speaks TLS to whoever dials it first, and to whom it was about to dial, and passes on what each says. What comes
/// later it passes on as it is: it has no token for that.
class man_in_the_middle {
public:
  man_in_the_middle(runtime::socket_handle listener, std::uint16_t to,
                    std::shared_ptr<const runtime::tls_context> stolen)
    : listener_(std::move(listener)),
      to_(to),
      stolen_(std::move(stolen)),
      stop_(::eventfd(0, EFD_CLOEXEC)),
      thread_([this] { run(); }) {}
  ~man_in_the_middle() {
    ::eventfd_write(stop_.get(), 1);
    thread_.join();
  }
  man_in_the_middle(const man_in_the_middle&) = delete;
  man_in_the_middle& operator=(const man_in_the_middle&) = delete;

private:
  using side = runtime::tls_session::side;

  void run() {
    pollfd dialled[] = {{stop_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    if (::poll(dialled, 2, -1) > 0 && dialled[0].revents != 0)
      return;
    const auto victim = runtime::accept_from(listener_.get());
    ::fcntl(victim.get(), F_SETFL, ::fcntl(victim.get(), F_GETFL) & ~O_NONBLOCK);
    const auto head = peers::stranger(to_);
    runtime::tls_session as_head(stolen_, victim.get(), side::server);
    runtime::tls_session as_node(stolen_, head.get(), side::client);
    for (auto* each : {&as_head, &as_node})
      while (each->shake_hands() == runtime::tls_session::progress::waits) {} // The sockets block: so does this.
    const tcp_relay later(std::move(listener_), to_);
    pollfd both[] = {{stop_.get(), POLLIN, 0}, {victim.get(), POLLIN, 0}, {head.get(), POLLIN, 0}};
    while (::poll(both, 3, -1) > 0 && both[0].revents == 0)
      if ((both[1].revents != 0 && !pass_on(as_head, as_node)) || (both[2].revents != 0 && !pass_on(as_node, as_head)))
        return;
  }

  static bool pass_on(runtime::tls_session& from, runtime::tls_session& to) {
    do {
      char bytes[16384];
      const auto got = from.read(bytes, sizeof bytes);
      if (!got)
        return false;
      for (std::size_t sent = 0; sent < *got;) {
        const auto n = to.write(bytes + sent, *got - sent);
        if (!n)
          return false;
        sent += *n;
      }
    } while (from.has_unread());
    return true;
  }

  runtime::socket_handle listener_;
  const std::uint16_t to_;
  const std::shared_ptr<const runtime::tls_context> stolen_;
  const runtime::socket_handle stop_;
  std::thread thread_; ///< Last: it uses the others.
};

} // namespace

TEST_CASE("token rotation: a link whose ends both learn the new token outlives the old one") {
  peers::process head(context_with(ring_of(1, {1}), "head/h"), ending_after(200ms));
  peers::process node(context_with(ring_of(1, {1}), "node/n1"), ending_after(200ms));
  peers::process thief(context_with(ring_of(1, {1}), "node/thief"), ending_after(1h));
  const auto port = head.publish().value();
  const auto link = node.dial("127.0.0.1", port).value();
  const auto stolen = thief.dial("127.0.0.1", port).value();
  watch honest(node, link), shut_out(thief, stolen);
  REQUIRE(node.round_trip(link, 1) == 1);
  REQUIRE(thief.round_trip(stolen, 1) == 1);

  head.context->tokens()->replace(ring_of(2, {2, 1}));
  node.context->tokens()->replace(ring_of(2, {2, 1}));
  REQUIRE(node.is_vouched_for());
  head.context->tokens()->replace(ring_of(3, {2}));
  node.context->tokens()->replace(ring_of(3, {2}));

  CHECK(shut_out.has_ended()); // After the grace, in which honest links are vouched for.
  CHECK(head.log->says("warning links ended count=1 why=\"nobody vouched for them with a token that is good\"\n"));
  CHECK_FALSE(honest.has_ended_already());
  CHECK(node.round_trip(link, 2) == 2); // The same link, nothing on it was lost.
  const auto refused = thief.dial("127.0.0.1", port);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::permission_denied);
}

TEST_CASE("token rotation: links may be vouched for also after the old token was ended, within the grace") {
  peers::process head(context_with(ring_of(1, {1}), "head/h"), ending_after(1h));
  peers::process node(context_with(ring_of(1, {1}), "node/n1"), ending_after(1h));
  const auto link = node.dial("127.0.0.1", head.publish().value()).value();

  head.context->tokens()->replace(ring_of(3, {2}));
  node.context->tokens()->replace(ring_of(3, {2}));

  CHECK(node.is_vouched_for());
  CHECK(head.is_vouched_for());
  CHECK(node.round_trip(link, 1) == 1);
}

TEST_CASE("token rotation: a link is vouched for as soon as its other end has learned the token") {
  peers::process head(context_with(ring_of(1, {1}), "head/h"), ending_after(1h));
  peers::process node(context_with(ring_of(1, {1}), "node/n1"), ending_after(1h));
  const auto link = node.dial("127.0.0.1", head.publish().value()).value();

  node.context->tokens()->replace(ring_of(2, {2, 1})); // Before the other.
  CHECK(head.log->says("why=\"it has another token, or none\""));
  head.context->tokens()->replace(ring_of(2, {2, 1}));

  CHECK(node.is_vouched_for());
  CHECK(node.round_trip(link, 1) == 1);
}

TEST_CASE("token rotation: who has the old token as well links with what the other side knows") {
  peers::process behind(context_with(ring_of(1, {1}), "node/behind"));
  peers::process ahead(context_with(ring_of(3, {3}), "node/ahead"));
  peers::process driver(context_with(ring_of(2, {3, 2, 1}), "driver/d"));

  const auto to_behind = driver.dial("127.0.0.1", behind.publish().value());
  const auto to_ahead = driver.dial("127.0.0.1", ahead.publish().value());

  REQUIRE(to_behind);
  REQUIRE(to_ahead);
  CHECK(driver.round_trip(*to_behind, 1) == 1);
  CHECK(driver.round_trip(*to_ahead, 2) == 2);
}

TEST_CASE("token rotation: when none of several tokens is known the refusal is the same as of one") {
  peers::process head(context_with(ring_of(1, {4}), "head/h"));
  peers::process node(context_with(ring_of(2, {3, 2, 1}), "node/n1"));
  const auto port = head.publish().value();

  const auto refused = node.dial("127.0.0.1", port);

  REQUIRE_FALSE(refused);
  CHECK(refused.error() ==
        runtime::error{errc::permission_denied,
                       "cannot connect to 127.0.0.1:" + std::to_string(port) +
                         ": it refused our token, or is not a caf-tune cluster; use that cluster's token file "
                         "with --token-file"});
}

TEST_CASE("token rotation: the one in the middle of a link is found when it is vouched for") {
  // A thief of the old token sits between node and head: it speaks TLS to both, and each takes it for the other.
  peers::process head(context_with(ring_of(1, {1}), "head/h"), ending_after(1h));
  peers::process node(context_with(ring_of(1, {1}), "node/n1"), ending_after(1h));
  const auto port = head.publish().value();
  auto listener = runtime::listen_on("127.0.0.1", 0).value();
  const auto thief_port = runtime::local_port(listener.get());
  man_in_the_middle thief(std::move(listener), port, peers::context_of(1, "node/n1"));
  const auto link = node.dial("127.0.0.1", thief_port);
  REQUIRE(link);
  REQUIRE(node.round_trip(*link, 1) == 1);
  watch deceived(node, *link);

  head.context->tokens()->replace(ring_of(2, {2, 1}));
  node.context->tokens()->replace(ring_of(2, {2, 1}));

  CHECK(deceived.has_ended());
  CHECK(node.log->says("why=\"its other end does not know it, so that it may have another end\""));
}

TEST_CASE("token rotation: nobody vouches for a link of others") {
  peers::process head(context_with(ring_of(2, {2, 1}), "head/h"), ending_after(1h));
  const auto port = head.publish().value();
  const auto ask = [&](std::uint8_t token, const std::string& identity) {
    const auto socket = peers::stranger(port);
    runtime::tls_session session(peers::context_of(token, identity), socket.get(), runtime::tls_session::side::client);
    while (session.shake_hands() == runtime::tls_session::progress::waits) {} // The socket blocks: so does this.
    std::string all;
    char byte = 0;
    while (session.read(&byte, 1).value_or(0) == 1)
      all += byte;
    return all;
  };

  CHECK(ask(2, "vouch/" + std::string(32, '0')) == "u");
  CHECK(ask(2, "vouch/") == "u");
  CHECK(ask(1, "vouch/" + std::string(32, '0')) == "l"); // Only the newest token vouches.
  CHECK(ask(3, "vouch/" + std::string(32, '0')) == "");
  while (head.links->strangers() != 0) // None of them is kept.
    std::this_thread::yield();
}

TEST_CASE("token rotation: the liveness link goes over to the new token, and a thief of the old one loses its own") {
  const auto server_context = context_with(ring_of(1, {1}), "head/h");
  const auto client_context = context_with(ring_of(1, {1}), "node/n1");
  const auto log = peers::log_book::open();
  const auto node_log = peers::log_book::open();
  runtime::liveness_server_options options;
  options.ended_token_grace = 200ms;
  auto server = runtime::listen_for_heartbeats("127.0.0.1", 0, server_context, options, log->logger()).value();
  std::atomic<int> silent = 0, fenced = 0;
  server->start({[&](auto, auto) { ++silent; }, [](auto, auto) {}});
  server->watch(runtime::node_id{1}, runtime::incarnation{7});
  auto client = runtime::make_liveness_client(client_context, {}, node_log->logger());
  client->start("127.0.0.1", server->port(), runtime::node_id{1}, runtime::incarnation{7}, {[&] { ++fenced; }, [] {}});
  REQUIRE(node_log->says("liveness link up"));
  const auto socket = peers::stranger(server->port());
  runtime::tls_session thief(peers::context_of(1, "node/thief"), socket.get(), runtime::tls_session::side::client);
  while (thief.shake_hands() == runtime::tls_session::progress::waits) {} // The socket blocks: so does this.

  server_context->tokens()->replace(ring_of(2, {2, 1}));
  client_context->tokens()->replace(ring_of(2, {2, 1}));
  server_context->tokens()->replace(ring_of(3, {2}));
  client_context->tokens()->replace(ring_of(3, {2}));

  char byte = 0;
  CHECK_FALSE(thief.read(&byte, 1)); // It waits until it is ended.
  CHECK(log->says("why=\"the token of its link was ended\""));
  client.reset();
  CHECK(silent == 0);
  CHECK(fenced == 0);
}
