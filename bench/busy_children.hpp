#pragma once

#include <vector>

#include <sys/types.h>

namespace bench {

/// Processes that compute for as long as this lives, at normal priority: a machine that has too much to do.
class busy_children {
public:
  explicit busy_children(unsigned count); ///< Before the program has other threads. Throws std::runtime_error.
  ~busy_children();
  busy_children(const busy_children&) = delete;
  busy_children& operator=(const busy_children&) = delete;

private:
  std::vector<pid_t> children_;
};

} // namespace bench
