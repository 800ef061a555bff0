#pragma once

#include <functional>
#include <string>
#include <vector>

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
/// From one node to another, by way of this machine: nothing of it lies here.
[[nodiscard]] result<void> relay_checkpoint(const runtime::remote_actor& from_keeper, const std::string& from,
                                            const runtime::remote_actor& to_keeper, const std::string& to,
                                            const std::function<bool()>& is_wanted);
/// Whether it is whole there.
[[nodiscard]] result<void> check_there(const runtime::remote_actor& keeper, const std::string& directory);
/// Appends what an attempt has printed there to the trial's stdout and stderr here, within the limit of their size, and
/// has the node forget it.
[[nodiscard]] result<void> fetch_output(const runtime::remote_actor& keeper, const std::string& from,
                                        attempt_number attempt, const path& to);
/// Nothing lies in that directory there afterwards but what is to be kept.
[[nodiscard]] result<void> clean_node(const runtime::remote_actor& keeper, const std::string& directory,
                                      const std::vector<std::string>& keep);
/// There is nothing there afterwards.
[[nodiscard]] result<void> forget_checkpoint(const runtime::remote_actor& keeper, const std::string& directory);

} // namespace tune
