#pragma once

#include "runtime/net/tcp_socket.hpp"
#include "runtime/net/tls_scribe.hpp"

#include <caf/io/doorman.hpp>
#include <caf/io/network/acceptor_impl.hpp>

#include <memory>
#include <string>

namespace runtime {

/// CAF's acceptor asks this for connections. For one that the process has no descriptor for, a descriptor is kept: it
/// is accepted with that and closed at once. So its peer hears of it and dials again later; left where it was, it would
/// wait for nothing, and keep this thread busy with telling of it.
class accept_policy {
public:
  explicit accept_policy(std::shared_ptr<stranger_log> strangers);
  bool try_accept(caf::io::network::native_socket& accepted, caf::io::network::native_socket listener);

private:
  void turn_away(int listener, int error_number);

  std::shared_ptr<stranger_log> strangers_;
  socket_handle kept_;
};

/// Makes a tls_scribe of each connection to a port. Lives in the thread of CAF's multiplexer.
class tls_doorman : public caf::io::doorman {
public:
  /// Owns the socket, which listens.
  tls_doorman(caf::io::network::default_multiplexer& multiplexer, caf::io::network::native_socket socket,
              link_setup setup);

  bool new_connection() override;
  void launch() override;
  void graceful_shutdown() override;
  std::string addr() const override;
  std::uint16_t port() const override;
  void add_to_loop() override;
  void remove_from_loop() override;

private:
  const link_setup setup_;
  caf::io::network::acceptor_impl<accept_policy> acceptor_;
};

} // namespace runtime
