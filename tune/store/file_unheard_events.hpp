#pragma once

#include <optional>

#include "tune/path.hpp"
#include "tune/store/posix_store_disk.hpp"
#include "tune/trial/attempt_messages.hpp"

/// What attempts leave in their trial's directory when their driver is gone, for the next one.
namespace tune {

/// Held, and its file there, until an attempt in a worker that sees the storage has run and was heard to its end.
/// A lock of the open file: it ends with the process and with those that it has forked and that execute nothing else,
/// and a trainable that reads the files of its directory does not lose it.
class attempt_lock {
public:
  /// Without a lock, where that cannot be: nobody waits for it.
  attempt_lock(const path& trial_directory, attempt_number attempt);
  ~attempt_lock();
  attempt_lock(const attempt_lock&) = delete;
  attempt_lock& operator=(const attempt_lock&) = delete;

private:
  path file_;
  int descriptor_;
};

/// Whether one holds it, in whatever process.
[[nodiscard]] bool is_attempt_running(const path& trial_directory, attempt_number attempt);

/// Whole and on disk, or not at all.
[[nodiscard]] result<void> write_unheard(const path& trial_directory, attempt_number attempt,
                                         const attempt_events& events, store_disk& disk = posix_store_disk());

/// Nothing: there is none of that attempt. Error: it cannot be read, or is damaged.
[[nodiscard]] result<std::optional<attempt_events>> read_unheard(const path& trial_directory, attempt_number attempt,
                                                                 store_disk& disk = posix_store_disk());

/// Once it is in the journal; and the lock's file, which a kill leaves. If they are there.
void remove_unheard(const path& trial_directory, attempt_number attempt, store_disk& disk = posix_store_disk());

} // namespace tune
