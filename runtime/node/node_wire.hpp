#pragma once

#include <memory>

#include "runtime/base/result.hpp"
#include "runtime/head/demand.hpp"
#include "runtime/head/work_key.hpp"
#include "runtime/node/work_order.hpp"
#include "runtime/owner/work_spec.hpp"
#include "runtime/package/manifest.hpp"
#include "runtime/proto/runtime.pb.h"

namespace runtime {
namespace wire = caf_tune::runtime::v1;
}

/// What a node manager says and hears. from_wire checks everything: bytes come from outside, from workers too.
namespace runtime::node_wire {

wire::WorkKey to_wire(work_key key);
work_key from_wire(const wire::WorkKey& key); ///< Any number is one; the core knows which are known.
wire::Failure to_wire(const error& why);
error from_wire(const wire::Failure& failure); ///< The code of a newer peer: refused.
wire::NodeHello to_wire(const node_hello& hello);
wire::WorkEnd to_wire(work_end end);

[[nodiscard]] result<held_lease> from_wire(const wire::HeldLease& lease);

work_end from_wire(const wire::WorkEnd& end); ///< A cause of a newer peer: worker_lost.

struct start_order {
  owner_id owner;
  work_key work;
  work_order order;
  package_id package;
  std::shared_ptr<const package_manifest> manifest;
};

/// Reads orders. Thousands of them name the same package: the last one is not read again.
class start_order_reader {
public:
  [[nodiscard]] result<start_order> read(const wire::StartWork& message);

private:
  [[nodiscard]] result<void> read_package(const wire::Package& package);

  package_id id_;
  std::shared_ptr<const package_manifest> manifest_;
};

} // namespace runtime::node_wire
