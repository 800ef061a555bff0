#include "runtime/owner/custodian_actor.hpp"

#include <limits>
#include <utility>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/behavior.hpp>
#include <caf/message_handler.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "runtime/owner/detached_store.hpp"
#include "runtime/owner/owner_wire.hpp"
#include "runtime/wire/protobuf_message.hpp"

namespace runtime {

/// A SpawnDetached on its way to be accepted.
struct detached_order {
  actor_id actor;
  std::shared_ptr<const work_spec> spec;
  std::shared_ptr<const std::string> arguments;
  std::shared_ptr<wire::DetachedActor> kept;
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

[[nodiscard]] result<std::shared_ptr<const work_spec>> read_spec(const wire::SpawnDetached& message) {
  auto wants = read_demand(message.demand());
  if (!wants)
    return fail(wants.error());
  auto package = read_package(message.package());
  if (!package)
    return fail(package.error());
  auto spec = std::make_shared<work_spec>();
  spec->kind = work_kind::actor;
  spec->type_name = message.type_name();
  spec->wants = std::move(*wants);
  spec->environment.insert(message.environment().begin(), message.environment().end());
  spec->name = message.name();
  spec->max_restarts = restarts_of(message.max_restarts());
  spec->package = std::make_shared<const package_manifest>(std::move(*package));
  return spec;
}

} // namespace
} // namespace runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::package_arrived)

namespace runtime {

custodian_actor::custodian_actor(caf::actor_config& config, owner_actor_options options,
                                 std::shared_ptr<package_intake> packages, std::function<actor_id()> make_id,
                                 std::shared_ptr<detached_store> store)
  : owner_actor(config, std::move(options)),
    packages_(std::move(packages)),
    make_id_(std::move(make_id)),
    store_(std::move(store)) {
}

custodian_actor::~custodian_actor() = default;

caf::behavior custodian_actor::make_behavior() {
  begin();
  restore_all();
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
  auto spec = read_spec(message);
  if (!spec)
    return order->refuse(spec.error());
  order->actor = make_id_();
  order->spec = std::move(*spec);
  order->kept = std::make_shared<wire::DetachedActor>();
  order->kept->set_actor_id(order->actor.value);
  *order->kept->mutable_spawn() = message;
  order->arguments = std::make_shared<const std::string>(message.arguments());
  order->get_if_exists = message.get_if_exists();
  order->from = caf::actor_cast<caf::actor>(order->promise.source()); // The promise took the sender from the message.
  if (const auto own = names_.find(message.name()); own != names_.end())
    return answer_existing(order, caf::make_message(make_actor_record(*core().find_actor(own->second))));
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
  answer_existing(order, *found);
}

void custodian_actor::answer_existing(const order_ptr& order, const caf::message& record) {
  if (order->get_if_exists)
    order->promise.deliver(record);
  else
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
  if (const auto safe = keep(*order->kept); !safe)
    return order->refuse(within("the head cannot keep the actor", safe.error()));
  submit({order->actor, order->spec, order->arguments, watch(order->kept)});
  if (const auto record = core().find_actor(order->actor))
    order->promise.deliver(make_actor_record(*record));
  else
    order->refuse({errc::cancelled, "the actor ended at once"});
}

// ---- what outlives this process ----

void custodian_actor::restore_all() {
  if (!store_)
    return;
  const auto all = store_->load();
  if (!all)
    return log().error("detached actors cannot be read, and are not gone on with why=\"{}\"", all.error().message);
  for (const auto& [actor, bytes] : *all)
    restore(actor, bytes);
}

void custodian_actor::restore(actor_id actor, const std::string& bytes) {
  const auto kept = std::make_shared<wire::DetachedActor>();
  const auto parsed = kept->ParseFromString(bytes) && kept->actor_id() == actor.value;
  const auto spec = parsed ? read_spec(kept->spawn()) : fail(errc::io, "the file is damaged");
  if (!spec) // It stays where it is, for whoever can read it.
    return log().error("detached actor cannot be read, and is not gone on with actor={:016x} why=\"{}\"", actor.value,
                       spec.error().message);
  log().info("detached actor is gone on with actor={:016x} name=\"{}\"", actor.value, (*spec)->name);
  std::shared_ptr<const granted_lease> lease;
  if (kept->has_lease())
    if (auto read = read_lease(kept->lease()); read)
      lease = std::make_shared<const granted_lease>(std::move(*read));
  owner_actor::restore({actor, *spec, std::make_shared<const std::string>(kept->spawn().arguments()), watch(kept)},
                       std::move(lease), kept->restarts());
}

actor_watch custodian_actor::watch(const kept_ptr& kept) {
  const auto keep_again = [this, kept] {
    if (const auto safe = keep(*kept); !safe)
      log().error("detached actor cannot be kept actor={:016x} why=\"{}\"", kept->actor_id(), safe.error().message);
  };
  if (!kept->spawn().name().empty())
    names_[kept->spawn().name()] = actor_id{kept->actor_id()};
  actor_watch out;
  out.on_alive = [this, kept, keep_again](const actor_record& record, const caf::actor&) {
    kept->set_restarts(record.restarts);
    kept->clear_lease();
    if (const auto lease = core().lease_of(record.id))
      *kept->mutable_lease() = make_lease(*lease);
    keep_again();
  };
  out.on_restarting = [this, kept, keep_again](const error&) {
    kept->clear_lease();
    if (const auto record = core().find_actor(actor_id{kept->actor_id()}))
      kept->set_restarts(record->restarts);
    keep_again();
  };
  out.on_ended = [this, kept](const result<void>&) { forget(*kept); };
  return out;
}

result<void> custodian_actor::keep(const wire::DetachedActor& kept) {
  if (!store_)
    return {};
  return store_->keep(actor_id{kept.actor_id()}, kept.SerializeAsString());
}

void custodian_actor::forget(const wire::DetachedActor& kept) {
  names_.erase(kept.spawn().name());
  if (store_ && !is_ending())
    store_->forget(actor_id{kept.actor_id()});
}

} // namespace runtime
