#include "runtime/net/tls_session.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/net/key_derivation.hpp"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <string_view>
#include <sys/socket.h>

#include <fmt/format.h>

namespace runtime {
namespace {

constexpr std::size_t most_identity = 128;
constexpr std::size_t mark_and_digits = 17; // "#" and a fingerprint.

/// "node/n1#93b4a9543ea46265": who it is, and by which token. An earlier version says no token: it has but one.
struct claim {
  std::string_view identity;
  const good_token* token; ///< Null: one that is not good.
};

claim read_claim(std::string_view text, const token_ring& ring) {
  const auto mark = text.rfind('#');
  if (mark == std::string_view::npos || text.size() - mark != mark_and_digits)
    return {text, &ring.newest()};
  return {text.substr(0, mark), ring.find(text.substr(mark + 1))};
}

/// Another identity is another key, so none can be swapped for another.
SSL_SESSION* psk_session(SSL* ssl, const cluster_token& token, std::string_view identity) {
  const unsigned char aes_128_gcm_sha256[] = {0x13, 0x01};
  auto key = derive_key(token, fmt::format("caf-tune link v1|{}", identity));
  auto* session = SSL_SESSION_new();
  SSL_SESSION_set1_master_key(session, key.data(), key.size());
  SSL_SESSION_set_cipher(session, SSL_CIPHER_find(ssl, aes_128_gcm_sha256));
  SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION);
  OPENSSL_cleanse(key.data(), key.size());
  return session;
}

/// A socket BIO whose writes do not raise SIGPIPE: ignoring the signal for the whole process would be inherited by
/// every worker, and masking it costs two system calls a write.
int quiet_write(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  const auto n = ::send(*static_cast<int*>(BIO_get_data(bio)), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    BIO_set_retry_write(bio);
  return static_cast<int>(n);
}

int quiet_read(BIO* bio, char* data, int size) {
  BIO_clear_retry_flags(bio);
  const auto n = ::recv(*static_cast<int*>(BIO_get_data(bio)), data, static_cast<std::size_t>(size), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    BIO_set_retry_read(bio);
  return static_cast<int>(n);
}

BIO_METHOD* quiet_socket() {
  static BIO_METHOD* const methods = [] {
    auto* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "quiet socket");
    BIO_meth_set_write(m, quiet_write);
    BIO_meth_set_read(m, quiet_read);
    BIO_meth_set_ctrl(m, [](BIO*, int command, long, void*) -> long { return command == BIO_CTRL_FLUSH ? 1 : 0; });
    return m;
  }();
  return methods;
}

} // namespace

struct psk_callbacks {
  static int use(SSL* ssl, const EVP_MD*, const unsigned char** id, std::size_t* length, SSL_SESSION** session) {
    auto& self = *static_cast<tls_session*>(SSL_get_app_data(ssl));
    const auto& tokens = self.ring_->tokens();
    const auto& token = tokens[self.choice_ % tokens.size()];
    self.token_ = token.fingerprint;
    self.claimed_ = self.context_->identity() + '#' + token.fingerprint;
    *session = psk_session(ssl, token.secret, self.claimed_);
    *id = reinterpret_cast<const unsigned char*>(self.claimed_.data());
    *length = self.claimed_.size();
    return 1;
  }

