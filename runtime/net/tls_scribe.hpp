#pragma once

#include "runtime/net/connection_table.hpp"
#include "runtime/net/dial_failure.hpp"
#include "runtime/net/link_voucher.hpp"
#include "runtime/net/stranger_log.hpp"
#include "runtime/net/tls_middleman_actor.hpp"

#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/stream_impl.hpp>
#include <caf/io/scribe.hpp>

namespace runtime {

class tls_scribe;

/// What every connection of a middleman needs to know.
struct link_setup {
  std::shared_ptr<const tls_context> context;
  std::shared_ptr<connection_table> connections;
  std::shared_ptr<stranger_log> strangers;
  std::shared_ptr<link_voucher> voucher;
  caf::actor bouncer; ///< Gets the ticket of each accepted connection back when its deadline is over.
  tls_options options;
};

/// CAF's stream asks this for bytes. Also drives the handshake, from the same events.
struct tls_policy {
  tls_scribe* owner;
  caf::io::network::rw_state read_some(std::size_t& moved, caf::io::network::native_socket, void* to, std::size_t most);
  caf::io::network::rw_state write_some(std::size_t& moved, caf::io::network::native_socket, const void* from,
                                        std::size_t size);
  bool must_read_more(caf::io::network::native_socket, std::size_t threshold);
};

/// One BASP connection over TLS. Lives in the thread of CAF's multiplexer.
class tls_scribe : public caf::io::scribe {
public:
  /// Owns the socket. With an attempt it is the connecting side, without one the accepting side.
  tls_scribe(caf::io::network::default_multiplexer& multiplexer, caf::io::network::native_socket socket,
             const link_setup& setup, const std::shared_ptr<dial_attempt>& attempt);
  ~tls_scribe() override;

  void configure_read(caf::io::receive_policy::config config) override;
  void ack_writes(bool enable) override;
  std::vector<char>& wr_buf() override;
  std::vector<char>& rd_buf() override;
  void flush() override;
  void graceful_shutdown() override;
  std::string addr() const override;
  std::uint16_t port() const override;
  void add_to_loop() override;
  void remove_from_loop() override;

  connection_table::ticket ticket() const { return ticket_; }
  tls_session& session() { return session_; }
  bool is_trusted() const { return trusted_; }
  bool shake_hands();   ///< False: the connection is to end.
  bool has_connected(); ///< The connecting side: false when TCP failed.

private:
  tls_scribe(caf::io::network::default_multiplexer& multiplexer, caf::io::network::native_socket socket,
             const link_setup& setup, std::shared_ptr<dial_attempt> attempt, connection_table::ticket ticket);

  void tell_failure(handshake_failure why);
  char about_link(const std::string& binding) const; ///< What whoever vouches for it is answered.

  const link_setup setup_;
  std::shared_ptr<dial_attempt> attempt_;
  connection_table::ticket ticket_;
  tls_session session_;
  bool launched_ = false;
  bool trusted_ = false;
  std::pair<std::string, std::uint16_t> remote_;
  std::vector<char> early_; ///< What BASP wrote before the peer was trusted.
  caf::io::network::stream_impl<tls_policy> stream_;
};

} // namespace runtime
