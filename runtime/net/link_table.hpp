#pragma once

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <vector>

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>

namespace runtime {

/// The links of peers, by the peers' ids. A peer that dialled again is spoken to on its newest link; it is lost when
/// the last one is.
///
/// A link is told from another by the object behind its handle: over a new connection the same remote actor is another
/// object with an equal id, and what is said of the old one must not be taken for the new one.
template <class Id>
class link_table {
public:
  /// True if the link is new: then monitor it.
  bool add(Id peer, const caf::actor& link) {
    auto& links = links_[peer];
    const auto known = find(links, key_of(link));
    if (known != links.end()) {
      std::rotate(known, known + 1, links.end());
      return false;
    }
    links.push_back(link);
    peers_[key_of(link)] = peer;
    return true;
  }

  /// The peer, if it has no other link.
  std::optional<Id> remove(const caf::actor_addr& link) {
    const auto found = peers_.find(link.get());
    if (found == peers_.end())
      return std::nullopt;
    const auto peer = found->second;
    peers_.erase(found);
    auto& links = links_.at(peer);
    links.erase(find(links, link.get()));
    if (!links.empty())
      return std::nullopt;
    links_.erase(peer);
    return peer;
  }

  /// The newest link; null: there is none.
  const caf::actor* find(Id peer) const {
    const auto found = links_.find(peer);
    return found == links_.end() ? nullptr : &found->second.back();
  }

  std::optional<Id> peer_of(const caf::strong_actor_ptr& sender) const {
    const auto found = peers_.find(sender.get());
    return found == peers_.end() ? std::nullopt : std::optional(found->second);
  }

  void clear() {
    links_.clear();
    peers_.clear();
  }

private:
  using key = const caf::actor_control_block*; ///< Kept alive by the handle in links_.
  using link_list = std::vector<caf::actor>;   ///< Newest last.

  static key key_of(const caf::actor& link) { return caf::actor_cast<caf::strong_actor_ptr>(link).get(); }

  static typename link_list::iterator find(link_list& in, key link) {
    return std::find_if(in.begin(), in.end(), [&](const caf::actor& l) { return key_of(l) == link; });
  }

  std::unordered_map<Id, link_list> links_;
  std::unordered_map<key, Id> peers_;
};

} // namespace runtime
