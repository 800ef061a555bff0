#pragma once

#include <string>

#include "runtime/process/file_scratch_directory.hpp"

/// A named pipe through which other processes tell this one something, a line at a time. It goes with this.
class posix_fifo {
public:
  posix_fifo(); ///< Throws std::runtime_error.
  ~posix_fifo();
  posix_fifo(const posix_fifo&) = delete;
  posix_fifo& operator=(const posix_fifo&) = delete;

  const std::string& path() const noexcept { return path_; }
  std::string read_line(); ///< Waits for the next one, at most a minute; throws std::runtime_error.

private:
  runtime::scratch_directory directory_;
  std::string path_;
  int both_ends_ = -1; ///< It would end when the last writer does.
  std::string read_;
};

/// In the other process: one write, which does not mix with those of others.
void append_line(const std::string& fifo, const std::string& line);
