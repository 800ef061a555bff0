#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/event_based_actor.hpp>

namespace runtime {

/// The middleman handle of a process that hosts several parts of a cluster. It answers `(connect_atom, host, port)`
/// with the part of this process, or with the node that has dialled it already, and hands everything else on to the
/// middleman behind it: between two processes only one side may dial.
///
///   (put_atom, host, port, strong_actor_ptr)  enters an endpoint; it is forgotten when its actor ends
class switchboard_actor : public caf::event_based_actor {
public:
  /// `outside` may be null: then what is not entered cannot be reached.
  switchboard_actor(caf::actor_config& config, caf::actor outside);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  using endpoint = std::pair<std::string, std::uint16_t>;

  caf::actor outside_;
  std::map<endpoint, caf::strong_actor_ptr> inside_;
};

} // namespace runtime
