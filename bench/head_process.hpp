#pragma once

#include "bench/posix_child.hpp"
#include "runtime/process/file_scratch_directory.hpp"

#include <optional>
#include <string>

namespace bench {

/// A caf-tune-node --head of its own: state, token and port are nobody else's. It ends with this.
class head_process {
public:
  /// Returns when it is ready. Throws std::runtime_error.
  explicit head_process(const std::string& cpus);

  double started_in_ms() const noexcept { return started_in_ms_; } ///< From the call to the ready file.
  const std::string& address() const noexcept { return address_; }
  double resident_mb() const { return process_->resident_mb(); } ///< Of the head and its node, which are one process.
  std::string token_file() const { return directory_.path() + "/token"; }

private:
  runtime::scratch_directory directory_;
  std::optional<posix_child> process_; // Ends before its directory does.
  std::string address_;
  double started_in_ms_ = 0;
};

} // namespace bench
