#include "runtime/net/tls_session.hpp"

#include "runtime/net/key_derivation.hpp"

#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

using runtime::cluster_token;
using runtime::handshake_failure;
using runtime::tls_context;
using runtime::tls_session;
using progress = tls_session::progress;

namespace {

std::shared_ptr<const tls_context> context_of(std::uint8_t token, const std::string& identity) {
  cluster_token bytes{};
  bytes.fill(token);
  return std::make_shared<tls_context>(bytes, identity);
}

std::string fingerprint_of(std::uint8_t number) {
  cluster_token bytes{};
  bytes.fill(number);
  return runtime::fingerprint(bytes);
}

runtime::token_ring ring_of(const std::vector<std::uint8_t>& numbers) {
  std::vector<runtime::good_token> tokens;
  for (const auto number : numbers) {
    cluster_token bytes{};
    bytes.fill(number);
    tokens.push_back(runtime::named(bytes));
  }
  return {"0123456789abcdef", 1, std::move(tokens)};
}

std::shared_ptr<const tls_context> context_of(const std::vector<std::uint8_t>& tokens, const std::string& identity) {
  return std::make_shared<tls_context>(std::make_shared<runtime::token_holder>(ring_of(tokens)), identity);
}

/// Two ends of one connection, neither of which blocks.
struct wire {
  wire() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0); }
  ~wire() {
    for (const int end : ends)
      if (end >= 0)
        ::close(end);
  }
  wire(const wire&) = delete;
  wire& operator=(const wire&) = delete;
  int ends[2] = {-1, -1};
};

/// A client at one end and a server at the other.
struct pair {
  pair(std::uint8_t client_token, std::uint8_t server_token, const std::string& identity = "node/n1")
    : client(context_of(client_token, identity), between.ends[0], tls_session::side::client),
      server(context_of(server_token, "head/h"), between.ends[1], tls_session::side::server) {}

  void shake_hands() { // Three flights are enough; a healthy pair needs no more.
    for (int flight = 0; flight < 3; ++flight) {
      if (client_is != progress::failed)
        client_is = client.shake_hands();
      if (server_is != progress::failed)
        server_is = server.shake_hands();
    }
  }

  wire between;
  tls_session client, server;
  progress client_is = progress::waits, server_is = progress::waits;
};

/// A server that has a certificate but no token, like any web server.
struct certificate_server {
  explicit certificate_server(int socket)
    : context(SSL_CTX_new(TLS_method())),
      key(EVP_EC_gen("P-256")),
      own(X509_new()) {
    X509_gmtime_adj(X509_getm_notBefore(own), 0);
    X509_gmtime_adj(X509_getm_notAfter(own), 3600);
    X509_set_pubkey(own, key);
    X509_sign(own, key, EVP_sha256());
    SSL_CTX_use_certificate(context, own);
    SSL_CTX_use_PrivateKey(context, key);
    ssl = SSL_new(context);
    SSL_set_fd(ssl, socket);
    SSL_set_accept_state(ssl);
  }
  ~certificate_server() {
    SSL_free(ssl);
    SSL_CTX_free(context);
    X509_free(own);
    EVP_PKEY_free(key);
  }
  certificate_server(const certificate_server&) = delete;
  certificate_server& operator=(const certificate_server&) = delete;

  SSL_CTX* context;
  EVP_PKEY* key;
  X509* own;
  SSL* ssl = nullptr;
};

} // namespace

TEST_CASE("tls session: two that share the token trust each other, and the server learns who came") {
  pair link(7, 7);

  link.shake_hands();

  CHECK(link.client_is == progress::done);
  CHECK(link.server_is == progress::done);
  CHECK(link.server.peer_identity() == "node/n1");
}

TEST_CASE("tls session: bytes arrive as they were sent, both ways") {
  pair link(7, 7);
  link.shake_hands();
  char got[16] = {};

  REQUIRE(link.client.write("ping", 4) == 4);
  REQUIRE(link.server.read(got, sizeof got) == 4);
  CHECK(std::string(got, 4) == "ping");

  REQUIRE(link.server.write("pong!", 5) == 5);
  REQUIRE(link.client.read(got, sizeof got) == 5);
  CHECK(std::string(got, 5) == "pong!");
}

TEST_CASE("tls session: with another token neither side trusts the other, and both can say why") {
  pair link(7, 8);

  link.shake_hands();

  CHECK(link.client_is == progress::failed);
  CHECK(link.server_is == progress::failed);
  CHECK(link.client.why_failed() == handshake_failure::wrong_token);
  CHECK(link.server.why_failed() == handshake_failure::wrong_token);
  CHECK(link.server.peer_identity().empty()); // Claimed, not proved.
}

