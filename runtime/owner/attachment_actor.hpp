#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>

#include "runtime/base/id.hpp"
#include "runtime/base/instant.hpp"
#include "runtime/owner/attachment_core.hpp"
#include "runtime/owner/stub_actor.hpp"

namespace runtime {

struct attachment_query {
  std::string name; ///< Of the actor; empty: by its id.
  actor_id actor;
  attachment_options options;
};

/// Keeps the stub of an actor that somebody else owns up to date: send it an exit message when nobody needs it.
class attachment_actor : public caf::event_based_actor {
public:
  /// `owner` is the driver's owner_actor: it asks the head. `middleman` dials the nodes.
  attachment_actor(caf::actor_config& config, caf::actor owner, caf::actor middleman, attachment_query query,
                   actor_watch watch);
  caf::behavior make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "attachment_actor"; }

private:
  void perform(const attachment_core::actions& actions);
  void end(const result<void>& how); ///< Told once.
  void find_actor();
  void dial_node(const attachment_core::dial_node& order);
  void attach(const attachment_core::attach& order);
  void arm_timer();
  instant now() const { return instant{clock().now().time_since_epoch()}; }

  attachment_core core_;
  caf::actor owner_, middleman_, node_, hosted_;
  attachment_query query_;
  actor_watch watch_;
  std::optional<instant> armed_;
};

} // namespace runtime
