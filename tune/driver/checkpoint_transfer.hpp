#pragma once

#include <functional>
#include <string>

#include "runtime/remote_actor.hpp"
#include "tune/path.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// Copies a checkpoint between this machine and a node's, over the cluster's own links: in chunks of 256 KiB, 8 of them
/// on the way, so that a large one does not keep others waiting. `keeper` is a checkpoint_keeper_actor there. They
/// wait; a keeper that is lost is an error.

/// `to` is there afterwards with all files; it is neither synced nor checked against its manifest. Ends with an error
/// as soon as nobody wants it any more.
[[nodiscard]] result<void> fetch_checkpoint(const runtime::remote_actor& keeper, const std::string& from,
                                            const path& to, const std::function<bool()>& is_wanted);
[[nodiscard]] result<void> send_checkpoint(const runtime::remote_actor& keeper, const path& from,
                                           const std::string& to);
/// There is nothing there afterwards.
[[nodiscard]] result<void> forget_checkpoint(const runtime::remote_actor& keeper, const std::string& directory);

} // namespace tune
