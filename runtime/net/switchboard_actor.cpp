#include "runtime/net/switchboard_actor.hpp"

#include "runtime/net/shell_failure.hpp"

#include <set>

#include <caf/atom.hpp>
#include <caf/behavior.hpp>
#include <caf/message.hpp>
#include <caf/result.hpp>
#include <caf/sec.hpp>
#include <caf/type_id.hpp>
#include <fmt/format.h>

namespace runtime {

switchboard_actor::switchboard_actor(caf::actor_config& config, caf::actor outside)
  : event_based_actor(config),
    outside_(std::move(outside)) {
  set_down_handler([this](const caf::down_msg& down) {
    for (auto i = inside_.begin(); i != inside_.end();)
      i = i->second->id() == down.source.id() && i->second->node() == down.source.node() ? inside_.erase(i) : ++i;
  });
  set_exception_handler(ends_process("switchboard"));
}

caf::behavior switchboard_actor::make_behavior() {
  return {
    [this](caf::put_atom, const std::string& host, std::uint16_t port, const caf::strong_actor_ptr& whom) {
      monitor(caf::actor_cast<caf::actor>(whom));
      inside_[{host, port}] = whom;
    },
    [this](caf::connect_atom connect, const std::string& host, std::uint16_t port) -> caf::result<caf::message> {
      if (const auto found = inside_.find({host, port}); found != inside_.end())
        return caf::make_message(found->second->node(), found->second, std::set<std::string>{});
      if (!outside_)
        return caf::make_error(caf::sec::cannot_connect_to_node,
                               fmt::format("nothing listens at {}:{} in this process", host, port));
      return delegate(outside_, connect, host, port);
    },
    [this](caf::publish_atom publish, std::uint16_t port, const caf::strong_actor_ptr& whom,
           const std::set<std::string>& interface, const std::string& address,
           bool reuse) -> caf::result<caf::message> {
      if (!outside_)
        return caf::make_error(caf::sec::cannot_open_port, "this process has no network");
      return delegate(outside_, publish, port, whom, interface, address, reuse);
    },
  };
}

void switchboard_actor::on_exit() {
  inside_.clear(); // Actors that hold each other's handles would never be freed.
  outside_ = nullptr;
}

} // namespace runtime
