#include "runtime/net/tls_middleman_actor.hpp"

#include <caf/all.hpp>
#include <caf/io/all.hpp>
#include <caf/io/basp_broker.hpp>
#include <caf/io/middleman_actor_impl.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/doorman_impl.hpp>
#include <caf/io/network/stream_impl.hpp>

#include <atomic>
#include <map>
#include <mutex>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace runtime {

namespace net = caf::io::network;

/// The sockets that have not proved the token yet. Whoever stays too long, or is the oldest when one too many comes, is
/// shut down: its read event then ends it like any lost connection. (Refusing the newest instead would let a crowd of
/// silent strangers keep an honest peer out.) Holds numbers, not references, so that no timer keeps a socket open.
class waiting_room {
public:
  explicit waiting_room(std::size_t most) : most_(most) {}

  std::uint64_t enter(int socket) {
    std::lock_guard guard(mutex_);
    if (waiting_.size() >= most_)
      shut_down(waiting_.begin());
    waiting_.emplace(++last_, socket);
    return last_;
  }
  void leave(std::uint64_t ticket) {
    std::lock_guard guard(mutex_);
    waiting_.erase(ticket);
  }
  void throw_out(std::uint64_t ticket) {
    std::lock_guard guard(mutex_);
    if (const auto found = waiting_.find(ticket); found != waiting_.end())
      shut_down(found);
  }
  std::size_t size() const {
    std::lock_guard guard(mutex_);
    return waiting_.size();
  }

private:
  using sockets = std::map<std::uint64_t, int>; ///< By ticket: the oldest first.

  void shut_down(sockets::iterator who) {
    ::shutdown(who->second, SHUT_RDWR); // Still open: its owner leaves before it closes it.
    waiting_.erase(who);
  }

  mutable std::mutex mutex_;
  const std::size_t most_;
  std::uint64_t last_ = 0;
  sockets waiting_;
};

namespace {

/// What every scribe of this middleman needs to know.
struct link_setup {
  std::shared_ptr<const tls_context> context;
  std::shared_ptr<waiting_room> room;
  caf::actor bouncer; ///< Gets each ticket back when its deadline is over.
  tls_options options;
};

template <class T>
T or_default(caf::expected<T> value) {
  return value ? std::move(*value) : T{};
}

class tls_scribe;

/// CAF's stream asks this for bytes. Also drives the handshake, from the same events.
struct tls_policy {
  tls_scribe* owner;
  net::rw_state read_some(std::size_t& moved, net::native_socket, void* to, std::size_t most);
  net::rw_state write_some(std::size_t& moved, net::native_socket, const void* from, std::size_t size);
  bool must_read_more(net::native_socket, std::size_t threshold);
};

class tls_scribe : public caf::io::scribe {
public:
  tls_scribe(net::default_multiplexer& multiplexer, net::native_socket socket, const link_setup& setup,
             tls_session::side side)
    : scribe(net::conn_hdl_from_socket(socket)),
      room_(setup.room),
      ticket_(room_->enter(socket)),
      session_(setup.context, socket, side),
      side_(side),
      stream_(multiplexer, socket, tls_policy{this}) {
    const auto silence = static_cast<unsigned>(setup.options.silence_deadline.count());
    ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence, sizeof silence);
    caf::delayed_anon_send(setup.bouncer, setup.options.handshake_deadline, ticket_);
  }
  ~tls_scribe() override { room_->leave(ticket_); } // Before the stream closes the socket.

  void configure_read(caf::io::receive_policy::config config) override {
    stream_.configure_read(config);
    if (launched_)
      return;
    launched_ = true;
    stream_.start(this);
    if (side_ == tls_session::side::client)
      stream_.force_empty_write(this); // Tells when TCP has connected.
  }
  void ack_writes(bool enable) override { stream_.ack_writes(enable); }
  // BASP writes its handshake at once. Before the peer has proved the token these bytes stay out of the stream: there
  // they would make epoll report "writable" again and again for as long as a stranger keeps silent.
  std::vector<char>& wr_buf() override { return trusted_ ? stream_.wr_buf() : early_; }
  std::vector<char>& rd_buf() override { return stream_.rd_buf(); }
  void flush() override {
    if (trusted_)
      stream_.flush(this);
  }
  void graceful_shutdown() override {
    stream_.graceful_shutdown();
    detach(&stream_.backend(), false);
  }
  std::string addr() const override { return or_default(net::remote_addr_of_fd(stream_.fd())); }
  std::uint16_t port() const override { return or_default(net::remote_port_of_fd(stream_.fd())); }
  void add_to_loop() override { stream_.activate(this); }
  void remove_from_loop() override { stream_.passivate(); }

  tls_session& session() { return session_; }
  bool is_trusted() const { return trusted_; }

  bool shake_hands() { ///< False: the connection is to end.
    switch (session_.shake_hands()) {
      case tls_session::progress::failed: return false;
      case tls_session::progress::waits: return true;
      case tls_session::progress::done: break;
    }
    trusted_ = true;
    room_->leave(ticket_);
    auto& out = stream_.wr_buf();
    out.insert(out.end(), early_.begin(), early_.end());
    early_ = {};
    stream_.flush(this);
    return true;
  }

private:
  std::shared_ptr<waiting_room> room_;
  std::uint64_t ticket_;
  tls_session session_;
  tls_session::side side_;
  bool launched_ = false;
  bool trusted_ = false;
  std::vector<char> early_;
  net::stream_impl<tls_policy> stream_;
};

