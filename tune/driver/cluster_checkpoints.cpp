#include "tune/driver/cluster_checkpoints.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "runtime/base/invariant.hpp"
#include "tune/driver/checkpoint_transfer.hpp"
#include "tune/store/file_checkpoint.hpp"
#include "tune/store/posix_sync.hpp"

namespace tune {
namespace {

constexpr std::size_t threads = 3; // One for each kind of background job, and one for restores.
constexpr std::chrono::seconds nodes_hold{5};
constexpr std::chrono::seconds clean_patience{5}; // What stays on a node then goes when that node starts again.

} // namespace

cluster_checkpoints::cluster_checkpoints(runtime::cluster& cluster, checkpoint_traffic_options options, listener told)
  : experiment_(options.experiment),
    keepers_(cluster),
    told_(told),
    traffic_(std::move(options)),
    store_([told](trial_id trial, const checkpoint_ref& checkpoint, const result<void>& how) {
      told(trial, checkpoint, how);
    }) {
  for (std::size_t i = 0; i < threads; ++i)
    threads_.emplace_back([this] { run(); });
}

cluster_checkpoints::~cluster_checkpoints() {
  give_up();
  for (auto& each : threads_)
    each.join();
}

void cluster_checkpoints::give_up() {
  {
    std::lock_guard guard(mutex_);
    order_ = order::stop;
  }
  changed_.notify_all();
}

void cluster_checkpoints::finish() {
  change([this] { traffic_.on_finish(); });
  wait_until_empty(std::nullopt);
  change([this] { traffic_.on_clean(); });
  wait_until_empty(clean_patience);
  give_up();
  for (auto& each : threads_)
    each.join();
  threads_.clear();
  keepers_.end();
  store_.wait();
}

void cluster_checkpoints::wait_until_empty(std::optional<std::chrono::seconds> at_most) {
  std::unique_lock lock(mutex_);
  const auto is_done = [this] { return order_ == order::stop || traffic_.is_empty(); };
  if (at_most)
    changed_.wait_for(lock, *at_most, is_done);
  else
    changed_.wait(lock, is_done);
}

template <class Change>
void cluster_checkpoints::change(Change what) {
  {
    std::lock_guard guard(mutex_);
    if (order_ == order::stop)
      return;
    what();
  }
  changed_.notify_all();
}

void cluster_checkpoints::set_directory(trial_id trial, path directory) {
  std::lock_guard guard(mutex_);
  directories_[trial] = std::move(directory);
}

void cluster_checkpoints::forget(trial_id trial) {
  change([&] {
    directories_.erase(trial);
    traffic_.on_trial_end(trial);
  });
}

void cluster_checkpoints::keep(trial_id trial, const checkpoint_ref& checkpoint) {
  change([&] {
    const auto found = directories_.find(trial); // It may be forgotten when the job's turn comes.
    CAF_TUNE_INVARIANT(found != directories_.end(), "no directory for the checkpoints of trial {}", trial.value);
    traffic_.on_keep(trial, checkpoint, found->second.string());
  });
  if (checkpoint.in_storage)
    store_.keep(trial, checkpoint);
}

void cluster_checkpoints::hurry(trial_id trial, const checkpoint_ref& checkpoint) {
  change([&] { traffic_.on_wanted(trial, checkpoint); });
}

void cluster_checkpoints::drop(trial_id trial, const checkpoint_ref& checkpoint) {
  change([&] { traffic_.on_drop(trial, checkpoint); });
  if (checkpoint.in_storage)
    store_.drop(trial, checkpoint);
}

void cluster_checkpoints::leave(trial_id trial, const checkpoint_ref& checkpoint) {
  change([&] { traffic_.on_leave(trial, checkpoint); });
}

void cluster_checkpoints::provide(trial_id trial, const lent_checkpoint& what, const node_place& to, provided then) {
  change([&] { waiting_.emplace(traffic_.on_restore(trial, what, to), std::move(then)); });
}

void cluster_checkpoints::take_output(trial_id trial, attempt_number attempt, const node_place& from,
                                      const path& directory) {
  change([&] { traffic_.on_output(trial, from, directory.string(), attempt); });
}

void cluster_checkpoints::use_node(const std::string& node) {
  change([&] { traffic_.on_node_used(node); });
}

// ---- The threads.

void cluster_checkpoints::run() {
  std::unique_lock lock(mutex_);
  while (order_ != order::stop) {
    if (traffic_.wants_nodes())
      learn_nodes(lock);
    if (order_ == order::stop)
      return;
    const auto job = traffic_.next();
    if (!job) {
      changed_.wait(lock);
      continue;
    }
    lock.unlock();
    const bool is_good = perform(*job);
    lock.lock();
    traffic_.on_done(job->number, is_good);
    changed_.notify_all();
  }
}

/// Unlocks meanwhile.
void cluster_checkpoints::learn_nodes(std::unique_lock<std::mutex>& lock) {
  const auto now = std::chrono::steady_clock::now();
  if (now - nodes_learnt_ < nodes_hold)
    return;
  nodes_learnt_ = now;
  lock.unlock();
  auto nodes = keepers_.nodes();
  lock.lock();
  traffic_.on_nodes(std::move(nodes));
  changed_.notify_all();
}

bool cluster_checkpoints::perform(const checkpoint_traffic::job& job) {
  return std::visit([&](const auto& what) { return perform(job.number, what); }, job.what);
}

bool cluster_checkpoints::is_wanted(checkpoint_traffic::job_number job) {
  std::lock_guard guard(mutex_);
  return order_ != order::stop && traffic_.is_wanted(job);
}

// ---- Restoring.

bool cluster_checkpoints::perform(checkpoint_traffic::job_number job, const checkpoint_traffic::restore& what) {
  const auto where = restored(what);
  provided then;
  {
    std::lock_guard guard(mutex_);
    then = std::move(waiting_.at(job));
    waiting_.erase(job);
  }
  then(where);
  return where.has_value();
}

/// From the nearest whole copy: that of the node itself, the storage's, another node's.
result<std::string> cluster_checkpoints::restored(const checkpoint_traffic::restore& what) {
  const auto to = keepers_.on(what.to.node);
  if (!to)
    return fail(to.error());
  if (what.own && check_there(*to, what.own->directory))
    return what.own->directory;
  // Where there is a choice it is looked at first; else whoever restores it finds out, and says what is wrong with it.
  auto how = what.others.empty() ? result<void>() : check_checkpoint(what.checkpoint.directory).map([](const auto&) {});
  if (how)
    how = send_checkpoint(*to, what.checkpoint.directory, what.to.directory);
  for (const auto& each : what.others) {
    if (how)
      break;
    if (const auto from = keepers_.on(each.node); from && check_there(*from, each.directory))
      if (relay_checkpoint(*from, each.directory, *to, what.to.directory, [] { return true; }))
        how = {};
  }
  if (!how)
    return fail(how.error());
  return what.to.directory;
}

// ---- Into the storage.

bool cluster_checkpoints::perform(checkpoint_traffic::job_number job, const checkpoint_traffic::bring_in& what) {
  if (!is_wanted(job))
    return false;
  auto here = copied(job, what);
  if (!is_wanted(job)) {
    std::error_code ignored; // What is left costs only space.
    if (here)
      std::filesystem::remove_all(here->directory, ignored);
    return false;
  }
  if (here)
    store_.keep(what.trial, *here);
  else
    told_(what.trial, what.checkpoint, fail(here.error()));
  return here.has_value();
}

result<checkpoint_ref> cluster_checkpoints::copied(checkpoint_traffic::job_number job,
                                                   const checkpoint_traffic::bring_in& what) {
  auto here = what.checkpoint;
  here.directory = (path(what.directory) / path(what.checkpoint.directory).filename()).string();
  here.in_storage = true;
  const path coming = here.directory + ".tmp"; // As of any writer: swept if this process ends here.
  std::error_code failed;
  std::filesystem::remove_all(coming, failed);
  auto whole = fetch_any(job, what, coming);
  if (whole) {
    std::filesystem::remove_all(here.directory, failed);
    std::filesystem::rename(coming, here.directory, failed);
    if (failed)
      whole = fail(errc::io, fmt::format("{}: {}", here.directory, failed.message()));
    else
      whole = sync_tree(here.directory);
  }
  if (whole)
    return here;
  std::filesystem::remove_all(coming, failed);
  if (!is_wanted(job)) // Nor may what is there already go with it.
    return fail(whole.error());
  // Of a driver that ended before it could write down that it is here.
  if (const auto there = check_checkpoint(here.directory); there && there->size_bytes() == what.checkpoint.bytes)
    return here;
  return fail(runtime::within(
    fmt::format("checkpoint of iteration {} on {}", what.checkpoint.iteration, what.checkpoint.node), whole.error()));
}

/// From its node or from a second one; also one that only an earlier driver knew. The error is that of its own node.
result<void> cluster_checkpoints::fetch_any(checkpoint_traffic::job_number job,
                                            const checkpoint_traffic::bring_in& what, const path& to) {
  auto how = fetch(job, {what.checkpoint.node, what.checkpoint.directory}, to);
  if (how || !is_wanted(job))
    return how;
  std::vector<node_place> others; // As they are now: a copy may have been made since the job began.
  auto nodes = keepers_.nodes();
  {
    std::lock_guard guard(mutex_);
    traffic_.on_nodes(std::move(nodes));
    others = traffic_.copies_of(what.trial, what.checkpoint);
  }
  for (const auto& each : others) {
    std::error_code ignored;
    std::filesystem::remove_all(to, ignored);
    if (is_wanted(job) && fetch(job, each, to))
      return {};
  }
  return how;
}

result<void> cluster_checkpoints::fetch(checkpoint_traffic::job_number job, const node_place& from, const path& to) {
  return keepers_.on(from.node)
    .and_then([&](const runtime::remote_actor& keeper) {
      return fetch_checkpoint(keeper, from.directory, to, [&] { return is_wanted(job); });
    })
    .and_then([&] {
      return check_checkpoint(to).map_error([](error why) { // As the node has it: it will not be better another time.
        why.code = errc::invalid_argument;
        return why;
      });
    })
    .and_then([&](const auto&) { return sync_tree(to); });
}

// ---- On nodes.

bool cluster_checkpoints::perform(checkpoint_traffic::job_number job, const checkpoint_traffic::copy_to_node& what) {
  const auto from = keepers_.on(what.checkpoint.node);
  const auto to = keepers_.on(what.to.node);
  return from && to &&
         relay_checkpoint(*from, what.checkpoint.directory, *to, what.to.directory, [&] { return is_wanted(job); });
}

bool cluster_checkpoints::perform(checkpoint_traffic::job_number, const checkpoint_traffic::take_output& what) {
  const auto keeper = keepers_.on(what.from.node); // Where the node is gone, so is what lies there.
  return keeper && fetch_output(*keeper, what.from.directory, what.attempt, what.directory);
}

bool cluster_checkpoints::perform(checkpoint_traffic::job_number, const checkpoint_traffic::forget& what) {
  const auto keeper = keepers_.on(what.what.node);
  return keeper && forget_checkpoint(*keeper, what.what.directory);
}

bool cluster_checkpoints::perform(checkpoint_traffic::job_number, const checkpoint_traffic::clean& what) {
  const auto keeper = keepers_.on(what.node);
  return keeper && clean_node(*keeper, experiment_, what.keep);
}

} // namespace tune
