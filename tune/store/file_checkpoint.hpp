#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "tune/path.hpp"
#include "tune/store/checkpoint_manifest.hpp"
#include "tune/store/posix_store_disk.hpp"
#include "tune/vocabulary.hpp"
#include "tune/worker/checkpoint_files.hpp"

namespace tune {

struct file_checkpoint_options {
  /// When less is free where a checkpoint is to be written, or was written, it is refused: a full disk would take the
  /// journal with it. Below 64 KiB it always is.
  std::uint64_t least_free_bytes = 64u << 20;
};

/// Checkpoints in directories, on a disk that outlives it. One is written into "<name>.tmp" beside its place; each file
/// and directory is synced, then the manifest is written and synced, then it is renamed (I4). What an earlier writer
/// left behind is removed.
class file_checkpoint_files : public checkpoint_files {
public:
  explicit file_checkpoint_files(file_checkpoint_options options = {}, store_disk& disk = posix_store_disk());

  [[nodiscard]] result<std::optional<std::uint64_t>> write(const path& directory, const fill& with) override;
  [[nodiscard]] result<void> check(const path& directory) override;

private:
  file_checkpoint_options options_;
  store_disk& disk_;
};

/// Makes what lies in a directory a checkpoint: syncs it and writes its manifest. Symbolic links and what is neither
/// file nor directory are refused, with their names. Without files there is no manifest.
[[nodiscard]] result<checkpoint_manifest> seal_checkpoint(const path& directory, std::optional<named_checkpoint> name,
                                                          store_disk& disk = posix_store_disk());

/// Whether the directory holds a whole checkpoint: a manifest, and each of its files with its size and checksum.
/// not_found: there is none, or one of its files is missing; invalid_argument: a file is of another size or content, or
/// no plain file; io: it could not be read. What else lies there does not matter.
[[nodiscard]] result<checkpoint_manifest> check_checkpoint(const path& directory,
                                                           store_disk& disk = posix_store_disk());

/// Removes one so that it is at no moment taken for a whole one. Nothing there: nothing happens.
[[nodiscard]] result<void> remove_checkpoint(const path& directory, store_disk& disk = posix_store_disk());

/// What writers that were killed have left in a trial's directory gets other names, in one step each, and can be
/// removed under these at leisure: an attempt that begins from now on never loses what it writes. A writer that is
/// still there fails as a whole, instead of sealing what happens to be left of its files.
[[nodiscard]] result<std::vector<path>> set_unfinished_checkpoints_aside(const path& trial_directory,
                                                                         store_disk& disk = posix_store_disk());

} // namespace tune
