#include "runtime/owner/owner_actor.hpp"

#include <set>
#include <utility>

#include <caf/behavior.hpp>
#include <caf/message_handler.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "runtime/base/overloaded.hpp"
#include "runtime/net/caf_error.hpp"
#include "runtime/net/nonsense_log.hpp"
#include "runtime/net/shell_failure.hpp"
#include "runtime/owner/owner_wire.hpp"
#include "runtime/owner/package_server_actor.hpp"
#include "runtime/wire/protobuf_message.hpp"

namespace runtime {
namespace {

constexpr std::chrono::minutes package_deadline{10};    // Digests are made of every file.
constexpr std::chrono::seconds reservation_deadline{5}; // Then it is asked again.

const error ended{errc::cancelled, "the owner of this work has ended"};

template <class F, class... Args>
void call(const F& f, Args&&... args) {
  if (f)
    f(std::forward<Args>(args)...);
}

} // namespace

owner_actor::owner_actor(caf::actor_config& config, owner_actor_options options)
  : event_based_actor(config),
    options_(std::move(options)),
    core_(options_.core) {
  if (!options_.log)
    options_.log = spdlog::default_logger();
  set_down_handler([this](const caf::down_msg& down) { on_down(down); });
  outlive_peers(*this, std::make_shared<nonsense_log>("owner", options_.log));
  set_exception_handler(
    ends_actor(fmt::format("owner {}", options_.core.owner), options_.log, [this](const error& why) { give_up(why); }));
}

caf::behavior owner_actor::make_behavior() {
  begin();
  return handlers();
}

void owner_actor::begin() {
  perform(core_.on_begin(now()));
}

caf::message_handler owner_actor::handlers() {
  return embedder_handlers().or_else(head_handlers()).or_else(node_handlers());
}

void owner_actor::on_exit() {
  give_up(ended);
  head_ = nullptr; // Actors that hold each other's handles would never be freed.
  nodes_.clear();
  options_.middleman = nullptr;
  options_.packages = nullptr;
  options_.on_head_linked = nullptr; // It may hold actors, too.
}

void owner_actor::give_up(const error& why) {
  ending_ = true;
  const auto tasks = std::exchange(tasks_, {});
  for (const auto& [id, task] : tasks)
    task.on_end(fail(why));
  const auto actors = std::exchange(actors_, {});
  for (const auto& [id, watch] : actors)
    watch.on_ended(fail(why));
  const auto groups = std::exchange(groups_, {});
  for (const auto& [id, group] : groups)
    group.on_granted(fail(why)); // Nothing when it was called before.
  const auto questions = std::exchange(questions_, {});
  for (const auto& [id, open] : questions)
    open.question.on_answer(fail(why));
  call(std::exchange(options_.on_connected, nullptr), fail(why));
}

caf::message_handler owner_actor::embedder_handlers() {
  return {
    [this](submit_task& order) {
      want_package(*order.spec);
      tasks_[order.task] = {std::move(order.on_end), std::move(order.on_waits)};
      perform(core_.on_submit_task(order.task, std::move(order.spec), std::move(order.arguments), now()));
    },
    [this](const stop_task& order) { perform(core_.on_stop_task(order.task, order.deadline, now())); },
    [this](submit_actor& order) { submit(std::move(order)); },
    [this](const stop_actor& order) { stop(order); },
    [this](submit_group& order) {
      const auto group = order.group;
      auto wants = order.wants;
      groups_[group] = std::move(order);
      perform(core_.on_submit_group(group, std::move(wants), now()));
    },
    [this](const release_group& order) {
      perform(core_.on_release_group(order.group, now()));
      if (const auto group = groups_.extract(order.group))
        group.mapped().on_granted(fail(errc::cancelled, "the placement group was released"));
    },
    [this](ask_head& question) { ask(std::move(question)); },
    [this](const leave_cluster& order) { return leave(order); },
    [this](caf::tick_atom) {
      armed_.reset();
      answer_late_questions();
      perform(core_.on_time(now()));
    },
  };
}

caf::result<caf::ok_atom> owner_actor::leave(const leave_cluster& order) {
  give_up(ended);
  if (!core_.is_connected()) {
    quit();
    return caf::ok_atom_v;
  }
  auto promise = make_response_promise<caf::ok_atom>();
  auto end = [this, promise]() mutable {
    promise.deliver(caf::ok_atom_v);
    quit();
  };
  wire::OwnerLeaves message;
  message.set_owner_id(options_.core.owner.value);
  request(head_, order.deadline, std::move(message))
    .then([end](const wire::OwnerLeft&) mutable { end(); },
          [end](const caf::error&) mutable { end(); }); // It misses this owner after the grace, as one that died.
  return promise;
}

void owner_actor::submit(submit_actor order) {
  want_package(*order.spec);
  actors_[order.actor] = std::move(order.watch);
  perform(core_.on_submit_actor(order.actor, std::move(order.spec), std::move(order.arguments), now()));
}

void owner_actor::restore(submit_actor order, std::shared_ptr<const granted_lease> lease, std::uint32_t restarts) {
  want_package(*order.spec);
  actors_[order.actor] = std::move(order.watch);
  perform(core_.on_restore_actor(order.actor, std::move(order.spec), std::move(order.arguments), std::move(lease),
                                 restarts, now()));
}

void owner_actor::stop(const stop_actor& order) {
  perform(core_.on_stop_actor(order.actor, order.deadline, now()));
}

caf::message_handler owner_actor::head_handlers() {
  return {
    [this](const wire::OwnerWelcome& message) {
      if (const auto node = node_of_sender())
        return perform(core_.on_node_welcome(*node, now()));
      perform(core_.on_head_welcome(message.cluster(), now()));
      for (auto& [id, open] : std::exchange(questions_, {}))
        ask_now(std::move(open));
    },
    [this](const wire::OwnerRefused& message) {
      if (const auto node = node_of_sender())
        return perform(core_.on_node_refused(*node, error_of(message.why()), now()));
      options_.log->warn("head refuses owner={} why=\"{}\"", options_.core.owner, message.why().message());
      perform(core_.on_head_refused(error_of(message.why()), now()));
    },
    [this](const wire::DemandAnswer& answer) {
      const request_id request{answer.request_id()};
      switch (answer.answer_case()) {
      case wire::DemandAnswer::kGranted: {
        auto leases = read_granted(answer.granted());
        if (leases)
          perform(core_.on_demand_granted(request, std::move(*leases), now()));
        else
          perform(core_.on_demand_refused(request, std::move(leases.error()), now()));
        break;
      }
      case wire::DemandAnswer::kWaits: perform(core_.on_demand_waits(request, answer.waits().why(), now())); break;
      case wire::DemandAnswer::kRefused:
        perform(core_.on_demand_refused(request, error_of(answer.refused()), now()));
        break;
      case wire::DemandAnswer::ANSWER_NOT_SET: break; // Of a newer head.
      }
    },
    [this](const wire::LeaseLost& message) {
      perform(core_.on_lease_lost(lease_id{message.lease_id()}, error_of(message.why()), now()));
    },
  };
}

caf::message_handler owner_actor::node_handlers() {
  return {
    [this](const wire::WorkStarted& message) {
      perform(core_.on_work_started(read_work_key(message.work()), message.process_id(), now()));
    },
    [this](const wire::WorkEnded& message) {
      auto end = read_work_end(message.end());
      if (!end) // What cannot be read is an end all the same.
        end = work_end{work_end::how::worker_lost, {}, std::move(end.error()), 0};
      perform(core_.on_work_ended(read_work_key(message.work()), std::move(*end), now()));
    },
    [this](const wire::AskPackageChunk& question) { return delegate(options_.packages, question); },
  };
}

void owner_actor::perform(owner_core::actions actions) {
  if (ending_)
    return; // It wants nothing any more.
  for (auto& action : actions)
    std::visit([this](auto& a) { perform(a); }, action);
  arm_timer();
}

void owner_actor::perform(owner_core::reserve_name& a) {
  reserve_name(a.actor, a.name, [this, actor = a.actor](const result<void>& reserved) {
    if (reserved)
      perform(core_.on_name_reserved(actor, now()));
    else if (reserved.error().code != errc::unreachable) // Otherwise the core repeats it.
      perform(core_.on_name_refused(actor, reserved.error(), now()));
  });
}

void owner_actor::reserve_name(actor_id actor, const std::string& name, std::function<void(result<void>)> then) {
  wire::ReserveName question;
  question.set_owner_id(options_.core.owner.value);
  question.set_actor_id(actor.value);
  question.set_name(name);
  const auto asked = request(head_, reservation_deadline, std::move(question)).id();
  add_multiplexed_response_handler(asked, caf::behavior{
                                            [then](const wire::ActorRecord&) { then({}); },
                                            [then](const wire::Failure& why) { then(fail(error_of(why))); },
                                            [this, then](const caf::error&) { then(fail(head_is_silent())); },
                                          });
}

void owner_actor::perform(owner_core::demand_lease& a) {
  send(head_, make_demand(options_.core.owner, a));
}

void owner_actor::perform(owner_core::demand_group& a) {
  send(head_, make_demand(options_.core.owner, a));
}

void owner_actor::perform(owner_core::cancel_demand& a) {
  wire::CancelDemand message;
  message.set_owner_id(options_.core.owner.value);
  message.set_request_id(a.request.value);
  send(head_, std::move(message));
}

void owner_actor::perform(owner_core::release_lease& a) {
  wire::ReleaseLease message;
  message.set_owner_id(options_.core.owner.value);
  message.set_lease_id(a.lease.value);
  send(head_, std::move(message));
}

void owner_actor::perform(owner_core::announce_actors& a) {
  send(head_, make_announcement(options_.core.owner, a));
}

void owner_actor::perform(owner_core::start_work& a) {
  auto message = make_start(options_.core.owner, a);
  *message.mutable_package() = a.spec->package ? make_package(*a.spec->package) : *package_;
  send(nodes_.at(a.node), std::move(message));
}

void owner_actor::perform(owner_core::stop_work& a) {
  send(nodes_.at(a.node), make_stop(options_.core.owner, a));
}

void owner_actor::perform(owner_core::hear_work_end& a) {
  wire::WorkEndHeard message;
  message.set_owner_id(options_.core.owner.value);
  *message.mutable_work() = make_work_key(a.work);
  if (const auto link = nodes_.find(a.node); link != nodes_.end())
    send(link->second, std::move(message)); // An actor's end is told by whoever stood for it, and is gone now.
  else
    send(caf::actor_cast<caf::actor>(current_sender()), std::move(message));
}

void owner_actor::perform(owner_core::connected&) {
  options_.log->info("connected owner={} head={}", options_.core.owner, options_.core.head_address);
  call(std::exchange(options_.on_connected, nullptr), result<void>{});
}

void owner_actor::perform(owner_core::not_connected& a) {
  call(std::exchange(options_.on_connected, nullptr), fail(std::move(a.why)));
}

void owner_actor::perform(owner_core::task_waits& a) {
  if (const auto task = tasks_.find(a.task); task != tasks_.end())
    call(task->second.on_waits, a.why);
}

void owner_actor::perform(owner_core::actor_waits& a) {
  if (const auto* watch = watch_of(a.actor))
    call(watch->on_waits, a.why);
}

void owner_actor::perform(owner_core::task_finished& a) {
  if (const auto task = tasks_.extract(a.task))
    task.mapped().on_end(std::move(a.outcome));
}

void owner_actor::perform(owner_core::actor_is_alive& a) {
  if (const auto* watch = watch_of(a.record.id))
    call(watch->on_alive, a.record, caf::actor_cast<caf::actor>(current_sender())); // Whoever stands for it.
}

void owner_actor::perform(owner_core::actor_is_out_of_reach& a) {
  if (const auto* watch = watch_of(a.actor))
    call(watch->on_out_of_reach, a.why);
}

void owner_actor::perform(owner_core::actor_is_restarting& a) {
  options_.log->info("actor restarts actor={} why=\"{}\"", a.actor, a.why.message);
  if (const auto* watch = watch_of(a.actor))
    call(watch->on_restarting, a.why);
}

void owner_actor::perform(owner_core::actor_ended& a) {
  if (const auto watch = actors_.extract(a.actor))
    watch.mapped().on_ended(a.how);
}

void owner_actor::perform(owner_core::group_waits& a) {
  if (const auto group = groups_.find(a.group); group != groups_.end())
    call(group->second.on_waits, a.why);
}

void owner_actor::perform(owner_core::group_granted& a) {
  if (const auto group = groups_.find(a.group); group != groups_.end())
    group->second.on_granted(std::move(a.leases));
}

void owner_actor::perform(owner_core::group_refused& a) {
  if (const auto group = groups_.extract(a.group))
    group.mapped().on_granted(fail(std::move(a.why)));
}

void owner_actor::perform(owner_core::bundle_moved& a) {
  if (const auto group = groups_.find(a.group); group != groups_.end())
    call(group->second.on_bundle_moved, a.lease);
}

void owner_actor::want_package(const work_spec& spec) {
  if (package_asked_ || spec.package)
    return;
  package_asked_ = true;
  request(options_.packages, package_deadline, caf::get_atom_v)
    .then(
      [this](const own_package& own) {
        if (!own.manifest)
          return perform(core_.on_package(fail(own.manifest.error()), now()));
        package_ = std::make_shared<const wire::Package>(make_package(**own.manifest));
        perform(core_.on_package({}, now()));
      },
      [this](const caf::error& why) { perform(core_.on_package(fail(from_caf_error(why)), now())); });
}

const actor_watch* owner_actor::watch_of(actor_id actor) const {
  const auto found = actors_.find(actor);
  return found == actors_.end() ? nullptr : &found->second;
}

std::optional<node_id> owner_actor::node_of_sender() {
  const auto found = node_addresses_.find(caf::actor_cast<caf::actor_addr>(current_sender()));
  return found == node_addresses_.end() ? std::nullopt : std::optional(found->second);
}

void owner_actor::arm_timer() {
  auto next = core_.wake_at();
  for (const auto& [id, open] : questions_)
    if (!next || open.until < *next)
      next = open.until;
  if (!next || (armed_ && *armed_ <= *next))
    return; // CAF cannot take back a delayed message: an earlier one on its way is enough.
  armed_ = next;
  delayed_send(this, *next - now(), caf::tick_atom_v);
}

} // namespace runtime
