#pragma once

#include "runtime/net/token_ring.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace runtime {

/// The sockets of all connections, so that one can be ended by whoever does not own it: the socket is shut down, and
/// its owner sees that as a lost connection. Holds numbers, not references, so that no timer keeps a socket open. Any
/// thread.
class connection_table {
public:
  using ticket = std::uint64_t; ///< Names one connection; never used again.
  enum class origin { accepted, dialled };
  enum class ending { none, too_slow, crowded_out, ordered };

  /// What is known of a connection whose ends have proved a token to each other.
  struct proof {
    std::string address; ///< Of the other end.
    std::uint16_t port = 0;
    std::string token;   ///< The fingerprint of the token.
    std::string binding; ///< tls_session::binding()
  };
  struct dialled_link {
    ticket who;
    proof known;
  };

  /// Accepted connections that have not proved the token are strangers. When there is one too many, the oldest is
  /// ended: to refuse the newest would let a crowd of silent ones keep an honest peer out.
  explicit connection_table(std::size_t most_strangers) : most_strangers_(most_strangers) {}

  ticket enter(int socket, origin from);
  void prove(ticket who, proof how); ///< No stranger any more.
  void leave(ticket who);            ///< Before the socket is closed: its number may be another's at once.

  void expire(ticket who); ///< Ends it if it is a stranger still.
  void end(ticket who);    ///< Ends it, proved or not.
  /// Ends all proved connections whose other end is there; how many there were.
  std::size_t end(const std::string& address, std::uint16_t port);
  /// Ends all proved connections of tokens that are not good any more; how many there were.
  std::size_t end_others_than(const token_ring& good);

  /// The proved connections that we have dialled with another token than this one.
  std::vector<dialled_link> dialled_without(const std::string& token) const;
  std::size_t count_without(const std::string& token) const; ///< Of both origins.
  void vouch(ticket who, const std::string& token);          ///< From now on it counts as proved with this token.
  /// The same, of the accepted connection with this binding. False: there is none.
  bool vouch(const std::string& binding, const std::string& token);

  ending why_ended(ticket who) const;
  std::size_t strangers() const;

private:
  struct connection {
    int socket;
    origin from;
    proof known; ///< Port 0: not proved.
    ending end = ending::none;
  };
  void shut_down(ticket who, ending why);

  mutable std::mutex mutex_;
  const std::size_t most_strangers_;
  ticket last_ = 0;
  std::map<ticket, connection> connections_;
  std::set<ticket> strangers_; ///< The oldest first.
};

} // namespace runtime
