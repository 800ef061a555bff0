#pragma once

#include "runtime/base/id.hpp"
#include "runtime/net/cluster_tokens.hpp"
#include "runtime/net/token_ring.hpp"

#include <map>
#include <string>
#include <vector>

namespace runtime {

using token_peer_id = id<struct token_peer_tag>; ///< One link of a node or driver to the head; numbered by the shell.

/// The head's part in changing tokens: which are good, who of the linked nodes and drivers knows that, and when one may
/// be ended. A change is planned, made durable by the shell, and only then told to others: a head that is killed in
/// between either knows it when it is started again, or nobody does.
class token_keeper_core {
public:
  /// The peer is to be told the ring as it is now.
  struct tell {
    token_peer_id peer;
    friend bool operator==(tell a, tell b) { return a.peer == b.peer; }
  };
  using actions = std::vector<tell>;

  static constexpr std::size_t most_peers = 100'000; ///< That are remembered; more are told, but not waited for.

  explicit token_keeper_core(token_ring ring) : ring_(std::move(ring)) {}

  /// A peer says which generation it has, and why its token file does not hold it; empty: it does. Always answered, so
  /// that it knows that it was heard.
  actions on_ask(token_peer_id peer, const std::string& name, std::uint64_t generation, const std::string& not_kept);
  void on_peer_lost(token_peer_id peer); ///< Unknown: changes nothing.

  [[nodiscard]] result<token_ring> plan_rotation(good_token fresh) const;
  /// `fingerprint`: its beginning is enough. Refused while a peer would be shut out, unless those are left.
  [[nodiscard]] result<token_ring> plan_end(const std::string& fingerprint, peers_behind what) const;
  actions on_saved(token_ring planned); ///< From now on it holds.

  const token_ring& ring() const { return ring_; }
  cluster_tokens report() const;

private:
  struct peer {
    std::string name;
    std::uint64_t generation = 0;
    std::string not_kept;
  };
  std::string why_behind(const peer& p) const; ///< Empty: it is not.

  token_ring ring_;
  std::map<token_peer_id, peer> peers_;
};

} // namespace runtime
