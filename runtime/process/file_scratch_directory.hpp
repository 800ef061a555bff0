#pragma once

#include "runtime/base/result.hpp"

#include <string>

namespace runtime {

/// A new directory of nobody else's (mode 0700) under $TMPDIR or /tmp, removed with what is in it when this goes.
class scratch_directory {
public:
  [[nodiscard]] static result<scratch_directory> make(const std::string& name);
  scratch_directory(scratch_directory&& other) noexcept;
  scratch_directory& operator=(scratch_directory&&) = delete;
  ~scratch_directory();

  const std::string& path() const noexcept { return path_; }

private:
  explicit scratch_directory(std::string path) : path_(std::move(path)) {}
  std::string path_; // Empty: moved from.
};

} // namespace runtime