  static int find(SSL* ssl, const unsigned char* id, std::size_t length, SSL_SESSION** session) {
    auto& self = *static_cast<tls_session*>(SSL_get_app_data(ssl));
    *session = nullptr; // Unknown identity: no certificate either, so the handshake fails.
    if (length == 0 || length > most_identity + mark_and_digits)
      return 1;
    const std::string_view said(reinterpret_cast<const char*>(id), length);
    const auto claimed = read_claim(said, *self.ring_);
    if (claimed.token == nullptr)
      return 1;
    self.claimed_ = claimed.identity;
    self.token_ = claimed.token->fingerprint;
    *session = psk_session(ssl, claimed.token->secret, said);
    return 1;
  }
};

tls_context::tls_context(const cluster_token& only, std::string identity)
  : tls_context(std::make_shared<token_holder>(token_ring(named(only))), std::move(identity)) {
}

tls_context::tls_context(std::shared_ptr<token_holder> tokens, std::string identity)
  : tokens_(std::move(tokens)),
    identity_(std::move(identity)),
    context_(SSL_CTX_new(TLS_method())) {
  CAF_TUNE_INVARIANT(!identity_.empty() && identity_.size() <= most_identity, "identity \"{}\"", identity_);
  if (context_ == nullptr)
    throw std::bad_alloc();
  SSL_CTX_set_min_proto_version(context_, TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(context_, "TLS_AES_128_GCM_SHA256");
  SSL_CTX_set1_groups_list(context_, "X25519"); // One group: no second round trip, and forward secrecy stays.
  SSL_CTX_set_num_tickets(context_, 0);
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context_, 1); // One recv for many records; has_unread() covers what then waits inside.
  SSL_CTX_set_default_read_buffer_len(context_, 64 * 1024);
  SSL_CTX_set_psk_use_session_callback(context_, psk_callbacks::use);
  SSL_CTX_set_psk_find_session_callback(context_, psk_callbacks::find);
}

tls_context::~tls_context() {
  SSL_CTX_free(context_);
}

std::string identity_of(const token_ring& ring, const std::string& role, const std::string& name) {
  const auto hidden = derive_key(ring.newest().secret, fmt::format("caf-tune name v1|{}", name));
  return role + '/' + hex_of(hidden.data(), 8);
}

tls_session::tls_session(std::shared_ptr<const tls_context> context, int socket, side s, std::size_t choice)
  : context_(std::move(context)),
    ssl_(SSL_new(context_->native())),
    socket_(socket),
    ring_(context_->tokens()->now()),
    choice_(choice) {
  auto* bio = BIO_new(quiet_socket());
  if (ssl_ == nullptr || bio == nullptr)
    throw std::bad_alloc();
  BIO_set_data(bio, &socket_);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_app_data(ssl_, this);
  if (s == side::client) {
    // A server without our token may offer a certificate instead: whatever it is signed by, it is refused.
    SSL_set_verify(ssl_, SSL_VERIFY_PEER, nullptr);
    SSL_set_connect_state(ssl_);
  } else
    SSL_set_accept_state(ssl_);
}

tls_session::~tls_session() {
  SSL_free(ssl_);
}

tls_session::progress tls_session::shake_hands() {
  ERR_clear_error(); // SSL_get_error looks into the thread's queue: another link's error would be taken for ours.
  const int result = SSL_do_handshake(ssl_);
  if (result == 1) {
    if (SSL_session_reused(ssl_) != 1) { // OpenSSL's word for "with the pre-shared key". Nothing else proves a token.
      failure_ = handshake_failure::wrong_token;
      return progress::failed;
    }
    if (SSL_is_server(ssl_) == 1)
      proved_ = claimed_;
    ring_.reset(); // A token that is ended is not kept for those that it let in.
    return progress::done;
  }
  const int why = SSL_get_error(ssl_, result);
  // WANT_WRITE cannot happen to a healthy peer: a flight of under 1 kB fits a new socket's buffer.
  if (why == SSL_ERROR_WANT_READ)
    return progress::waits;
  failure_ = diagnose(why);
  return progress::failed;
}

handshake_failure tls_session::diagnose(int ssl_error) const {
  if (ssl_error != SSL_ERROR_SSL)
    return handshake_failure::closed;
  const auto first = ERR_peek_error();
  if (ERR_GET_LIB(first) != ERR_LIB_SSL)
    return handshake_failure::other;
  switch (ERR_GET_REASON(first)) {
  case SSL_R_BINDER_DOES_NOT_VERIFY:          // A server's view: the client has another token.
  case SSL_R_SSLV3_ALERT_ILLEGAL_PARAMETER:   // A client's view of the same.
  case SSL_R_CERTIFICATE_VERIFY_FAILED:       // A client's view of a server that knows only certificates.
  case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM: // A server's view of a client that has no token at all.
  case SSL_R_NO_SHARED_CIPHER:
  case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE: return handshake_failure::wrong_token;
  case SSL_R_UNEXPECTED_EOF_WHILE_READING: return handshake_failure::closed;
  case SSL_R_WRONG_VERSION_NUMBER:
  case SSL_R_HTTP_REQUEST:
  case SSL_R_HTTPS_PROXY_REQUEST:
  case SSL_R_PACKET_LENGTH_TOO_LONG:
  case SSL_R_UNEXPECTED_MESSAGE:
  case SSL_R_BAD_RECORD_TYPE: return handshake_failure::not_tls;
  default: return handshake_failure::other;
  }
}

std::optional<std::size_t> tls_session::read(void* to, std::size_t most) {
  if (most == 0)
    return 0;
  ERR_clear_error();
  return moved(SSL_read(ssl_, to, static_cast<int>(std::min(most, std::size_t{1} << 30))));
}

std::optional<std::size_t> tls_session::write(const void* from, std::size_t size) {
  if (size == 0) // OpenSSL calls this an error.
    return 0;
  ERR_clear_error();
  return moved(SSL_write(ssl_, from, static_cast<int>(std::min(size, std::size_t{1} << 30))));
}

std::string tls_session::binding() const {
  constexpr std::string_view label = "EXPORTER-caf-tune-binding-v1";
  unsigned char bytes[16] = {};
  const int exported =
    SSL_export_keying_material(ssl_, bytes, sizeof bytes, label.data(), label.size(), nullptr, 0, /*use_context=*/0);
  CAF_TUNE_INVARIANT(exported == 1, "no binding of a connection that is not trusted");
  return hex_of(bytes, sizeof bytes);
}

bool tls_session::has_unread() const {
  return SSL_has_pending(ssl_) == 1;
}

std::optional<std::size_t> tls_session::moved(int result) {
  if (result > 0)
    return static_cast<std::size_t>(result);
  const auto why = SSL_get_error(ssl_, result);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
    return 0;
  return std::nullopt;
}

} // namespace runtime
