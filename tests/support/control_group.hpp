#pragma once

#include <cstdint>
#include <string>

#include <sys/types.h>

/// A control group of this machine for a process and whatever that starts: with a limit that the kernel keeps, as a
/// container has one. Of version 2 where that has the controller, else of version 1. It goes with this.
class control_group {
public:
  enum class controller {
    memory, ///< Bytes; who needs more while all is used is killed, or another one of the group.
    pids,   ///< Processes and threads; further ones cannot be started.
  };
  explicit control_group(controller what); ///< Throws std::runtime_error with what is not possible here.
  ~control_group();
  control_group(const control_group&) = delete;
  control_group& operator=(const control_group&) = delete;

  void take_in(pid_t process); ///< What it starts from here on belongs to it, too.
  void limit_to(std::uint64_t most);
  void limit_to_what_is_used(); ///< pids only.
  void end_limit();

private:
  void write(const std::string& file, const std::string& text) const;
  std::string read(const std::string& file) const;

  std::string parent_, directory_;
  const char* limit_file_ = "";
  const char* no_limit_ = "max";
};
