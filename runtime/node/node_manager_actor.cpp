#include "runtime/node/node_manager_actor.hpp"

#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/atom.hpp>
#include <caf/behavior.hpp>
#include <caf/message_handler.hpp>
#include <caf/others.hpp>
#include <caf/response_promise.hpp>
#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include "runtime/net/nonsense_log.hpp"
#include "runtime/net/shell_failure.hpp"
#include "runtime/node/hosted_actor.hpp"
#include "runtime/node/node_state.hpp"
#include "runtime/node/node_wire.hpp"
#include "runtime/node/package_actor.hpp"
#include "runtime/node/work_key.hpp"
#include "runtime/proto/worker.pb.h"
#include "runtime/wire/protobuf_message.hpp"

namespace runtime {
namespace {

/// What the launcher's thread tells the shell.
struct worker_process_started {
  worker_id worker;
  std::uint32_t process_id;
};

struct worker_gone {
  worker_id worker;
};

/// Deliver is the only field of FromWorker with this tag; a frame that says it otherwise goes the longer way.
bool is_answer(const std::string& frame) {
  constexpr char deliver_tag = wire::FromWorker::kDeliverFieldNumber << 3 | 2;
  return !frame.empty() && frame.front() == deliver_tag;
}

} // namespace
} // namespace runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::worker_process_started)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::worker_exit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::worker_gone)

namespace runtime {

/// Who gets a worker's answers: whoever stands for its actor, without a detour over the node manager. Used by the
/// launcher's thread and the shell's.
class node_manager_actor::frame_router {
public:
  void set(worker_id worker, caf::actor hosted) {
    const std::lock_guard guard(mutex_);
    hosted_[worker] = std::move(hosted);
  }
  void erase(worker_id worker) {
    const std::lock_guard guard(mutex_);
    hosted_.erase(worker);
  }
  void clear() {
    const std::lock_guard guard(mutex_);
    hosted_.clear();
  }

  /// In order: answers that are followed by another frame arrive before it.
  void pass_on(const caf::actor& shell, worker_id worker, std::vector<std::string> frames) {
    const auto hosted = find(worker);
    for (std::size_t next = 0; next < frames.size();) {
      const bool answers = hosted && is_answer(frames[next]);
      worker_frames batch{worker, {}};
      while (next < frames.size() && (hosted && is_answer(frames[next])) == answers)
        batch.frames.push_back(std::move(frames[next++]));
      caf::anon_send(answers ? hosted : shell, std::move(batch));
    }
  }

private:
  caf::actor find(worker_id worker) {
    const std::lock_guard guard(mutex_);
    const auto found = hosted_.find(worker);
    return found == hosted_.end() ? caf::actor() : found->second;
  }

