#pragma once

#include <map>
#include <memory>
#include <string>

#include "runtime/cluster.hpp"
#include "tests/integration/program_under_test.hpp"

/// Where a program runs, and with what.
struct program_place {
  std::string host = "127.0.0.1"; ///< That it is reached at.
  words before;                   ///< What starts it there: see network_link::over_there().
  std::string state;              ///< Its state directory; empty: in the cluster's folder.
};

/// A head and nodes that are programs of their own, so that each can be killed, stopped, cut off, starved and started
/// again; this process is the driver. The head's machine has cpus, each node a cpu and two licences: what wants a
/// licence runs on nodes.
class fault_cluster {
public:
  explicit fault_cluster(program_place of_head = {});

  program_under_test& head() { return *head_; }
  program_under_test& node(const std::string& name) { return *nodes_.at(name); }
  program_under_test& start_node(const std::string& name, program_place where = {}); ///< Returns when it has joined.
  void kill_node(const std::string& name); ///< kill -9; may be started again, with its state.
  void kill_head();
  void start_head(const std::string& port); ///< On its state. Returns when it is ready.

  /// Connects, the first time and when disconnect() was called before.
  runtime::cluster& driver();
  void disconnect() { driver_.reset(); }
  /// Waits until the head has a node of this name, alive, or has none.
  void wait_for_node(const std::string& name);
  void wait_for_no_node(const std::string& name);

  const temporary_directory& folder() const noexcept { return folder_; }
  const std::string& address() const noexcept { return address_; }
  std::string port() const { return address_.substr(address_.rfind(':') + 1); }
  std::string token_file() const { return folder_ / "token"; }
  std::string ready_file() const { return folder_ / "head.ready"; }

private:
  void wait_for(const std::string& name, bool is_there);

  temporary_directory folder_;
  program_place place_of_head_;
  std::string address_;
  std::unique_ptr<program_under_test> head_;
  std::map<std::string, std::unique_ptr<program_under_test>> nodes_;
  std::unique_ptr<runtime::cluster> driver_; // Goes first.
};
