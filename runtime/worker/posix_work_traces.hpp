#pragma once

#include <string>
#include <vector>

namespace runtime {

/// Whether a work has left this process as it found it, so that it may host the next one: no process runs that it has
/// started, and environment, working directory and umask are what they were. Threads are not looked at: many libraries
/// start theirs once and keep them.
///
/// While this lives, what descends from this process and has lost its parent becomes its child, so that none can hide.
/// One thread at a time. A look takes about 3 us with 40 variables in the environment.
class posix_work_traces {
public:
  posix_work_traces(); ///< What it is now, before the first work.

  /// What is not as it was, for people: "processes that it started still run". Empty: all is. Waits for children that
  /// have ended, as nobody else will. A umask that was changed is set back.
  [[nodiscard]] std::string left() const;

private:
  std::vector<std::string> environment_;
  std::string directory_;
  unsigned mask_;
};

} // namespace runtime
