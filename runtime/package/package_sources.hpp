#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "runtime/base/result.hpp"

namespace runtime {

/// A node that has a package, as far as an owner knows, and where it listens.
struct package_holder {
  std::string host;
  std::uint16_t port = 0;

  friend bool operator==(const package_holder& a, const package_holder& b) {
    return a.host == b.host && a.port == b.port;
  }
  friend bool operator!=(const package_holder& a, const package_holder& b) { return !(a == b); }
  friend bool operator<(const package_holder& a, const package_holder& b) {
    return std::tie(a.host, a.port) < std::tie(b.host, b.port);
  }
};

/// Whom to ask for one package: each node that has it, to spare the owner and because that may be gone; then the owner.
/// A node is tried once; one that cannot be reached, refuses, sends nothing for a while or something wrong is left for
/// the next. The owner is given up only when he refuses: one that was lost may come back.
class package_sources {
public:
  struct stay {}; ///< With the present source, if there is one.
  struct dial {   ///< Then on_dialled() or on_lost(). Until then there is no source.
    package_holder holder;
  };
  struct ask_owner {};
  struct wait {}; ///< For an owner, or for another node.
  struct give_up {
    error why;
  };
  using order = std::variant<stay, dial, ask_owner, wait, give_up>; ///< All but stay: the present source is left.

  /// Somebody wants it: these nodes are added to those that are known.
  order on_wanted(const std::vector<package_holder>& holders, bool owner_is_there);
  order on_another_owner(); ///< The one that is there is not the one that was asked.
  /// Whether the node that was dialled is still wanted: then it is the source now.
  bool on_dialled(const package_holder& holder);
  order on_dial_failed(const package_holder& holder);
  order on_lost();             ///< The present source.
  order on_refused(error why); ///< The present source has it not.
  order on_doubt();            ///< The present source sends nothing, or something wrong.

private:
  enum class source { none, dialled, holder, owner };

  order next();

  std::deque<package_holder> untried_;
  std::set<package_holder> known_;
  std::optional<package_holder> dialled_;
  source present_ = source::none;
  bool owner_is_there_ = false;
  std::optional<error> owner_refused_;
};

} // namespace runtime