net::rw_state tls_policy::read_some(std::size_t& moved, net::native_socket, void* to, std::size_t most) {
  moved = 0;
  if (!owner->is_trusted() && !owner->shake_hands())
    return net::rw_state::failure;
  if (!owner->is_trusted())
    return net::rw_state::success; // 0 bytes: nothing to read yet.
  const auto n = owner->session().read(to, most);
  moved = n.value_or(0);
  return n ? net::rw_state::success : net::rw_state::failure;
}

net::rw_state tls_policy::write_some(std::size_t& moved, net::native_socket socket, const void* from,
                                     std::size_t size) {
  moved = 0;
  if (!owner->is_trusted()) { // The connecting side's first write event: TCP is there, or has failed.
    int failure = 0;
    socklen_t length = sizeof failure;
    ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &failure, &length);
    return failure == 0 && owner->shake_hands() ? net::rw_state::indeterminate : net::rw_state::failure;
  }
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

class tls_doorman : public net::doorman_impl {
public:
  tls_doorman(net::default_multiplexer& multiplexer, net::native_socket socket, link_setup setup)
    : doorman_impl(multiplexer, socket), setup_(std::move(setup)) {}

  bool new_connection() override {
    const auto socket = acceptor_.accepted_socket();
    if (detached()) {
      net::close_socket(socket);
      return false;
    }
    auto scribe = caf::make_counted<tls_scribe>(acceptor_.backend(), socket, setup_, tls_session::side::server);
    const auto handle = scribe->hdl();
    parent()->add_scribe(std::move(scribe));
    return doorman::new_connection(&acceptor_.backend(), handle);
  }

private:
  link_setup setup_;
};

/// A socket that is connecting, or has failed already. Takes numeric addresses and names; a name blocks, so callers
/// resolve first.
caf::expected<int> start_connecting(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0)
    return caf::make_error(caf::sec::cannot_connect_to_node, "no such host", host);
  const auto socket = ::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const auto result = ::connect(socket, found->ai_addr, found->ai_addrlen);
  ::freeaddrinfo(found);
  if (result == 0 || errno == EINPROGRESS)
    return socket;
  ::close(socket);
  return caf::make_error(caf::sec::cannot_connect_to_node, host, port);
}

class tls_middleman_actor : public caf::io::middleman_actor_impl {
public:
  tls_middleman_actor(caf::actor_config& config, caf::actor broker, link_setup setup)
    : middleman_actor_impl(config, std::move(broker)), setup_(std::move(setup)) {}
  const char* name() const override { return "tls_middleman_actor"; }

protected:
  // Neither waits: the multiplexer finishes what is begun here, and the bouncer ends what takes too long. The answer
  // to the connect message comes from BASP, once both handshakes are through.
  caf::expected<caf::io::scribe_ptr> connect(const std::string& host, std::uint16_t port) override {
    auto socket = start_connecting(host, port);
    if (!socket)
      return std::move(socket.error());
    return caf::make_counted<tls_scribe>(multiplexer(), *socket, setup_, tls_session::side::client);
  }
  caf::expected<caf::io::doorman_ptr> open(std::uint16_t port, const char* address, bool reuse) override {
    auto socket = net::new_tcp_acceptor_impl(port, address, reuse);
    if (!socket)
      return std::move(socket.error());
    return caf::make_counted<tls_doorman>(multiplexer(), *socket, setup_);
  }

private:
  net::default_multiplexer& multiplexer() {
    return static_cast<net::default_multiplexer&>(system().middleman().backend());
  }
  link_setup setup_;
};

} // namespace

tls_middleman::tls_middleman(caf::actor_system& system, std::shared_ptr<const tls_context> context,
                             tls_options options)
  : system_(system), room_(std::make_shared<waiting_room>(options.most_strangers)) {
  bouncer_ = system.spawn<caf::hidden>([room = room_](caf::event_based_actor*) -> caf::behavior {
    return {[room](std::uint64_t ticket) { room->throw_out(ticket); }};
  });
  auto broker = system.middleman().named_broker<caf::io::basp_broker>(caf::atom("BASP"));
  actor_ = system.spawn<tls_middleman_actor, caf::detached + caf::hidden>(
    std::move(broker), link_setup{std::move(context), room_, bouncer_, options});
  // Nobody spawns actors by name or reads configuration across a link.
  system.registry().erase(caf::atom("SpawnServ"));
  system.registry().erase(caf::atom("ConfigServ"));
}

tls_middleman::~tls_middleman() {
  caf::scoped_actor self{system_, true};
  self->send_exit(actor_, caf::exit_reason::kill); // Detached: the system's destructor would wait for it for ever.
  self->wait_for(actor_);
  caf::anon_send_exit(bouncer_, caf::exit_reason::kill);
}

std::size_t tls_middleman::strangers() const {
  return room_->size();
}

} // namespace runtime
