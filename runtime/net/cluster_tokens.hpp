#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace runtime {

/// The tokens of a cluster, by their fingerprints, and who does not know them yet.
struct cluster_tokens {
  struct peer {
    std::string name; ///< "node/gpu-3", "driver/digits"
    std::string why;  ///< What is to be done before a token is ended.
  };

  std::string cluster;           ///< Its fingerprint: that of its first token.
  std::uint64_t generation = 0;  ///< Counts the changes, from 1.
  std::vector<std::string> good; ///< Each lets in who has it. The newest first.
  std::uint64_t peer_count = 0;  ///< Nodes and drivers that are linked to the head now.
  std::vector<peer> behind;      ///< Those of them that would be shut out if only the newest were good; at most 1,000.
  std::uint64_t behind_count = 0;
};

/// What becomes of peers that are behind when a token is ended.
enum class peers_behind {
  forbid_it, ///< The token stays good: errc::refused, with their names.
  are_left,  ///< They have no way back but a copy of the head's token file.
};

} // namespace runtime
