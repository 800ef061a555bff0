#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/result.hpp"
#include "runtime/node/posix_descriptor.hpp"

namespace runtime {

/// What a worker prints, in a file, up to a limit: then one line says so, and the rest is dropped.
class file_worker_output {
public:
  [[nodiscard]] static result<file_worker_output> open(std::string path, std::uint64_t max_bytes);

  /// Fails once; afterwards all is dropped.
  [[nodiscard]] result<void> append(std::string_view text);

private:
  file_worker_output(std::string path, posix_descriptor file, std::uint64_t room)
    : path_(std::move(path)),
      file_(std::move(file)),
      room_(room),
      max_bytes_(room) {}
  [[nodiscard]] result<void> write(std::string_view text);

  std::string path_;
  posix_descriptor file_; // Closed: all is dropped.
  std::uint64_t room_;
  std::uint64_t max_bytes_;
  bool line_is_open_ = false;
};

} // namespace runtime
