#pragma once

#include <string>

#include "tune/vocabulary.hpp"

namespace tune {

/// A file by which one process at a time has what lies beside it. The lock goes with the process, however it ends; the
/// file stays, and says for people who has it.
class file_lock {
public:
  /// refused when another process has it: the message says which, on which host.
  [[nodiscard]] static result<file_lock> take(const std::string& file);
  file_lock(file_lock&& other) noexcept;
  file_lock& operator=(file_lock&& other) noexcept;
  ~file_lock();

private:
  explicit file_lock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

} // namespace tune
