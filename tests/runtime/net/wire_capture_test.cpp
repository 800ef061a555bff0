#include "runtime/net/tls_liveness_client.hpp"
#include "runtime/net/tls_liveness_server.hpp"

#include "tests/runtime/net/net_peers.hpp"
#include "tests/support/tcp_relay.hpp"
#include "tests/support/tls_records.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

// What somebody sees who sits between two machines: a relay that keeps a copy.

using namespace std::chrono_literals;

namespace {

const std::string marker = "a payload that nobody else may read";

caf::behavior repeat_text(caf::event_based_actor*, int) {
  return {[](const std::string& text) { return text; }};
}

std::string host_name() {
  char name[256] = {};
  REQUIRE(::gethostname(name, sizeof name - 1) == 0);
  return name;
}

/// Each connection is one hello on each side and then nothing that can be read; none of these words is in it.
void check_nothing_is_readable(const std::vector<tcp_relay::record>& records, const std::vector<std::string>& words) {
  REQUIRE_FALSE(records.empty());
  for (const auto& [there, back] : records)
    for (const auto& said : {there, back}) {
      CHECK(tls_records(said).is_hello_and_then_encrypted());
      for (const auto& word : words)
        if (word.size() >= 6) // Shorter ones come about by chance.
          CHECK_MESSAGE(said.find(word) == std::string::npos, word);
    }
}

} // namespace

TEST_CASE("wire capture: what is no TLS is seen not to be") {
  CHECK_FALSE(tls_records("GET / HTTP/1.1\r\n\r\n").is_hello_and_then_encrypted());
  CHECK_FALSE(tls_records("").is_hello_and_then_encrypted());
  const std::string hello("\x16\x03\x01\x00\x02hi", 7), data("\x17\x03\x03\x00\x01x", 6);
  CHECK(tls_records(hello + data).is_hello_and_then_encrypted());
  CHECK_FALSE(tls_records(hello + data + "plain text").is_hello_and_then_encrypted());
  CHECK_FALSE(tls_records(data).is_hello_and_then_encrypted());
  CHECK_FALSE(tls_records(hello + hello).is_hello_and_then_encrypted());
}

TEST_CASE("wire capture: between two processes there is nothing but TLS, however large a message is") {
  const auto secret = peers::token_of(1).secret;
  const std::string token(secret.begin(), secret.end());
  const auto name = "node/" + host_name();
  std::vector<tcp_relay::record> seen;
  {
    peers::process head(1, "head/h"),
      node(peers::context_of(1, runtime::identity_of(peers::ring_of(1, {1}), "node", host_name())));
    head.serve(repeat_text);
    const tcp_relay relay(head.publish().value());
    const auto link = node.dial("127.0.0.1", relay.port());
    REQUIRE(link);
    caf::scoped_actor self{node.system};
    std::string large;
    while (large.size() < (1u << 20))
      large += marker;
    for (const auto& text : {marker, large}) {
      std::string answer;
      self->request(*link, peers::patience, text)
        .receive([&](const std::string& repeated) { answer = repeated; }, [](const caf::error&) {});
      CHECK(answer == text);
    }
    seen = relay.records();
  }

  // In the middle of a record, perhaps: what was said until now is looked at, up to where that began.
  for (auto& [there, back] : seen)
    for (auto* said : {&there, &back})
      said->resize(said->size() - tls_records(*said).rest);
  std::size_t bytes = 0;
  for (const auto& [there, back] : seen)
    bytes += there.size() + back.size();
  CHECK(bytes > (2u << 20)); // It has gone through here.
  check_nothing_is_readable(
    seen, {marker, token, runtime::hex_of(secret.data(), secret.size()), host_name(), name, "std::string"});
}

TEST_CASE("wire capture: heartbeats are encrypted, too") {
  const auto log = peers::log_book::open();
  auto server =
    runtime::listen_for_heartbeats("127.0.0.1", 0, peers::context_of(1, "head/h"), {}, log->logger()).value();
  server->start({[](auto, auto) {}, [](auto, auto) {}});
  const runtime::node_id node{0x6e6f64655f69645fu}; // "node_id_" in its bytes.
  server->watch(node, runtime::incarnation{7});
  const tcp_relay relay(server->port());
  runtime::liveness_client_options options;
  options.sender.beat_every = 5ms;
  auto client = runtime::make_liveness_client(peers::context_of(1, "node/n1"), options, log->logger());
  client->start("127.0.0.1", relay.port(), node, runtime::incarnation{7}, {[] {}, [] {}});
  const auto is_beating = [&] { // A heartbeat and its answer are 32 bytes each, and what encrypts them.
    const auto seen = relay.records();
    return !seen.empty() && tls_records(seen[0].there).all.size() > 20 && tls_records(seen[0].back).all.size() > 20;
  };
  while (!is_beating())
    std::this_thread::yield();
  client.reset();

  check_nothing_is_readable(relay.records(), {"node_id_", "_di_edon"});
}

TEST_CASE("wire capture: who is refused has heard nothing that can be read, and no more than it said") {
  peers::process head(1, "head/h"), stranger(2, "node/stranger");
  const tcp_relay relay(head.publish().value());

  CHECK_FALSE(stranger.dial("127.0.0.1", relay.port()));

  for (const auto& [there, back] : relay.records()) {
    CHECK(back.size() <= there.size());
    CHECK(tls_records(back).rest == 0);
    for (const auto& record : tls_records(back).all)
      CHECK(record.what == tls_record::type::alert);
  }
}
