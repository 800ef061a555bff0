#pragma once

#include "runtime/owner/custodian_actor.hpp"

#include <memory>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

namespace runtime {

/// Brings packages into the store of the node in the head's process, through its package_actor.
class package_actor_intake : public package_intake {
public:
  package_actor_intake(caf::actor_system& system, caf::actor packages)
    : system_(system),
      packages_(std::move(packages)) {}
  void ensure(std::shared_ptr<const package_manifest> package, caf::actor from,
              std::function<void(result<void>)> done) override;

private:
  caf::actor_system& system_;
  caf::actor packages_;
};

} // namespace runtime
