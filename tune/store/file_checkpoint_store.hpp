#pragma once

#include <functional>
#include <memory>

#include "tune/background/background.hpp"
#include "tune/path.hpp"
#include "tune/store/posix_store_disk.hpp"
#include "tune/trial/checkpoint_ref.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// Keeps the checkpoints that lie in an experiment's storage, beside its callers, in the order of the calls.
///
/// A checkpoint stays where its attempt wrote it, "checkpoint_000007.attempt-2": what the journal says of it holds for
/// ever, also while a worker is about to restore it. Under its final name, "checkpoint_000007", it is found by a
/// relative symbolic link, which changes in one step to that of a newer attempt.
class file_checkpoint_store {
public:
  /// Called by what runs beside: what became of a keep(). The error says why it is not there.
  using kept_listener = std::function<void(trial_id trial, const checkpoint_ref& checkpoint, result<void> how)>;

  /// The disk outlives it. Null: a thread of its own.
  explicit file_checkpoint_store(kept_listener listener, store_disk& disk = posix_store_disk(),
                                 std::unique_ptr<background> beside = nullptr);
  ~file_checkpoint_store(); ///< Does what it was told to, first.
  file_checkpoint_store(const file_checkpoint_store&) = delete;
  file_checkpoint_store& operator=(const file_checkpoint_store&) = delete;

  // These do not block, but for sweep().
  void keep(trial_id trial, const checkpoint_ref& checkpoint); ///< Gives it its final name.
  void drop(trial_id trial, const checkpoint_ref& checkpoint); ///< Removes it and its final name.
  /// Removes what killed writers have left in the directories of an experiment's trials. To be called before the first
  /// attempt begins: what lies there now is set aside at once, which does block, and removed later. What attempts write
  /// from then on is not touched.
  void sweep(const path& experiment_directory);

  void wait(); ///< Until all that it was told to do is done.

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace tune
