#include "runtime/net/tls_doorman.hpp"

#include <caf/io/abstract_broker.hpp>

#include <cerrno>
#include <fcntl.h>
#include <utility>

namespace runtime {

namespace net = caf::io::network;

namespace {

socket_handle descriptor_to_keep() {
  return socket_handle(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

} // namespace

accept_policy::accept_policy(std::shared_ptr<stranger_log> strangers)
  : strangers_(std::move(strangers)),
    kept_(descriptor_to_keep()) {
}

bool accept_policy::try_accept(net::native_socket& accepted, net::native_socket listener) {
  auto socket = accept_from(listener);
  if (!socket && (errno == EMFILE || errno == ENFILE))
    turn_away(listener, errno);
  else if (!kept_)
    kept_ = descriptor_to_keep();
  accepted = socket ? socket.release() : net::invalid_native_socket;
  return true;
}

void accept_policy::turn_away(int listener, int error_number) {
  std::string address = "any";
  kept_ = socket_handle();
  if (const auto refused = accept_from(listener)) // Closed before another is kept: there is but one descriptor.
    address = remote_endpoint(refused.get()).first;
  kept_ = descriptor_to_keep();
  strangers_->refused(address, system_text(error_number));
}

tls_doorman::tls_doorman(net::default_multiplexer& multiplexer, net::native_socket socket, link_setup setup)
  : doorman(net::accept_hdl_from_socket(socket)),
    setup_(std::move(setup)),
    acceptor_(multiplexer, socket, setup_.strangers) {
}

bool tls_doorman::new_connection() {
  const auto socket = acceptor_.accepted_socket();
  if (detached()) {
    net::close_socket(socket);
    return false;
  }
  auto scribe = caf::make_counted<tls_scribe>(acceptor_.backend(), socket, setup_, nullptr);
  const auto handle = scribe->hdl();
  parent()->add_scribe(std::move(scribe));
  return doorman::new_connection(&acceptor_.backend(), handle);
}

void tls_doorman::launch() {
  acceptor_.start(this);
}

void tls_doorman::graceful_shutdown() {
  acceptor_.graceful_shutdown();
  detach(&acceptor_.backend(), false);
}

std::string tls_doorman::addr() const {
  return local_address(acceptor_.fd());
}

std::uint16_t tls_doorman::port() const {
  return local_port(acceptor_.fd());
}

void tls_doorman::add_to_loop() {
  acceptor_.activate(this);
}

void tls_doorman::remove_from_loop() {
  acceptor_.passivate();
}

} // namespace runtime
