#include "runtime/node/worker_table.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/chrono.h>

#include "runtime/base/invariant.hpp"

namespace runtime {
namespace {

/// What a program must do to be a worker; the usual mistake is to look at arguments first.
constexpr const char* begin_with_session = "main() must begin with runtime::session";

std::string in_seconds(core_clock::duration time) {
  return fmt::format("{} s", std::chrono::duration<double>(time).count());
}

} // namespace

bool operator<(const worker_spec& a, const worker_spec& b) {
  return std::tie(a.owner, a.package, a.environment, a.has_devices) <
         std::tie(b.owner, b.package, b.environment, b.has_devices);
}

result<void> validate(const worker_table_options& options) {
  std::string wrong;
  const auto check = [&](bool right, const char* what) {
    if (!right)
      wrong += fmt::format("{}{}", wrong.empty() ? "" : "; ", what);
  };
  check(options.register_within > core_clock::duration::zero(), "register_within must be more than 0");
  check(options.idle_limit >= core_clock::duration::zero(), "idle_limit must not be negative");
  check(options.exit_within >= core_clock::duration::zero(), "exit_within must not be negative");
  check(options.stop_within >= core_clock::duration::zero(), "stop_within must not be negative");
  check(options.max_workers >= 1, "max_workers must be at least 1");
  if (!wrong.empty())
    return fail(errc::invalid_argument, "workers: " + wrong);
  return {};
}

worker_table::worker_table(worker_table_options options) : options_(options) {
}

worker_table::actions worker_table::on_wanted(work_key work, const worker_spec& spec, instant now) {
  if (works_.count(work) != 0)
    return {};
  actions out;
  if (const auto found = free_worker(spec)) {
    auto& w = workers_.at(*found);
    forget_free(*found, w);
    w.work = work;
    works_.emplace(work, *found);
    if (w.state == worker_state::idle) {
      set_state(*found, w, worker_state::busy, {});
      w.runs_work = true;
      out.push_back(run_work{*found, work});
    }
    return out;
  }
  const worker_id id(++last_worker_);
  if (workers_.size() >= options_.max_workers) {
    worker_exit none;
    none.worker = id;
    none.kind = exit_kind::start_failed;
    none.start_error = errc::refused;
    none.message = fmt::format("the node has {} worker processes, as many as it may", workers_.size());
    out.push_back(work_lost{work, std::move(none), /*stop_wanted=*/false});
    out.push_back(give_back{work});
    return out;
  }
  auto& w = workers_[id];
  w.spec = spec;
  w.work = work;
  works_.emplace(work, id);
  set_state(id, w, worker_state::starting, now + options_.register_within);
  out.push_back(start_worker{id, spec});
  return out;
}

worker_table::actions worker_table::on_registered(worker_id worker, instant now) {
  const auto found = workers_.find(worker);
  if (found == workers_.end() || found->second.state != worker_state::starting)
    return {};
  auto& w = found->second;
  actions out;
  forget_free(worker, w);
  if (w.work) {
    set_state(worker, w, worker_state::busy, {});
    w.runs_work = true;
    out.push_back(run_work{worker, *w.work});
  } else
    become_idle(worker, w, now, out);
  return out;
}

worker_table::actions worker_table::on_work_ended(worker_id worker, work_key work, bool clean, instant now) {
  const auto found = workers_.find(worker);
  if (found == workers_.end() || found->second.work != work || !found->second.runs_work)
    return {};
  auto& w = found->second;
  actions out;
  out.push_back(work_ended{work, worker});
  works_.erase(work);
  w.work.reset();
  w.runs_work = false;
  w.stop_wanted = false;
  if (w.state == worker_state::busy && clean && !w.retires && !w.spec.has_devices) {
    out.push_back(give_back{work});
    become_idle(worker, w, now, out);
    return out;
  }
  w.holds = work; // Memory and devices are the process's until it is gone.
  if (w.state == worker_state::busy)
    send_home(worker, w, now, out);
  return out;
}

worker_table::actions worker_table::on_exit(worker_exit exit, instant) {
  const auto found = workers_.find(exit.worker);
  if (found == workers_.end() || found->second.exited)
    return {};
  const auto id = exit.worker;
  auto& w = found->second;
  const bool was_starting = w.state == worker_state::starting;
  forget_free(id, w);
  set_state(id, w, worker_state::ending, {});
  const bool is_gone = exit.survivors.empty();
  if (!is_gone)
    w.killed = w.exited = true; // Nothing that this table could order changes anything more.
  actions out;
  if (w.work) {
    works_.erase(*w.work);
    if (exit.message.empty())
      exit.message = w.why;
    if (exit.message.empty() && was_starting && exit.kind == exit_kind::exited)
      exit.message = fmt::format("it was not ready for work yet: {}", begin_with_session);
    out.push_back(work_lost{*w.work, std::move(exit), w.stop_wanted || w.retires});
    w.holds = std::exchange(w.work, {});
  }
  if (!is_gone)
    return out;
  if (w.holds)
    out.push_back(give_back{*w.holds});
  workers_.erase(found);
  return out;
}

worker_table::actions worker_table::on_gone(worker_id worker, instant) {
  const auto found = workers_.find(worker);
  if (found == workers_.end() || !found->second.exited)
    return {};
  actions out;
  if (found->second.holds)
    out.push_back(give_back{*found->second.holds});
  workers_.erase(found);
  return out;
}

worker_table::actions worker_table::on_stop(work_key work, instant deadline, instant now) {
  const auto found = works_.find(work);
  if (found == works_.end())
    return {};
  actions out;
  stop(found->second, workers_.at(found->second), deadline, now, out);
  return out;
}

worker_table::actions worker_table::on_owner_gone(owner_id owner, instant now) {
  actions out;
  for (auto& [id, w] : workers_) {
    if (w.spec.owner != owner || w.state == worker_state::ending)
      continue;
    w.retires = true;
    switch (w.state) {
    case worker_state::starting: // It has done nothing yet: nothing is lost by force.
      end_unstarted_work(id, w, out);
      kill(id, w, "its owner is gone", out);
      break;
    case worker_state::idle: send_home(id, w, now, out); break;
    case worker_state::busy: stop(id, w, now + options_.stop_within, now, out); break;
    case worker_state::ending: break;
    }
  }
  return out;
}

worker_table::actions worker_table::on_kill_all(const std::string& why, instant) {
  actions out;
  for (auto& [id, w] : workers_)
    kill(id, w, why, out);
  return out;
}

worker_table::actions worker_table::on_time(instant now) {
  actions out;
  while (!due_.empty() && due_.begin()->first <= now) {
    const auto id = due_.begin()->second;
    auto& w = workers_.at(id);
    switch (w.state) {
    case worker_state::starting:
      kill(id, w,
           fmt::format("it was not ready for work within {}: {}", in_seconds(options_.register_within),
                       begin_with_session),
           out);
      break;
    case worker_state::idle: send_home(id, w, now, out); break;
    case worker_state::busy: kill(id, w, "it did not stop within the time it was given", out); break;
    case worker_state::ending:
      kill(id, w, fmt::format("it did not exit within {}", in_seconds(options_.exit_within)), out);
      break;
    }
  }
  return out;
}

std::optional<instant> worker_table::wake_at() const {
  if (due_.empty())
    return {};
  return due_.begin()->first;
}

std::optional<worker_id> worker_table::worker_of(work_key work) const {
  const auto found = works_.find(work);
  return found == works_.end() ? std::optional<worker_id>() : found->second;
}

std::optional<work_key> worker_table::work_of(worker_id worker) const {
  const auto found = workers_.find(worker);
  return found == workers_.end() ? std::optional<work_key>() : found->second.work;
}

std::optional<worker_state> worker_table::state_of(worker_id worker) const {
  const auto found = workers_.find(worker);
  return found == workers_.end() ? std::optional<worker_state>() : found->second.state;
}

/// One that is idle rather than one that still starts; of several the newest, so that the others get their rest.
std::optional<worker_id> worker_table::free_worker(const worker_spec& spec) const {
  const auto found = free_.find(spec);
  if (found == free_.end())
    return {};
  const auto& candidates = found->second;
  const auto idle = std::find_if(candidates.rbegin(), candidates.rend(),
                                 [this](worker_id id) { return workers_.at(id).state == worker_state::idle; });
  return idle == candidates.rend() ? *candidates.rbegin() : *idle;
}

void worker_table::become_idle(worker_id id, entry& w, instant now, actions& out) {
  set_state(id, w, worker_state::idle, now + options_.idle_limit);
  free_[w.spec].insert(id);
  idle_.emplace(*w.due, id);
  if (idle_.size() > options_.max_idle) {
    const auto oldest = idle_.begin()->second;
    send_home(oldest, workers_.at(oldest), now, out);
  }
}

void worker_table::send_home(worker_id id, entry& w, instant now, actions& out) {
  forget_free(id, w);
  set_state(id, w, worker_state::ending, now + options_.exit_within);
  out.push_back(end_worker{id});
}

void worker_table::kill(worker_id id, entry& w, std::string why, actions& out) {
  if (w.killed)
    return; // It may take its time to die; a second signal would not change that.
  forget_free(id, w);
  set_state(id, w, worker_state::ending, {});
  w.killed = true;
  w.why = why;
  out.push_back(kill_worker{id, std::move(why)});
}

void worker_table::stop(worker_id id, entry& w, instant deadline, instant now, actions& out) {
  if (w.state == worker_state::starting) {
    end_unstarted_work(id, w, out);
    if (w.holds)
      return kill(id, w, "its work was stopped before it began", out);
    free_[w.spec].insert(id); // What was paid for its start may serve the next work.
    return;
  }
  const bool told = w.stop_wanted;
  w.stop_wanted = true;
  if (w.state == worker_state::ending)
    return;
  if (deadline <= now)
    return kill(id, w, "its work was to end at once", out);
  if (!told)
    out.push_back(stop_work{id, *w.work});
  if (!w.due || deadline < *w.due)
    set_state(id, w, worker_state::busy, deadline);
}

void worker_table::end_unstarted_work(worker_id id, entry& w, actions& out) {
  if (!w.work)
    return;
  works_.erase(*w.work);
  out.push_back(work_ended{*w.work, id, /*ran=*/false});
  if (w.spec.has_devices)
    w.holds = w.work; // A constructor of the program may be at a device already.
  else
    out.push_back(give_back{*w.work});
  w.work.reset();
}

void worker_table::set_state(worker_id id, entry& w, worker_state state, std::optional<instant> due) {
  if (w.due)
    due_.erase({*w.due, id});
  w.state = state;
  w.due = due;
  if (w.due)
    due_.emplace(*w.due, id);
}

/// Before its state or its work changes.
void worker_table::forget_free(worker_id id, const entry& w) {
  if (w.state == worker_state::idle)
    idle_.erase({*w.due, id});
  if (const auto found = free_.find(w.spec);
      found != free_.end() && found->second.erase(id) != 0 && found->second.empty())
    free_.erase(found);
}

} // namespace runtime