namespace {

/// A client and a server whose tokens are these, the newest first.
struct ring_pair {
  ring_pair(const std::vector<std::uint8_t>& client_tokens, const std::vector<std::uint8_t>& server_tokens,
            std::size_t choice = 0)
    : client(context_of(client_tokens, "node/n1"), between.ends[0], tls_session::side::client, choice),
      server(context_of(server_tokens, "head/h"), between.ends[1], tls_session::side::server) {
    for (int flight = 0; flight < 3; ++flight) {
      if (client_is != progress::failed)
        client_is = client.shake_hands();
      if (server_is != progress::failed)
        server_is = server.shake_hands();
    }
  }
  bool is_linked() const { return client_is == progress::done && server_is == progress::done; }

  wire between;
  tls_session client, server;
  progress client_is = progress::waits, server_is = progress::waits;
};

} // namespace

TEST_CASE("tls session: while two tokens are good a client is let in by either, and both ends know by which") {
  for (const auto shown : {std::uint8_t{1}, std::uint8_t{2}}) {
    const ring_pair link({shown}, {2, 1});

    CHECK(link.is_linked());
    CHECK(link.client.token() == fingerprint_of(shown));
    CHECK(link.server.token() == fingerprint_of(shown));
    CHECK(link.server.peer_identity() == "node/n1");
  }
}

TEST_CASE("tls session: a client shows its newest token first, and its others when it is told to") {
  CHECK_FALSE(ring_pair({2, 1}, {1}).is_linked());
  CHECK(ring_pair({2, 1}, {1}, /*choice=*/1).is_linked());
  CHECK_FALSE(ring_pair({2, 1}, {1}, /*choice=*/2).is_linked()); // After the last comes the first.
}

TEST_CASE("tls session: a token that was ended lets in nobody, and its name with another's key does not either") {
  CHECK(ring_pair({1}, {2}).server.why_failed() == handshake_failure::wrong_token);
  CHECK(ring_pair({2}, {1}).client.why_failed() == handshake_failure::wrong_token);

  wire between; // A thief of token 1 says that it shows token 2.
  cluster_token stolen{};
  stolen.fill(1);
  const runtime::token_ring forged(runtime::good_token(stolen, fingerprint_of(2)));
  tls_session thief(std::make_shared<tls_context>(std::make_shared<runtime::token_holder>(forged), "node/n1"),
                    between.ends[0], tls_session::side::client);
  tls_session server(context_of(std::vector<std::uint8_t>{2}, "head/h"), between.ends[1], tls_session::side::server);
  CHECK(thief.shake_hands() == progress::waits);
  CHECK(server.shake_hands() == progress::failed);
  CHECK(server.why_failed() == handshake_failure::wrong_token);
}

TEST_CASE("tls session: a context's tokens may be replaced, which later handshakes see") {
  wire first, second;
  const auto context = context_of(std::vector<std::uint8_t>{1}, "head/h");
  tls_session before(context, first.ends[1], tls_session::side::server);
  tls_session client(context_of(std::vector<std::uint8_t>{1}, "node/n1"), first.ends[0], tls_session::side::client);

  context->tokens()->replace(ring_of({2}));

  client.shake_hands();
  CHECK(before.shake_hands() == progress::waits); // It began when that token was good.
  CHECK(client.shake_hands() == progress::done);
  CHECK(before.shake_hands() == progress::done);
  tls_session late(context_of(std::vector<std::uint8_t>{1}, "node/n1"), second.ends[0], tls_session::side::client);
  tls_session after(context, second.ends[1], tls_session::side::server);
  late.shake_hands();
  CHECK(after.shake_hands() == progress::failed);
}

TEST_CASE("tls session: the two ends of a connection share a binding, and no others do") {
  const ring_pair one({1}, {1}), other({1}, {1});

  CHECK(one.client.binding() == one.server.binding());
  CHECK(one.client.binding().size() == 32);
  CHECK(one.client.binding() != other.client.binding());
}

TEST_CASE("tls session: the longest identity is taken") {
  const auto longest = "driver/" + std::string(121, 'x');
  pair link(7, 7, longest);

  link.shake_hands();

  CHECK(link.server.peer_identity() == longest);
}

