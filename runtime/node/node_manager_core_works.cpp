#include <utility>

#include "runtime/base/invariant.hpp"
#include "runtime/base/overloaded.hpp"
#include "runtime/node/node_manager_core.hpp"
#include "runtime/node/work_environment.hpp"
#include "runtime/node/work_key.hpp"

namespace runtime {
namespace {

work_end not_started(error why) {
  return {work_end::how::not_started, {}, std::move(why), 0};
}

work_end stopped(const std::string& why) {
  return {work_end::how::stopped, {}, {errc::cancelled, why.empty() ? "it was stopped" : why}, 0};
}

} // namespace

work_end node_manager_core::cut_off() {
  return not_started({errc::node_lost, "its node was cut off from the cluster"});
}

// -- what owners want ---------------------------------------------------------

/// Refused, never for ever: another lease may be good for the same work.
result<void> node_manager_core::may_start(owner_id owner, work_key key) const {
  const auto& name = options_.node.name;
  if (!owners_.knows(owner))
    return fail(errc::refused, fmt::format("node \"{}\" does not know owner {}; it says hello first", name, owner));
  const auto found = leases_.find(key.lease);
  if (found == leases_.end() || found->second.held.owner != owner)
    return fail(errc::refused, fmt::format("node \"{}\" holds no lease {} of owner {}", name, key.lease, owner));
  const auto& l = found->second;
  if (l.ending)
    return fail(errc::refused, fmt::format("node \"{}\": lease {} is ending", name, key.lease));
  if (!l.begun.may_come(key.number) || (!l.held.bundle && key.number != 1))
    return fail(errc::refused,
                fmt::format("node \"{}\": work {} has ended already, or has a number that comes later", name, key));
  return {};
}

bool node_manager_core::tell_again(owner_id owner, work_key key, instant now, actions& out) {
  if (const auto ended = unheard_works_.find(key); ended != unheard_works_.end()) {
    if (ended->second.owner == owner) {
      ended->second.told_at = now;
      out.push_back(tell_work_ended{owner, key, ended->second.end});
    }
    return true;
  }
  const auto found = works_.find(key);
  if (found == works_.end())
    return returning_.count(key) != 0; // Its end was heard.
  const auto& w = found->second;
  if (w.owner != owner || !w.started)
    return true;
  if (w.kind == work_kind::actor)
    out.push_back(announce_actor{owner, key});
  else if (const auto worker = workers_.worker_of(key))
    out.push_back(tell_task_started{owner, key, *worker, known_workers_.at(*worker).process_id});
  return true;
}

node_manager_core::actions node_manager_core::on_start_work(owner_id owner, work_key key, work_order order,
                                                            package_id package,
                                                            std::shared_ptr<const package_manifest> manifest,
                                                            instant now) {
  actions out;
  if (left_ || tell_again(owner, key, now, out))
    return out;
  if (auto may = may_start(owner, key); !may) {
    out.push_back(tell_work_ended{owner, key, not_started(std::move(may.error()))}); // Told once for each order.
    return out;
  }
  auto& l = leases_.at(key.lease);
  l.begun.add(key.number);
  ++l.works;
  work w;
  w.owner = owner;
  w.kind = order.kind;
  w.actor = order.actor;
  w.order = std::move(order);
  w.package = package;
  w.manifest = std::move(manifest);
  works_.emplace(key, std::move(w));
  if (fenced_)
    end_unstarted(key,
                  not_started({errc::refused, fmt::format("node \"{}\" was silent for too long", options_.node.name)}),
                  now, out);
  else
    place(key, now, out);
  return out;
}

node_manager_core::actions node_manager_core::on_unreadable_work(owner_id owner, work_key key, error why, instant now) {
  actions out;
  if (left_ || tell_again(owner, key, now, out))
    return out;
  if (const auto may = may_start(owner, key); !may) {
    out.push_back(tell_work_ended{owner, key, not_started(std::move(why))});
    return out;
  }
  auto& l = leases_.at(key.lease);
  l.begun.add(key.number);
  ++l.works;
  work w;
  w.owner = owner;
  works_.emplace(key, std::move(w));
  end_unstarted(key, not_started(std::move(why)), now, out);
  return out;
}

node_manager_core::actions node_manager_core::on_stop_work(owner_id owner, work_key key,
                                                           std::chrono::milliseconds deadline, instant now) {
  actions out;
  if (const auto found = works_.find(key); !left_ && found != works_.end() && found->second.owner == owner)
    stop(key, "its owner stopped it", deadline, now, out);
  return out;
}

node_manager_core::actions node_manager_core::on_work_end_heard(owner_id owner, work_key key, instant now) {
  actions out;
  if (const auto found = unheard_works_.find(key); found != unheard_works_.end() && found->second.owner == owner)
    unheard_works_.erase(found);
  leave_if_done(now, out);
  return out;
}

// -- a work's way to its worker -----------------------------------------------

void node_manager_core::place(work_key key, instant now, actions& out) {
  if (fenced_)
    return end_unstarted(key, cut_off(), now, out);
  auto& l = leases_.at(key.lease);
  auto& w = works_.at(key);
  auto share = l.room.take(w.order.resources);
  if (!share && share.error().code == errc::refused && l.returning > 0) {
    l.waiting.insert(key.number); // What it wants is free as soon as a worker's end is seen.
    return;
  }
  if (!share)
    return end_unstarted(key, not_started(within(fmt::format("work {}", key), std::move(share.error()))), now, out);
  w.share = std::move(*share);
  w.state = work_state::wants_package;
  if (packages_.add(w.package))
    out.push_back(want_package{w.owner, w.package, w.manifest, w.order.package_holders});
  if (packages_.program(w.package))
    want_worker(key, now, out);
  else
    packages_.wait(w.package, key);
}

void node_manager_core::want_worker(work_key key, instant now, actions& out) {
  auto& w = works_.at(key);
  w.state = work_state::in_table;
  const bool node_has_gpus = !book_.capacity().gpu().is_zero();
  const auto& scratch = options_.scratch_directory;
  work_place place{options_.node.name, scratch.empty() ? "" : fmt::format("{}/{}", scratch, w.owner)};
  worker_spec spec{w.owner, std::string(w.package.bytes()),
                   work_environment(w.order.environment, w.share, node_has_gpus, options_.gpu_names, std::move(place)),
                   !w.share.resources.gpu().is_zero()};
  perform(workers_.on_wanted(key, spec, now), now, out);
}

void node_manager_core::stop(work_key key, const std::string& why, std::chrono::nanoseconds deadline, instant now,
                             actions& out) {
  const auto found = works_.find(key);
  if (found == works_.end())
    return;
  auto& w = found->second;
  if (w.state != work_state::in_table)
    return end_unstarted(key, stopped(why), now, out);
  if (w.why_stopped.empty())
    w.why_stopped = why;
  perform(workers_.on_stop(key, now + deadline, now), now, out);
}

node_manager_core::actions node_manager_core::on_package_ready(package_id package, worker_program program,
                                                               instant now) {
  actions out;
  if (!left_)
    for (const auto key : packages_.on_ready(package, std::move(program)))
      want_worker(key, now, out);
  return out;
}

node_manager_core::actions node_manager_core::on_package_failed(package_id package, const error& why, instant now) {
  actions out;
  if (left_)
    return out;
  if (why.code == errc::io) // It could not be kept here, whoever has sent it.
    starts_.on_failed(fmt::format("package {}: {}", package, why.message), now);
  for (const auto key : packages_.on_failed(package))
    end_unstarted(key, not_started(within(fmt::format("package {}", package), why)), now, out);
  if (const auto& others = packages_.waiting(package); !others.empty()) { // They got the room of those that failed.
    const auto& next = works_.at(*others.begin());
    out.push_back(want_package{next.owner, next.package, next.manifest, next.order.package_holders});
  }
  return out;
}

void node_manager_core::fetch_again(owner_id owner, actions& out) {
  std::set<package_id> wanted;
  for (const auto& [key, w] : works_)
    if (w.owner == owner && w.state == work_state::wants_package && wanted.insert(w.package).second)
      out.push_back(want_package{owner, w.package, w.manifest, w.order.package_holders});
}

void node_manager_core::use_no_more(const package_id& package, actions& out) {
  if (packages_.remove(package))
    out.push_back(release_package{package});
}

// -- its end ------------------------------------------------------------------

void node_manager_core::end_unstarted(work_key key, work_end end, instant now, actions& out) {
  const auto& w = works_.at(key);
  const bool has_room = w.state == work_state::wants_package;
  const auto share = w.share;
  end_work(key, std::move(end), now, out);
  if (has_room)
    give_back(key, share, now, out);
  else
    end_lease_if_done(key.lease, now, out);
}

void node_manager_core::end_work(work_key key, work_end end, instant now, actions& out) {
  const auto found = works_.find(key);
  const auto w = std::move(found->second);
  works_.erase(found);
  auto& l = leases_.at(key.lease);
  --l.works;
  l.ending = l.ending || !l.held.bundle;
  if (w.state == work_state::wants_room)
    l.waiting.erase(key.number);
  else {
    ++l.returning;
    packages_.wait_no_more(w.package, key);
    if (const auto& others = packages_.waiting(w.package); !others.empty()) { // From whom it was fetched may be gone.
      const auto& next = works_.at(*others.begin());
      if (!owners_.is_linked(w.owner))
        out.push_back(want_package{next.owner, next.package, next.manifest, next.order.package_holders});
    }
    use_no_more(w.package, out);
  }
  if (w.state == work_state::in_table)
    returning_.emplace(key, w.share);
  tell_end(w.owner, key, std::move(end), now, out);
}

void node_manager_core::give_back(work_key key, const lease_room::share& share, instant now, actions& out) {
  auto& l = leases_.at(key.lease);
  l.room.give_back(share);
  --l.returning;
  for (const auto number : std::set<std::uint32_t>(std::exchange(l.waiting, {})))
    place({key.lease, number}, now, out); // Which may wait again.
  end_lease_if_done(key.lease, now, out);
}

void node_manager_core::tell_end(owner_id owner, work_key key, work_end end, instant now, actions& out) {
  if (owners_.knows(owner)) {
    unheard_works_[key] = {owner, end, now};
    arm_repeat(now);
  }
  out.push_back(tell_work_ended{owner, key, std::move(end)});
}

// -- workers ------------------------------------------------------------------

node_manager_core::actions node_manager_core::on_worker_started(worker_id worker, std::uint32_t process_id, instant) {
  starts_.on_started();
  if (const auto found = known_workers_.find(worker); found != known_workers_.end())
    found->second.process_id = process_id;
  return {};
}

node_manager_core::actions node_manager_core::on_worker_ready(worker_id worker, instant now) {
  actions out;
  if (!left_)
    perform(workers_.on_registered(worker, now), now, out);
  return out;
}

node_manager_core::actions node_manager_core::on_work_started(worker_id worker, work_key key, instant) {
  const auto found = works_.find(key);
  if (left_ || found == works_.end() || workers_.worker_of(key) != worker)
    return {};
  auto& w = found->second;
  if (w.kind != work_kind::actor || std::exchange(w.started, true))
    return {};
  return {host_actor{w.owner, key, w.actor, worker, known_workers_.at(worker).process_id}};
}

node_manager_core::actions node_manager_core::on_work_ended(worker_id worker, work_key key, work_end end, bool clean,
                                                            instant now) {
  actions out;
  const auto found = works_.find(key);
  if (left_ || found == works_.end() || workers_.worker_of(key) != worker)
    return out;
  found->second.said = std::move(end);
  perform(workers_.on_work_ended(worker, key, clean, now), now, out);
  return out;
}

node_manager_core::actions node_manager_core::on_worker_exit(worker_exit exit, instant now) {
  actions out;
  if (left_)
    return out;
  const auto worker = exit.worker;
  if (exit.kind == exit_kind::start_failed && exit.start_error == errc::io)
    starts_.on_failed(exit.message, now);
  perform(workers_.on_exit(std::move(exit), now), now, out);
  forget_gone(worker, out);
  return out;
}

node_manager_core::actions node_manager_core::on_worker_gone(worker_id worker, instant now) {
  actions out;
  if (left_)
    return out;
  perform(workers_.on_gone(worker, now), now, out);
  forget_gone(worker, out);
  return out;
}

/// Unless it has survivors: they run from its package's files.
void node_manager_core::forget_gone(worker_id worker, actions& out) {
  const auto found = known_workers_.find(worker);
  if (found == known_workers_.end() || workers_.state_of(worker))
    return;
  const auto package = found->second.package;
  known_workers_.erase(found);
  use_no_more(package, out);
}

void node_manager_core::perform(const worker_table::actions& orders, instant now, actions& out) {
  for (const auto& order : orders)
    std::visit(overloaded{
                 [&](const worker_table::start_worker& o) { perform(o, out); },
                 [&](const worker_table::run_work& o) { perform(o, out); },
                 [&](const worker_table::stop_work& o) { out.push_back(o); },
                 [&](const worker_table::end_worker& o) { out.push_back(o); },
                 [&](const worker_table::kill_worker& o) { out.push_back(o); },
                 [&](const worker_table::work_ended& o) { perform(o, now, out); },
                 [&](const worker_table::work_lost& o) { perform(o, now, out); },
                 [&](const worker_table::give_back& o) { perform(o, now, out); },
               },
               order);
}

void node_manager_core::perform(const worker_table::start_worker& order, actions& out) {
  const auto package = sha256_from_bytes(order.spec.package);
  CAF_TUNE_INVARIANT(package, "worker {} has no package", order.worker);
  const auto* program = packages_.program(*package);
  CAF_TUNE_INVARIANT(program, "worker {} starts from package {}, which is not there", order.worker, *package);
  packages_.add(*package);
  known_workers_[order.worker] = {*package, 0};
  out.push_back(
    start_worker{order.worker, *program, {order.spec.environment, declared_memory(order.spec.environment)}});
}

void node_manager_core::perform(const worker_table::run_work& order, actions& out) {
  auto& w = works_.at(order.work);
  out.push_back(run_work{order.worker, order.work, std::exchange(w.order, {})});
  if (w.kind == work_kind::actor)
    return;
  w.started = true;
  out.push_back(tell_task_started{w.owner, order.work, order.worker, known_workers_.at(order.worker).process_id});
}

void node_manager_core::perform(const worker_table::work_ended& order, instant now, actions& out) {
  auto& w = works_.at(order.work);
  auto end = order.ran && w.said ? std::move(*w.said) : stopped(w.why_stopped);
  end_work(order.work, std::move(end), now, out);
}

void node_manager_core::perform(const worker_table::work_lost& order, instant now, actions& out) {
  const auto& w = works_.at(order.work);
  work_end end{work_end::how::worker_lost, {}, {errc::worker_lost, describe(order.exit)}, order.exit.peak_memory_bytes};
  if (order.stop_wanted) {
    end.cause = work_end::how::stopped;
    end.why = stopped(w.why_stopped).why;
  } else if (fenced_)
    end.why.code = errc::node_lost;
  else if (order.exit.kind == exit_kind::start_failed) {
    end.cause = work_end::how::not_started;
    end.why.code = errc::io; // No process was lost: it is nothing that the work has done.
  }
  end_work(order.work, std::move(end), now, out);
}

void node_manager_core::perform(const worker_table::give_back& order, instant now, actions& out) {
  const auto found = returning_.find(order.work);
  CAF_TUNE_INVARIANT(found != returning_.end(), "work {} gave back what it did not hold", order.work);
  const auto share = std::move(found->second);
  returning_.erase(found);
  give_back(order.work, share, now, out);
}

} // namespace runtime
