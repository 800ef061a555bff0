#pragma once

#include "runtime/base/result.hpp"
#include "runtime/head/demand.hpp"

#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

namespace runtime {

struct child_node {
  std::string name;
  std::string head_address;
  std::string token_file;
  std::string state_directory;
  resource_set resources; ///< All that it offers.
  label_map labels;
};

/// Nodes as child processes: this program again, told by its environment to be caf-tune-node. They are killed when this
/// object goes, or with the thread that started them. What workers have started goes with their node, wherever it is.
class child_nodes {
public:
  child_nodes() = default;
  child_nodes(const child_nodes&) = delete;
  child_nodes& operator=(const child_nodes&) = delete;
  ~child_nodes();

  [[nodiscard]] result<void> start(const child_node& node); ///< Returns before it has joined.

  // not_found if it is not there; what was killed is not.
  [[nodiscard]] result<void> kill(const std::string& name);  ///< With all that it started; waits for its end.
  [[nodiscard]] result<void> stop(const std::string& name);  ///< SIGSTOP, also to its workers.
  [[nodiscard]] result<void> go_on(const std::string& name); ///< SIGCONT, likewise.
  [[nodiscard]] result<void> drain(const std::string& name); ///< SIGTERM.

  /// For poll(): readable when the node's process has ended. -1: there is none of this name.
  int process_descriptor(const std::string& name) const;
  bool is_in_use(const std::string& name) const; ///< There is one, which has not ended and was not told to leave.
  void forget(const std::string& name);          ///< Waits for the end of one that is not in use any more.

  std::vector<std::string> names() const;
  std::string log_of(const std::string& name) const; ///< Of all that were ever started.

private:
  struct process {
    pid_t pid = -1;
    int pidfd = -1;
    std::string log_file;
    std::string mark; ///< That all which it starts has, and what that starts; see worker_mark.hpp.
    bool was_told_to_leave = false;
  };
  [[nodiscard]] result<process> find(const std::string& name) const;
  void end(const process& what);

  std::map<std::string, process> running_;
  std::map<std::string, std::string> log_files_;
};

} // namespace runtime
