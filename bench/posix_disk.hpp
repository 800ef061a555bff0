#pragma once

#include <string>

namespace bench {

/// A directory of its own in the current directory, whose disk is the one that is measured; gone at the end of the
/// program, as some file systems are slow where much was just deleted. Throws std::runtime_error where it cannot be
/// made.
class scratch_directory {
public:
  scratch_directory();
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;
  const std::string& path() const noexcept { return path_; }

private:
  std::string path_;
};

/// Directories a second with the files that a trial has, each with a line, written by one thread: the limit of whoever
/// writes them all.
double bare_trial_directories_per_second(int count);

/// How many times a second 120 bytes can be appended to a file and synced: the limit of whoever syncs each record.
double bare_syncs_per_second(int count);

} // namespace bench