TEST_CASE("tls session: an identity tells the role, and of the name nothing without the token") {
  const auto one = runtime::identity_of(ring_of({1}), "node", "gpu-3.example.org");

  CHECK(one.size() == std::string("node/").size() + 16);
  CHECK(one.find("node/") == 0);
  CHECK(one.find("gpu") == std::string::npos);
  CHECK(one == runtime::identity_of(ring_of({1}), "node", "gpu-3.example.org"));
  CHECK(one != runtime::identity_of(ring_of({1}), "node", "gpu-4.example.org"));
  CHECK(one != runtime::identity_of(ring_of({2}), "node", "gpu-3.example.org"));
  CHECK(runtime::identity_of(ring_of({1}), "driver", std::string(10'000, 'x')).size() == 23);
}

TEST_CASE("tls session: earlier versions of TLS are refused, whatever they know") {
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION}) {
    CAPTURE(version);
    wire between;
    tls_session server(context_of(7, "head/h"), between.ends[1], tls_session::side::server);
    SSL_CTX* context = SSL_CTX_new(TLS_method());
    SSL_CTX_set_security_level(context, 0); // Else OpenSSL would not even try.
    SSL_CTX_set_min_proto_version(context, version);
    SSL_CTX_set_max_proto_version(context, version);
    SSL* client = SSL_new(context);
    SSL_set_fd(client, between.ends[0]);
    SSL_set_connect_state(client);
    SSL_do_handshake(client);

    CHECK(server.shake_hands() == progress::failed);

    CHECK(SSL_do_handshake(client) != 1);
    CHECK(server.peer_identity().empty());
    SSL_free(client);
    SSL_CTX_free(context);
  }
}

TEST_CASE("tls session: a recorded handshake lets in nobody who plays it again") {
  std::string recorded; // All that an honest client says.
  {
    wire to_client, to_server;
    tls_session client(context_of(7, "node/n1"), to_client.ends[0], tls_session::side::client);
    tls_session server(context_of(7, "head/h"), to_server.ends[1], tls_session::side::server);
    const auto pass_on = [](int from, int to, std::string* copy) {
      char bytes[4096];
      for (ssize_t n; (n = ::recv(from, bytes, sizeof bytes, 0)) > 0;) {
        if (copy != nullptr)
          copy->append(bytes, static_cast<std::size_t>(n));
        REQUIRE(::send(to, bytes, static_cast<std::size_t>(n), MSG_NOSIGNAL) == n);
      }
    };
    auto server_is = progress::waits;
    for (int flight = 0; flight < 3; ++flight) {
      client.shake_hands();
      pass_on(to_client.ends[1], to_server.ends[0], &recorded);
      server_is = server.shake_hands();
      pass_on(to_server.ends[0], to_client.ends[1], nullptr);
    }
    REQUIRE(server_is == progress::done);
    client.write("an order", 8);
    pass_on(to_client.ends[1], to_server.ends[0], &recorded);
  }
  wire between;
  tls_session server(context_of(7, "head/h"), between.ends[1], tls_session::side::server);

  REQUIRE(::send(between.ends[0], recorded.data(), recorded.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(recorded.size()));

  auto is = server.shake_hands();
  if (is == progress::waits)
    is = server.shake_hands();
  CHECK(is == progress::failed);
  CHECK(server.peer_identity().empty());
}

TEST_CASE("tls session: a handshake that comes byte by byte is one, and half of it waits without an answer") {
  wire to_client, to_server;
  tls_session client(context_of(7, "node/n1"), to_client.ends[0], tls_session::side::client);
  tls_session server(context_of(7, "head/h"), to_server.ends[1], tls_session::side::server);
  client.shake_hands();
  char hello[4096];
  const auto size = ::recv(to_client.ends[1], hello, sizeof hello, 0);
  REQUIRE(size > 0);

  for (ssize_t i = 0; i + 1 < size; ++i) {
    REQUIRE(::send(to_server.ends[0], hello + i, 1, MSG_NOSIGNAL) == 1);
    REQUIRE(server.shake_hands() == progress::waits);
  }
  char answer[4096];
  CHECK(::recv(to_server.ends[0], answer, sizeof answer, 0) < 0); // Nothing was said to half a hello.
  REQUIRE(::send(to_server.ends[0], hello + size - 1, 1, MSG_NOSIGNAL) == 1);

  CHECK(server.shake_hands() == progress::waits);
  const auto answered = ::recv(to_server.ends[0], answer, sizeof answer, 0);
  CHECK(answered > 0);
  CHECK(answered <= size); // Whoever forges its address cannot use a server to send more than it sends itself.
}

TEST_CASE("tls session: a server with a certificate and no token is not trusted") {
  wire between;
  tls_session client(context_of(7, "node/n1"), between.ends[0], tls_session::side::client);
  certificate_server server(between.ends[1]);

  CHECK(client.shake_hands() == progress::waits);
  SSL_do_handshake(server.ssl);

  CHECK(client.shake_hands() == progress::failed);
  CHECK(client.why_failed() == handshake_failure::wrong_token);
}

TEST_CASE("tls session: a client without any token is not trusted") {
  wire between;
  tls_session server(context_of(7, "head/h"), between.ends[1], tls_session::side::server);
  SSL_CTX* context = SSL_CTX_new(TLS_method());
  SSL* client = SSL_new(context);
  SSL_set_fd(client, between.ends[0]);
  SSL_set_connect_state(client);

  SSL_do_handshake(client);

  CHECK(server.shake_hands() == progress::failed);
  CHECK(server.why_failed() == handshake_failure::wrong_token);
  SSL_free(client);
  SSL_CTX_free(context);
}

TEST_CASE("tls session: what is not TLS is refused at its first bytes, on either side") {
  for (const std::string garbage :
       {"GET / HTTP/1.1\r\nHost: head\r\n\r\n", "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a"}) {
    CAPTURE(garbage);
    for (const auto side : {tls_session::side::client, tls_session::side::server}) {
      wire between;
      tls_session session(context_of(7, "node/n1"), between.ends[0], side);
      REQUIRE(session.shake_hands() == progress::waits);

      REQUIRE(::send(between.ends[1], garbage.data(), garbage.size(), MSG_NOSIGNAL) == ssize_t(garbage.size()));

      CHECK(session.shake_hands() == progress::failed);
      CHECK(session.why_failed() == handshake_failure::not_tls);
    }
  }
}

TEST_CASE("tls session: a peer that leaves during the handshake has closed it") {
  for (const auto side : {tls_session::side::client, tls_session::side::server}) {
    wire between;
    tls_session session(context_of(7, "node/n1"), between.ends[0], side);
    REQUIRE(session.shake_hands() == progress::waits);

    ::shutdown(between.ends[1], SHUT_RDWR);

    CHECK(session.shake_hands() == progress::failed);
    CHECK(session.why_failed() == handshake_failure::closed);
  }
}

TEST_CASE("tls session: nothing blocks while the other side is silent") {
  pair link(7, 7);
  char got[16];

  CHECK(link.server.shake_hands() == progress::waits); // Nobody has spoken.
  link.shake_hands();

  CHECK(link.client.read(got, sizeof got) == 0);
  CHECK(link.server.read(got, sizeof got) == 0);
  CHECK_FALSE(link.server.has_unread());
}

TEST_CASE("tls session: a write stops where the socket is full, and all arrives in order once it is read") {
  pair link(7, 7);
  link.shake_hands();
  std::string sent(std::size_t{8} << 20, '\0');
  for (std::size_t i = 0; i < sent.size(); ++i)
    sent[i] = static_cast<char>(i * 31 >> 3);
  std::string got(sent.size(), '\0');
  std::size_t written = 0, read = 0;
  bool was_full = false;

  while (read < sent.size()) {
    const auto out = link.client.write(sent.data() + written, sent.size() - written);
    REQUIRE(out);
    written += *out;
    if (*out != 0 && written < sent.size())
      continue;
    was_full |= written < sent.size();
    const auto in = link.server.read(got.data() + read, got.size() - read);
    REQUIRE(in);
    REQUIRE(*in > 0); // What was written has arrived.
    read += *in;
  }

  CHECK(was_full);
  CHECK(got == sent);
}

TEST_CASE("tls session: bytes that have left the socket are announced") {
  pair link(7, 7);
  link.shake_hands();
  char got[1];

  REQUIRE(link.client.write("abc", 3) == 3);
  REQUIRE(link.server.read(got, 1) == 1);

  CHECK(link.server.has_unread()); // epoll would not tell of them.
}

TEST_CASE("tls session: a lost peer is a lost connection, without SIGPIPE") {
  pair link(7, 7);
  link.shake_hands();
  char got[16];

  ::close(link.between.ends[1]);
  link.between.ends[1] = -1;

  CHECK(link.client.read(got, sizeof got) == std::nullopt);
  CHECK(link.client.write("x", 1) == std::nullopt);
}

TEST_CASE("tls session: an error of one link is not taken for another's") {
  pair broken(7, 8), healthy(7, 7);
  healthy.shake_hands();
  broken.shake_hands();
  char got[16];

  CHECK(healthy.client.read(got, sizeof got) == 0);
  CHECK(healthy.server.read(got, sizeof got) == 0);
}

TEST_CASE("tls session: a hello that announces more than a hello has is refused before there is room for it") {
  wire between;
  tls_session server(context_of(7, "head/h"), between.ends[1], tls_session::side::server);
  REQUIRE(server.shake_hands() == progress::waits);
  const std::string start("\x16\x03\x01\x00\x08\x01\xff\xff\xff\x03\x03\x00\x00", 13); // A hello of 16 MiB begins.

  REQUIRE(::send(between.ends[0], start.data(), start.size(), MSG_NOSIGNAL) == ssize_t(start.size()));

  CHECK(server.shake_hands() == progress::failed);
}
