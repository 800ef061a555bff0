#include "runtime/owner/custodian_actor.hpp"

#include <limits>
#include <utility>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/behavior.hpp>
#include <caf/message_handler.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>

#include "runtime/owner/owner_wire.hpp"
#include "runtime/wire/protobuf_message.hpp"

namespace runtime {

/// A SpawnDetached on its way to be accepted.
struct detached_order {
  actor_id actor;
  std::shared_ptr<work_spec> spec;
  std::shared_ptr<const std::string> arguments;
  bool get_if_exists = false;
  caf::actor from; // Has the package.
  caf::response_promise promise;

  void refuse(const error& why) { promise.deliver(failure_of(why)); }
};

namespace {

struct package_arrived {
  std::shared_ptr<detached_order> order;
  result<void> how;
};

int restarts_of(std::uint32_t told) {
  constexpr auto most = static_cast<std::uint32_t>(std::numeric_limits<int>::max());
  return told > most ? -1 : static_cast<int>(told); // -1 as it was sent: without limit.
}

} // namespace
} // namespace runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::package_arrived)

namespace runtime {

custodian_actor::custodian_actor(caf::actor_config& config, owner_actor_options options,
                                 std::shared_ptr<package_intake> packages, std::function<actor_id()> make_id)
  : owner_actor(config, std::move(options)),
    packages_(std::move(packages)),
    make_id_(std::move(make_id)) {
}

caf::behavior custodian_actor::make_behavior() {
  begin();
  return handlers().or_else(caf::message_handler{
    [this](const wire::SpawnDetached& message) {
      auto promise = make_response_promise();
      on_spawn(message, promise);
      return promise;
    },
    [this](const wire::StopActor& message) {
      auto promise = make_response_promise();
      const actor_id actor{message.actor_id()};
      if (const auto record = core().find_actor(actor)) {
        promise.deliver(make_actor_record(*record));
        stop({actor, std::chrono::milliseconds(message.deadline_ms())});
      } else
        promise.deliver(failure_of({errc::not_found, fmt::format("there is no detached actor {:x}", actor.value)}));
      return promise;
    },
    [this](const package_arrived& arrived) {
      if (arrived.how)
        take_name(arrived.order);
      else
        arrived.order->refuse(within("the actor's package cannot be had", arrived.how.error()));
    },
  });
}

void custodian_actor::on_spawn(const wire::SpawnDetached& message, caf::response_promise promise) {
  auto order = std::make_shared<detached_order>();
  order->promise = std::move(promise);
  auto wants = read_demand(message.demand());
  if (!wants)
    return order->refuse(wants.error());
  auto package = read_package(message.package());
  if (!package)
    return order->refuse(package.error());
  order->actor = make_id_();
  order->spec = std::make_shared<work_spec>();
  order->spec->kind = work_kind::actor;
  order->spec->type_name = message.type_name();
  order->spec->wants = std::move(*wants);
  order->spec->environment.insert(message.environment().begin(), message.environment().end());
  order->spec->name = message.name();
  order->spec->max_restarts = restarts_of(message.max_restarts());
  order->spec->package = std::make_shared<const package_manifest>(std::move(*package));
  order->arguments = std::make_shared<const std::string>(message.arguments());
  order->get_if_exists = message.get_if_exists();
  order->from = caf::actor_cast<caf::actor>(order->promise.source()); // The promise took the sender from the message.
  if (message.name().empty())
    on_found(order, fail(errc::not_found, "it has no name"));
  else
    find_existing(order); // Before a package is fetched for nothing.
}

void custodian_actor::find_existing(const order_ptr& order) {
  wire::FindActor question;
  question.set_name(order->spec->name);
  ask_head ask_it;
  ask_it.question = caf::make_message(std::move(question));
  ask_it.on_answer = [this, order](const result<caf::message>& found) { on_found(order, found); };
  ask(std::move(ask_it));
}

void custodian_actor::on_found(const order_ptr& order, const result<caf::message>& found) {
  if (!found && found.error().code != errc::not_found)
    return order->refuse(found.error());
  if (!found) {
    packages_->ensure(order->spec->package, order->from,
                      [self = caf::actor_cast<caf::actor>(this), order](const result<void>& how) {
                        caf::anon_send(self, package_arrived{order, how});
                      });
    return;
  }
  if (order->get_if_exists)
    return order->promise.deliver(*found);
  order->refuse({errc::already_exists, fmt::format("there is an actor \"{}\" already", order->spec->name)});
}

void custodian_actor::take_name(const order_ptr& order) {
  if (order->spec->name.empty())
    return accept(order);
  reserve_name(order->actor, order->spec->name, [this, order](const result<void>& reserved) {
    if (reserved)
      accept(order);
    else if (reserved.error().code == errc::already_exists && order->get_if_exists)
      find_existing(order); // Somebody was faster.
    else
      order->refuse(reserved.error());
  });
}

void custodian_actor::accept(const order_ptr& order) {
  submit({order->actor, order->spec, order->arguments, {}});
  if (const auto record = core().find_actor(order->actor))
    order->promise.deliver(make_actor_record(*record));
  else
    order->refuse({errc::cancelled, "the actor ended at once"});
}

} // namespace runtime
