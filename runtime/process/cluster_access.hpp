#pragma once

#include "runtime/owner/package_source.hpp"
#include "runtime/process/cluster_process.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace runtime {

/// What a driver stands on: its process's actor system, and where in it, or behind it, the head is.
class cluster_access {
public:
  virtual ~cluster_access() = default;
  virtual cluster_process& process() = 0;
  virtual const std::string& head_host() const = 0;
  virtual std::uint16_t head_port() const = 0;
  virtual const std::string& address() const = 0;        ///< For people.
  virtual std::shared_ptr<package_source> program() = 0; ///< This process's own.
  virtual std::shared_ptr<spdlog::logger> log() = 0;
  virtual caf::actor token_learner() { return {}; } ///< Null: the head is in this process, or there are no tokens.
};

} // namespace runtime
