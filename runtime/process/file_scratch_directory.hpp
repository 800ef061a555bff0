#pragma once

#include "runtime/base/result.hpp"
#include "runtime/node/posix_descriptor.hpp"

#include <string>

namespace runtime {

/// A new directory of nobody else's (mode 0700) under $TMPDIR or /tmp, removed with what is in it when this goes. Where
/// that did not come to pass, since its process was killed, the next one of the same name and user removes it: whose
/// process lives is known by a lock, which ends with the process.
class scratch_directory {
public:
  [[nodiscard]] static result<scratch_directory> make(const std::string& name);
  scratch_directory(scratch_directory&& other) noexcept;
  scratch_directory& operator=(scratch_directory&&) = delete;
  ~scratch_directory();

  const std::string& path() const noexcept { return path_; }

private:
  scratch_directory(std::string path, posix_descriptor lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  std::string path_; // Empty: moved from.
  posix_descriptor lock_;
};

} // namespace runtime
