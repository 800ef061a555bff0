#include "tune/driver/cluster_checkpoints.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "runtime/base/invariant.hpp"
#include "runtime/options.hpp"
#include "tune/driver/checkpoint_transfer.hpp"
#include "tune/store/file_checkpoint.hpp"
#include "tune/store/posix_sync.hpp"
#include "tune/worker/checkpoint_keeper_actor.hpp"

namespace tune {

cluster_checkpoints::cluster_checkpoints(runtime::cluster& cluster, listener told)
  : cluster_(cluster),
    told_(told),
    store_([told](trial_id trial, const checkpoint_ref& checkpoint, const result<void>& how) {
      told(trial, checkpoint, how);
    }),
    thread_([this] { run(); }) {
}

cluster_checkpoints::~cluster_checkpoints() {
  end(order::stop);
}

void cluster_checkpoints::give_up() {
  {
    std::lock_guard guard(mutex_);
    order_ = order::stop;
  }
  wake_.notify_all();
}

void cluster_checkpoints::finish() {
  end(order::finish);
  store_.wait();
}

void cluster_checkpoints::end(order how) {
  {
    std::lock_guard guard(mutex_);
    if (order_ != order::stop)
      order_ = how;
  }
  wake_.notify_all();
  if (thread_.joinable())
    thread_.join();
  for (auto& each : keepers_)
    (void)each.second.kill();
  keepers_.clear();
}

void cluster_checkpoints::set_directory(trial_id trial, path directory) {
  std::lock_guard guard(mutex_);
  directories_[trial] = std::move(directory);
}

void cluster_checkpoints::forget(trial_id trial) {
  std::lock_guard guard(mutex_);
  directories_.erase(trial);
}

void cluster_checkpoints::keep(trial_id trial, const checkpoint_ref& checkpoint) {
  if (checkpoint.in_storage)
    return store_.keep(trial, checkpoint);
  path directory; // It may be forgotten when the job's turn comes.
  {
    std::lock_guard guard(mutex_);
    const auto found = directories_.find(trial);
    CAF_TUNE_INVARIANT(found != directories_.end(), "no directory for the checkpoints of trial {}", trial.value);
    directory = found->second;
  }
  add([this, trial, directory, checkpoint] { bring_in(trial, directory, checkpoint); });
}

void cluster_checkpoints::drop(trial_id trial, const checkpoint_ref& checkpoint) {
  if (checkpoint.in_storage)
    return store_.drop(trial, checkpoint);
  {
    std::lock_guard guard(mutex_);
    unwanted_.insert(checkpoint.directory);
  }
  add([this, checkpoint] {
    {
      std::lock_guard guard(mutex_);
      unwanted_.erase(checkpoint.directory);
    }
    if (auto keeper = keeper_on(checkpoint.node)) // Where the node is gone, so is what lies there.
      (void)forget_checkpoint(*keeper, checkpoint.directory);
  });
}

void cluster_checkpoints::leave(trial_id, const checkpoint_ref& checkpoint) {
  std::lock_guard guard(mutex_);
  unwanted_.insert(checkpoint.directory);
}

void cluster_checkpoints::provide(const checkpoint_ref& checkpoint, const std::string& node,
                                  const std::string& directory, std::function<void(const result<void>&)> then) {
  add([=] {
    auto keeper = keeper_on(node);
    then(keeper ? send_checkpoint(*keeper, checkpoint.directory, directory) : result<void>(fail(keeper.error())));
  });
}

// ---- The thread.

void cluster_checkpoints::add(job what) {
  {
    std::lock_guard guard(mutex_);
    if (order_ != order::go_on)
      return;
    jobs_.push_back(std::move(what));
  }
  wake_.notify_all();
}

void cluster_checkpoints::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return order_ != order::go_on || !jobs_.empty(); });
    if (order_ == order::stop || jobs_.empty())
      return;
    const auto next = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    next();
    lock.lock();
  }
}

void cluster_checkpoints::bring_in(trial_id trial, const path& directory, const checkpoint_ref& checkpoint) {
  if (!is_wanted(checkpoint))
    return;
  auto here = copied(directory, checkpoint);
  if (!is_wanted(checkpoint)) {
    std::error_code ignored; // What is left costs only space.
    if (here)
      std::filesystem::remove_all(here->directory, ignored);
  } else if (here)
    store_.keep(trial, *here);
  else
    told_(trial, checkpoint, fail(here.error()));
}

bool cluster_checkpoints::is_wanted(const checkpoint_ref& checkpoint) {
  std::lock_guard guard(mutex_);
  return order_ != order::stop && unwanted_.count(checkpoint.directory) == 0;
}

result<checkpoint_ref> cluster_checkpoints::copied(const path& directory, const checkpoint_ref& checkpoint) {
  auto here = checkpoint;
  here.directory = (directory / path(checkpoint.directory).filename()).string();
  here.in_storage = true;
  const path coming = here.directory + ".tmp"; // As of any writer: swept if this process ends here.
  std::error_code failed;
  std::filesystem::remove_all(coming, failed);
  auto whole = fetch(checkpoint, coming);
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
  // Of a driver that ended before it could write down that it is here.
  if (const auto there = check_checkpoint(here.directory); there && there->size_bytes() == checkpoint.bytes)
    return here;
  return fail(runtime::within(fmt::format("checkpoint of iteration {} on {}", checkpoint.iteration, checkpoint.node),
                              whole.error()));
}

result<void> cluster_checkpoints::fetch(const checkpoint_ref& checkpoint, const path& to) {
  return keeper_on(checkpoint.node)
    .and_then([&](const runtime::remote_actor& keeper) {
      return fetch_checkpoint(keeper, checkpoint.directory, to, [&] { return is_wanted(checkpoint); });
    })
    .and_then([&] {
      return check_checkpoint(to).map_error([](error why) { // As the node has it: it will not be better another time.
        why.code = errc::invalid_argument;
        return why;
      });
    })
    .and_then([&](const auto&) { return sync_tree(to); });
}

result<runtime::remote_actor> cluster_checkpoints::keeper_on(const std::string& node) {
  if (const auto known = keepers_.find(node); known != keepers_.end()) {
    if (!known->second.end().wait_for(std::chrono::seconds(0)))
      return known->second;
    keepers_.erase(known); // It was lost; perhaps its node was not.
  }
  if (!is_there(node)) // A demand for it would wait until it comes back.
    return fail(errc::node_lost, fmt::format("node \"{}\" is gone", node));
  auto keeper = cluster_.try_spawn(checkpoint_keeper_type(), runtime::actor_options().resources({}).on_node(node));
  if (!keeper)
    return keeper;
  const auto here = keeper->call<void>(here_atom::value);
  while (!here.wait_for(std::chrono::milliseconds(500)))
    if (!is_there(node)) {
      (void)keeper->kill();
      return fail(errc::node_lost, fmt::format("node \"{}\" is gone", node));
    }
  keepers_[node] = *keeper;
  return keeper;
}

bool cluster_checkpoints::is_there(const std::string& node) {
  const auto state = cluster_.state();
  return state && std::any_of(state->nodes.begin(), state->nodes.end(),
                              [&](const auto& each) { return each.name == node && each.state == "alive"; });
}

} // namespace tune
