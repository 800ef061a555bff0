#pragma once

#include <sys/resource.h>
#include <sys/types.h>

/// As long as this lives a process gets no further file descriptors: whatever takes one fails with EMFILE.
class no_descriptors {
public:
  explicit no_descriptors(pid_t process); ///< Throws std::runtime_error where its limits cannot be changed.
  ~no_descriptors();
  no_descriptors(const no_descriptors&) = delete;
  no_descriptors& operator=(const no_descriptors&) = delete;

private:
  pid_t process_;
  rlimit before_{};
};
