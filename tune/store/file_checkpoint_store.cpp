#include "tune/store/file_checkpoint_store.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "runtime/package/posix_file.hpp"
#include "tune/background/posix_background_thread.hpp"
#include "tune/store/checkpoint_manifest.hpp"
#include "tune/store/file_checkpoint.hpp"

namespace tune {
namespace {

/// Where the final name of a checkpoint is; none where its directory already has it.
std::optional<path> final_name(const checkpoint_ref& checkpoint) {
  const path directory(checkpoint.directory);
  auto made = directory.parent_path() / checkpoint_name(checkpoint.iteration);
  return made == directory ? std::nullopt : std::optional<path>(std::move(made));
}

[[nodiscard]] result<void> give_final_name(store_disk& disk, const checkpoint_ref& checkpoint) {
  const path directory(checkpoint.directory);
  store_disk::status manifest;
  const auto why_not = disk.look_at(directory / manifest_file, manifest);
  if (why_not && why_not != std::errc::no_such_file_or_directory)
    return fail(runtime::file_error((directory / manifest_file).string(), "read", why_not.value()));
  if (why_not || manifest.what != store_disk::kind::file)
    return fail(errc::not_found, fmt::format("{} is no checkpoint: it has no {}", checkpoint.directory, manifest_file));
  const auto name = final_name(checkpoint);
  if (!name)
    return {};
  const auto fresh = name->string() + ".new";
  (void)disk.remove_file(fresh);
  if (const auto why = disk.make_link(directory.filename(), fresh))
    return fail(runtime::file_error(fresh, "made", why.value()));
  if (const auto why = disk.rename(fresh, *name))
    return fail(runtime::file_error(name->string(), "made", why.value()));
  return disk.sync_directory(directory.parent_path());
}

[[nodiscard]] result<void> remove_with_name(store_disk& disk, const checkpoint_ref& checkpoint) {
  path named;
  if (const auto name = final_name(checkpoint))
    if (!disk.read_link(*name, named) && named == path(checkpoint.directory).filename())
      (void)disk.remove_file(*name);
  return remove_checkpoint(checkpoint.directory, disk);
}

/// Where it lies now, to be removed. What cannot be moved is tried at the next start.
std::vector<path> set_unfinished_aside(store_disk& disk, const path& experiment_directory) {
  std::vector<path> all;
  std::vector<store_disk::entry> entries;
  (void)disk.list(experiment_directory, entries); // What could be read of it.
  for (const auto& each : entries) {
    if (each.what != store_disk::kind::directory)
      continue;
    if (auto of_trial = set_unfinished_checkpoints_aside(experiment_directory / each.name, disk))
      all.insert(all.end(), of_trial->begin(), of_trial->end());
  }
  return all;
}

} // namespace

struct file_checkpoint_store::parts {
  parts(kept_listener hears, store_disk& on) : listener(std::move(hears)), disk(on) {}

  const kept_listener listener;
  store_disk& disk;
  std::unique_ptr<background> beside; ///< Runs do_next().
  std::mutex mutex;
  std::condition_variable idle;
  std::deque<std::function<void()>> todo;
  bool is_busy = false;

  void add(std::function<void()> what) {
    {
      const std::lock_guard<std::mutex> hold(mutex);
      todo.push_back(std::move(what));
    }
    beside->wake();
  }

  std::optional<runtime::instant> do_next(runtime::instant now) {
    std::unique_lock<std::mutex> hold(mutex);
    if (todo.empty())
      return std::nullopt;
    const auto next = std::move(todo.front());
    todo.pop_front();
    is_busy = true;
    hold.unlock();
    next();
    hold.lock();
    is_busy = false;
    if (!todo.empty())
      return now;
    idle.notify_all();
    return std::nullopt;
  }
};

file_checkpoint_store::file_checkpoint_store(kept_listener listener, store_disk& disk,
                                             std::unique_ptr<background> beside)
  : parts_(std::make_unique<parts>(std::move(listener), disk)) {
  parts_->beside = beside ? std::move(beside) : std::make_unique<background_thread>();
  parts_->beside->start([p = parts_.get()](runtime::instant now) { return p->do_next(now); });
}

file_checkpoint_store::~file_checkpoint_store() {
  parts_->beside->finish();
}

void file_checkpoint_store::keep(trial_id trial, const checkpoint_ref& checkpoint) {
  parts_->add(
    [p = parts_.get(), trial, checkpoint] { p->listener(trial, checkpoint, give_final_name(p->disk, checkpoint)); });
}

void file_checkpoint_store::drop(trial_id, const checkpoint_ref& checkpoint) {
  // One that cannot be removed costs only space, and is not named by anything.
  parts_->add([p = parts_.get(), checkpoint] { (void)remove_with_name(p->disk, checkpoint); });
}

void file_checkpoint_store::sweep(const path& experiment_directory) {
  auto leftovers = set_unfinished_aside(parts_->disk, experiment_directory);
  if (leftovers.empty())
    return;
  parts_->add([p = parts_.get(), leftovers = std::move(leftovers)] {
    for (const auto& each : leftovers)
      (void)p->disk.remove_tree(each); // What cannot be removed now is tried at the next start.
  });
}

void file_checkpoint_store::wait() {
  std::unique_lock<std::mutex> hold(parts_->mutex);
  parts_->idle.wait(hold, [&] { return parts_->todo.empty() && !parts_->is_busy; });
}

} // namespace tune