  std::mutex mutex_;
  std::unordered_map<worker_id, caf::actor> hosted_;
};

node_manager_actor::node_manager_actor(caf::actor_config& config, node_manager_actor_options options,
                                       caf::actor middleman, std::shared_ptr<worker_launcher> workers,
                                       caf::actor packages, std::shared_ptr<node_state> state,
                                       node_manager_events events)
  : event_based_actor(config),
    options_(std::move(options)),
    core_(options_.core, now()),
    middleman_(std::move(middleman)),
    workers_(std::move(workers)),
    packages_(std::move(packages)),
    state_(std::move(state)),
    events_(std::move(events)),
    log_(options_.log ? options_.log : spdlog::default_logger()),
    orders_(std::make_unique<node_wire::start_order_reader>()),
    router_(std::make_shared<frame_router>()) {
  set_down_handler([this](caf::down_msg& down) { on_down(down.source); });
  outlive_peers(*this, std::make_shared<nonsense_log>("node manager", log_));
  set_exception_handler(ends_process("node manager", log_));
}

node_manager_actor::~node_manager_actor() = default;

caf::behavior node_manager_actor::make_behavior() {
  listen_to_workers();
  perform(core_.on_time(now()));
  return local_behavior().or_else(owner_behavior()).or_else(head_behavior());
}

void node_manager_actor::on_exit() {
  router_->clear();
  for (const auto& [key, host] : hosted_)
    caf::anon_send_exit(host.second, caf::exit_reason::user_shutdown);
  hosted_.clear(); // Handles outlive the actor; what it holds must not.
  owners_.clear();
  head_ = nullptr;
  middleman_ = nullptr;
  packages_ = nullptr;
  workers_ = nullptr;
  events_ = {};
}

void node_manager_actor::listen_to_workers() {
  // By address: the launcher must not keep alive who owns it.
  const auto shell = [address = this->address()] { return caf::actor_cast<caf::actor>(address); };
  workers_->listen({
    [shell](worker_id worker, std::uint32_t process_id) {
      if (const auto to = shell())
        caf::anon_send(to, worker_process_started{worker, process_id});
    },
    [shell, router = router_](worker_id worker, std::vector<std::string> frames) {
      if (const auto to = shell())
        router->pass_on(to, worker, std::move(frames));
    },
    [shell](worker_exit exit) {
      if (const auto to = shell())
        caf::anon_send(to, std::move(exit));
    },
    [shell](worker_id worker) {
      if (const auto to = shell())
        caf::anon_send(to, worker_gone{worker});
    },
  });
}

// -- messages -----------------------------------------------------------------

caf::message_handler node_manager_actor::head_behavior() {
  return {
    [this](const wire::NodeWelcome& m) {
      if (is_from_head())
        perform(core_.on_welcome(m.cluster(), m.version(), static_cast<std::uint16_t>(m.liveness_port()), now()));
    },
    [this](const wire::NodeRefused& m) {
      if (is_from_head())
        perform(core_.on_refused(node_wire::from_wire(m.why()), now()));
    },
    [this](const wire::GrantLease& m) {
      if (!is_from_head())
        return;
      if (auto lease = node_wire::from_wire(m.lease()))
        perform(core_.on_grant(std::move(*lease), now()));
      else
        perform(core_.on_unreadable_grant(lease_id(m.lease().lease_id()), std::move(lease.error()), now()));
    },
    [this](const wire::EndLease& m) {
      if (is_from_head())
        perform(core_.on_end_lease(lease_id(m.lease_id()), m.why(), now()));
    },
    [this](const wire::LeaseEndHeard& m) {
      if (is_from_head())
        perform(core_.on_lease_end_heard(lease_id(m.lease_id()), now()));
    },
  };
}

caf::message_handler node_manager_actor::owner_behavior() {
  return {
    [this](const wire::StartWork& m) { on_start_work(m); },
    [this](const wire::WorkEndHeard& m) {
      perform(core_.on_work_end_heard(owner_id(m.owner_id()), node_wire::from_wire(m.work()), now()));
    },
    [this](const wire::StopWork& m) {
      constexpr std::uint64_t longest_ms = 1000ull * 60 * 60 * 24 * 365;
      const std::chrono::milliseconds deadline(std::min<std::uint64_t>(m.deadline_ms(), longest_ms));
      perform(core_.on_stop_work(owner_id(m.owner_id()), node_wire::from_wire(m.work()), deadline, now()));
    },
    [this](const wire::OwnerHello& m) { on_owner_hello(m); },
    [this](const wire::AttachActor& m) -> caf::response_promise {
      auto answer = make_response_promise();
      const auto key = node_wire::from_wire(m.work());
      if (const auto found = hosted_.find(key); found != hosted_.end())
        answer.delegate(found->second.second, m);
      else
        answer.deliver(node_wire::to_wire(error{
          errc::not_found, fmt::format("node \"{}\" hosts no actor as work {}", core_.options().node.name, key)}));
      return answer;
    },
    [this](const wire::AskPackageChunk& m) { return delegate(packages_, m); },
  };
}

caf::message_handler node_manager_actor::local_behavior() {
  return {
    [this](const worker_frames& m) {
      for (const auto& frame : m.frames)
        on_frame(m.worker, frame);
    },
    [this](const worker_process_started& m) { perform(core_.on_worker_started(m.worker, m.process_id, now())); },
    [this](const worker_exit& exit) {
      log_->log(exit.kind == exit_kind::start_failed ? spdlog::level::warn : spdlog::level::debug,
                "worker ended worker={} why=\"{}\"", exit.worker, describe(exit));
      perform(core_.on_worker_exit(exit, now()));
    },
    [this](const worker_gone& m) { perform(core_.on_worker_gone(m.worker, now())); },
    [this](const package_ready& m) { perform(core_.on_package_ready(m.package, m.program, now())); },
    [this](const package_failed& m) {
      log_->warn("package not available package={} why=\"{}\"", m.package, m.why.message);
      perform(core_.on_package_failed(m.package, m.why, now()));
    },
    [this](const node_fenced& m) {
      log_->warn("{}", m.is_fenced ? "node cut off from the cluster" : "node heard again");
      perform(m.is_fenced ? core_.on_fenced(now()) : core_.on_unfenced(now()));
    },
    [this](const drain_node&) { perform(core_.on_drain(now())); },
    [this](caf::tick_atom) {
      armed_.reset();
      perform(core_.on_time(now()));
    },
  };
}

void node_manager_actor::on_owner_hello(const wire::OwnerHello& hello) {
  const auto link = caf::actor_cast<caf::actor>(current_sender());
  if (!link)
    return; // Nobody who could be answered.
  const owner_id owner(hello.owner_id());
  auto actions = core_.on_owner_hello(owner, hello.version(), now());
  if (!actions) {
    log_->warn("owner refused owner={} why=\"{}\"", owner, actions.error().message);
    wire::OwnerRefused refusal;
    *refusal.mutable_why() = node_wire::to_wire(actions.error());
    return send(link, std::move(refusal));
  }
  if (owners_.add(owner, link))
    monitor(link);
  wire::OwnerWelcome welcome;
  welcome.set_owner_id(owner.value);
  welcome.set_cluster(core_.options().cluster);
  welcome.set_version(core_.options().version);
  send(link, std::move(welcome));
  perform(std::move(*actions));
}

void node_manager_actor::on_start_work(const wire::StartWork& message) {
  auto order = orders_->read(message);
  if (order)
    perform(core_.on_start_work(order->owner, order->work, std::move(order->order), order->package,
                                std::move(order->manifest), now()));
  else
    perform(core_.on_unreadable_work(owner_id(message.owner_id()), node_wire::from_wire(message.work()),
                                     std::move(order.error()), now()));
}

void node_manager_actor::on_frame(worker_id worker, const std::string& frame) {
  wire::FromWorker message;
  if (!message.ParseFromString(frame)) {
    auto why = describe_nonsense(frame);
    log_->warn("worker killed worker={} why=\"{}\"", worker, why);
    return workers_->kill(worker, std::move(why));
  }
  switch (message.what_case()) {
  case wire::FromWorker::kReady: return perform(core_.on_worker_ready(worker, now()));
  case wire::FromWorker::kStarted:
    return perform(core_.on_work_started(worker, node_wire::from_wire(message.started().work()), now()));
  case wire::FromWorker::kEnded: {
    const auto& ended = message.ended();
    if (!ended.left().empty())
      log_->debug("worker not used again worker={} why=\"{}\"", worker, ended.left());
    return perform(core_.on_work_ended(worker, node_wire::from_wire(ended.work()), node_wire::from_wire(ended.end()),
                                       ended.clean(), now()));
  }
  case wire::FromWorker::kDeliver:
    if (const auto found = hosted_.find(node_wire::from_wire(message.deliver().work()));
        found != hosted_.end() && found->second.first == worker)
      send(found->second.second, worker_frames{worker, {frame}});
    return;
  case wire::FromWorker::WHAT_NOT_SET: return; // From a newer worker.
  }
}

void node_manager_actor::on_down(const caf::actor_addr& source) {
  if (head_ && head_.address() == source) {
    head_ = nullptr;
    log_->warn("head lost host={} port={}", options_.head_host, options_.head_port);
    return perform(core_.on_head_lost(now()));
  }
  if (const auto owner = owners_.remove(source))
    perform(core_.on_owner_lost(*owner, now()));
}

caf::actor node_manager_actor::link_of(owner_id owner) const {
  const auto* link = owners_.find(owner);
  return link ? *link : caf::actor();
}

// -- orders of the core -------------------------------------------------------

void node_manager_actor::perform(orders::actions actions) {
  for (auto& action : actions)
    std::visit([this](auto& a) { perform(a); }, action);
  arm_timer();
}

void node_manager_actor::perform(const orders::dial_head&) {
  request(middleman_, options_.dial_timeout, caf::connect_atom_v, options_.head_host, options_.head_port)
    .then(
      [this](const caf::node_id&, caf::strong_actor_ptr& head, const std::set<std::string>&) {
        if (!head)
          return perform(core_.on_head_lost(now()));
        head_ = caf::actor_cast<caf::actor>(head);
        monitor(head_); // It may be dead already: then this says so.
        events_.on_head_linked(head_);
        perform(core_.on_head_linked(now()));
      },
      [this](const caf::error&) { perform(core_.on_head_lost(now())); });
}

void node_manager_actor::perform(const orders::say_hello&) {
  send(head_, node_wire::to_wire(core_.hello()));
}

void node_manager_actor::perform(const orders::drop_head&) {
  log_->warn("head dropped host={} port={} why=\"it did not answer\"", options_.head_host, options_.head_port);
  const auto silent = std::exchange(head_, nullptr);
  demonitor(silent);
  if (events_.on_head_dropped)
    events_.on_head_dropped(silent.node());
}

void node_manager_actor::perform(const orders::accept_lease& a) {
  wire::LeaseAccepted message;
  message.set_node_id(core_.options().node.id.value);
  message.set_lease_id(a.lease.value);
  send(head_, std::move(message));
}

void node_manager_actor::perform(const orders::refuse_lease& a) {
  log_->info("lease refused lease={} why=\"{}\"", a.lease, a.why.message);
  wire::LeaseRefused message;
  message.set_node_id(core_.options().node.id.value);
  message.set_lease_id(a.lease.value);
  *message.mutable_why() = node_wire::to_wire(a.why);
  send(head_, std::move(message));
}

void node_manager_actor::perform(const orders::tell_lease_ended& a) {
  wire::LeaseEnded message;
  message.set_node_id(core_.options().node.id.value);
  message.set_lease_id(a.lease.value);
  send(head_, std::move(message));
}

void node_manager_actor::perform(const orders::tell_draining&) {
  wire::NodeDraining message;
  message.set_node_id(core_.options().node.id.value);
  send(head_, std::move(message));
}

void node_manager_actor::perform(const orders::tell_leaving&) {
  wire::NodeLeaves message;
  message.set_node_id(core_.options().node.id.value);
  message.set_incarnation(core_.options().node.start.value);
  send(head_, std::move(message));
}

void node_manager_actor::perform(const orders::tell_task_started& a) {
  const auto link = link_of(a.owner);
  if (!link)
    return;
  wire::WorkStarted message;
  *message.mutable_work() = node_wire::to_wire(a.work);
  message.set_worker_id(a.worker.value);
  message.set_process_id(a.process_id);
  send(link, std::move(message));
}

void node_manager_actor::perform(const orders::host_actor& a) {
  auto hosted = spawn<hosted_actor>(hosted_work{a.work, a.actor, a.worker, a.process_id}, workers_, link_of(a.owner));
  router_->set(a.worker, hosted);
  hosted_[a.work] = {a.worker, std::move(hosted)};
}

void node_manager_actor::perform(const orders::announce_actor& a) {
  if (const auto link = link_of(a.owner))
    send(hosted_.at(a.work).second, announce_hosted{link});
}

void node_manager_actor::perform(orders::tell_work_ended& a) {
  const auto link = link_of(a.owner);
  wire::WorkEnded message;
  *message.mutable_work() = node_wire::to_wire(a.work);
  *message.mutable_end() = node_wire::to_wire(std::move(a.end));
  const auto found = hosted_.find(a.work);
  if (found == hosted_.end()) {
    if (link)
      send(link, std::move(message));
    return;
  }
  router_->erase(found->second.first);
  send(found->second.second, hosted_ended{link}, std::move(message)); // After the last answer of its worker.
  hosted_.erase(found);
}

void node_manager_actor::perform(orders::start_worker& a) {
  workers_->start(a.worker, std::move(a.program), std::move(a.setting));
}

void node_manager_actor::perform(orders::run_work& a) {
  wire::ToWorker message;
  auto& run = *message.mutable_run();
  *run.mutable_work() = node_wire::to_wire(a.work);
  run.set_actor(a.order.kind == work_kind::actor);
  run.set_type_name(std::move(a.order.type_name));
  run.set_arguments(std::move(a.order.arguments));
  workers_->send(a.worker, message.SerializeAsString());
}

void node_manager_actor::perform(const orders::stop_work& a) {
  wire::ToWorker message;
  *message.mutable_stop()->mutable_work() = node_wire::to_wire(a.work);
  workers_->send(a.worker, message.SerializeAsString());
}

void node_manager_actor::perform(const orders::end_worker& a) {
  wire::ToWorker message;
  message.mutable_exit();
  workers_->send(a.worker, message.SerializeAsString());
}

void node_manager_actor::perform(const orders::kill_worker& a) {
  log_->info("worker killed worker={} why=\"{}\"", a.worker, a.why);
  workers_->kill(a.worker, a.why);
}

void node_manager_actor::perform(const orders::want_package& a) {
  send(packages_, package_wanted{a.package, a.manifest, link_of(a.from), a.holders});
}

void node_manager_actor::perform(const orders::release_package& a) {
  send(packages_, package_unwanted{a.package});
}

void node_manager_actor::perform(const orders::welcomed& a) {
  // Not the head's own words: in the head's process both write into one log.
  log_->info("cluster joined cluster={} node={} name=\"{}\"", a.cluster, core_.options().node.id,
             core_.options().node.name);
  if (a.is_new && state_)
    if (const auto saved = state_->save_cluster(a.cluster); !saved) // Once in a node's life, so it may take its time.
      return perform(core_.on_refused(saved.error(), now()));
  if (events_.on_welcomed)
    events_.on_welcomed(a.cluster, a.liveness_port);
}

void node_manager_actor::perform(const orders::refused& a) {
  log_->error("node refused why=\"{}\"", a.why.message);
  if (events_.on_refused)
    events_.on_refused(a.why);
}

void node_manager_actor::perform(const orders::leave&) {
  log_->info("cluster left node={} name=\"{}\"", core_.options().node.id, core_.options().node.name);
  const auto told = events_.on_left;
  quit();
  if (told)
    told();
}

void node_manager_actor::arm_timer() {
  const auto next = core_.wake_at();
  if (!next || (armed_ && *armed_ <= *next))
    return; // CAF cannot take back a delayed message: an earlier one on its way is enough.
  armed_ = next;
  delayed_send(this, *next - now(), caf::tick_atom::value);
}

} // namespace runtime
