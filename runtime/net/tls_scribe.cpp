#include "runtime/net/tls_scribe.hpp"

#include "runtime/net/tcp_socket.hpp"

#include <caf/io/abstract_broker.hpp>
#include <caf/send.hpp>

#include <fmt/format.h>
#include <unistd.h>

namespace runtime {

namespace net = caf::io::network;

namespace {

/// The broker forgets a connection only when its last messages are read. CAF names connections by their sockets, whose
/// numbers are given out again before: what is forgotten then would be somebody's new connection. Beyond all sockets'
/// numbers, as a user's actors may listen at the same broker without TLS.
caf::io::connection_handle handle_of(connection_table::ticket ticket) {
  constexpr auto first = std::int64_t{1} << 32;
  return caf::io::connection_handle::from_int(first + static_cast<std::int64_t>(ticket));
}

} // namespace

tls_scribe::tls_scribe(net::default_multiplexer& multiplexer, net::native_socket socket, const link_setup& setup,
                       const std::shared_ptr<dial_attempt>& attempt)
  : tls_scribe(multiplexer, socket, setup, attempt,
               setup.connections->enter(socket, attempt ? connection_table::origin::dialled
                                                        : connection_table::origin::accepted)) {
}

tls_scribe::tls_scribe(net::default_multiplexer& multiplexer, net::native_socket socket, const link_setup& setup,
                       std::shared_ptr<dial_attempt> attempt, connection_table::ticket ticket)
  : scribe(handle_of(ticket)),
    setup_(setup),
    attempt_(std::move(attempt)),
    ticket_(ticket),
    session_(setup_.context, socket, attempt_ ? tls_session::side::client : tls_session::side::server,
             attempt_ ? attempt_->token_choice : 0),
    remote_(remote_endpoint(socket)),
    stream_(multiplexer, socket, tls_policy{this}) {
  limit_silence(socket, setup_.options.silence_deadline);
  if (!attempt_) // A timer must not hold the scribe, or its socket would stay open until then: it holds a ticket.
    caf::delayed_anon_send(setup_.bouncer, setup_.options.handshake_deadline, ticket_);
}

tls_scribe::~tls_scribe() {
  setup_.connections->leave(ticket_); // Before the stream closes the socket.
}

void tls_scribe::configure_read(caf::io::receive_policy::config config) {
  stream_.configure_read(config);
  if (launched_)
    return;
  launched_ = true;
  stream_.start(this);
  if (attempt_)
    stream_.force_empty_write(this); // Tells when TCP has connected.
}

void tls_scribe::ack_writes(bool enable) {
  stream_.ack_writes(enable);
}

// BASP writes its handshake at once. Before the peer has proved the token these bytes stay out of the stream: there
// they would make epoll report "writable" again and again for as long as a stranger keeps silent.
std::vector<char>& tls_scribe::wr_buf() {
  return trusted_ ? stream_.wr_buf() : early_;
}

std::vector<char>& tls_scribe::rd_buf() {
  return stream_.rd_buf();
}

void tls_scribe::flush() {
  if (trusted_)
    stream_.flush(this);
}

void tls_scribe::graceful_shutdown() {
  stream_.graceful_shutdown();
  detach(&stream_.backend(), false);
}

std::string tls_scribe::addr() const {
  return remote_.first;
}

std::uint16_t tls_scribe::port() const {
  return remote_.second;
}

void tls_scribe::add_to_loop() {
  stream_.activate(this);
}

void tls_scribe::remove_from_loop() {
  stream_.passivate();
}

bool tls_scribe::has_connected() {
  const int failure = pending_error(stream_.fd());
  if (failure != 0 && attempt_)
    attempt_->failed({dial_failure::system{failure}});
  return failure == 0;
}

bool tls_scribe::shake_hands() {
  switch (session_.shake_hands()) {
  case tls_session::progress::failed: tell_failure(session_.why_failed()); return false;
  case tls_session::progress::waits: return true;
  case tls_session::progress::done: break;
  }
  if (const auto binding = link_voucher::binding_in(session_.peer_identity())) {
    const char answer = about_link(*binding);
    session_.write(&answer, 1);
    return false; // That is all that such a connection is for.
  }
  trusted_ = true;
  remote_ = remote_endpoint(stream_.fd());
  setup_.connections->prove(ticket_, {remote_.first, remote_.second, session_.token(), session_.binding()});
  if (attempt_ && session_.token() != setup_.context->tokens()->now()->newest().fingerprint)
    setup_.voucher->wake();
  auto& out = stream_.wr_buf();
  out.insert(out.end(), early_.begin(), early_.end());
  early_ = {};
  stream_.flush(this);
  return true;
}

char tls_scribe::about_link(const std::string& binding) const {
  if (session_.token() != setup_.context->tokens()->now()->newest().fingerprint)
    return link_voucher::later;
  return setup_.connections->vouch(binding, session_.token()) ? link_voucher::known : link_voucher::unknown;
}

void tls_scribe::tell_failure(handshake_failure why) {
  if (attempt_) {
    attempt_->failed({dial_failure::handshake{why}});
    return;
  }
  switch (setup_.connections->why_ended(ticket_)) {
  case connection_table::ending::too_slow:
    setup_.strangers->refused(remote_.first, fmt::format("it did not prove the token within {}",
                                                         duration_text(setup_.options.handshake_deadline)));
    return;
  case connection_table::ending::crowded_out:
    setup_.strangers->refused(remote_.first, "it waited longest when one too many came");
    return;
  case connection_table::ending::ordered: return; // We end it ourselves; nobody is at fault.
  case connection_table::ending::none: setup_.strangers->failed_handshake(remote_.first, why);
  }
}

net::rw_state tls_policy::read_some(std::size_t& moved, net::native_socket, void* to, std::size_t most) {
  moved = 0;
  if (!owner->is_trusted() && (!owner->has_connected() || !owner->shake_hands()))
    return net::rw_state::failure;
  if (!owner->is_trusted())
    return net::rw_state::success; // 0 bytes: nothing to read yet.
  const auto n = owner->session().read(to, most);
  moved = n.value_or(0);
  return n ? net::rw_state::success : net::rw_state::failure;
}

net::rw_state tls_policy::write_some(std::size_t& moved, net::native_socket, const void* from, std::size_t size) {
  moved = 0;
  if (!owner->is_trusted()) // The connecting side's first write event: TCP is there, or has failed.
    return owner->has_connected() && owner->shake_hands() ? net::rw_state::indeterminate : net::rw_state::failure;
  if (size == 0)
    return net::rw_state::indeterminate;
  while (moved < size) { // One record is 16 kB; one epoll round per record would halve the throughput.
    const auto n = owner->session().write(static_cast<const char*>(from) + moved, size - moved);
    if (!n)
      return net::rw_state::failure;
    if (*n == 0)
      break;
    moved += *n;
  }
  return net::rw_state::success;
}

bool tls_policy::must_read_more(net::native_socket, std::size_t) {
  return owner->is_trusted() && owner->session().has_unread();
}

} // namespace runtime
