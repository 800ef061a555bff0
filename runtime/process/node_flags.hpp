#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/base/result.hpp"
#include "runtime/head/demand.hpp"
#include "runtime/package/package_cache.hpp"

namespace runtime {

/// What caf-tune-node is asked for on its command line.
struct node_flags {
  bool head = false;
  std::string address;                 ///< HOST:PORT of the head to join; empty for the head itself.
  std::string host;                    ///< Where others reach this process; empty: the machine's own address.
  std::uint16_t port = 0;              ///< 0: any.
  std::uint16_t node_port = 0;         ///< Of the head's own node manager; 0: any.
  std::uint16_t liveness_port = 0;     ///< Of the head; 0: any.
  std::string token_file;              ///< Empty: the user's own.
  std::string state;                   ///< Directory; empty: the user's own for this role.
  std::string name;                    ///< Empty: the machine's name.
  std::map<std::string, amount> given; ///< Overrides what the machine has, name by name; zero: none of it.
  label_map labels;
  package_cache_options packages;
  std::string ready_file; ///< Empty: none.
  std::string log_level = "info";
};

inline constexpr std::uint16_t default_head_port = 6390;

/// Reads the command line. `--help` ends the process; every mistake is printed and ends it with exit_wrong_usage.
[[nodiscard]] node_flags read_node_flags(int argc, char** argv);

} // namespace runtime
