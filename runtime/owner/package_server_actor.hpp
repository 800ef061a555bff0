#pragma once

#include <memory>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>

#include "runtime/base/result.hpp"
#include "runtime/owner/package_source.hpp"

namespace runtime {

/// What a package_server_actor answers to get_atom.
struct own_package {
  result<std::shared_ptr<const package_manifest>> manifest;
};

/// Gives an owner its own package's manifest, and nodes the chunks that they ask for. It reads files and makes digests
/// in its handlers: spawn it detached.
///
///   (get_atom)         -> own_package
///   AskPackageChunk    -> PackageChunk
class package_server_actor : public caf::event_based_actor {
public:
  static constexpr std::uint32_t most_chunk_bytes = 1u << 20; ///< A larger question is refused.

  package_server_actor(caf::actor_config& config, std::shared_ptr<package_source> source);
  caf::behavior make_behavior() override;
  const char* name() const override { return "package_server_actor"; }

private:
  std::shared_ptr<package_source> source_;
};

} // namespace runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::own_package)
