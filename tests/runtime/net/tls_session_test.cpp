#include "runtime/net/tls_session.hpp"

#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <string>
#include <sys/socket.h>
#include <unistd.h>

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
