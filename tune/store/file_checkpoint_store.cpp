#include "tune/store/file_checkpoint_store.hpp"

#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "runtime/package/posix_file.hpp"
#include "tune/background/posix_background_thread.hpp"
#include "tune/store/checkpoint_manifest.hpp"
#include "tune/store/file_checkpoint.hpp"

namespace tune {
namespace {

namespace fs = std::filesystem;

/// Where the final name of a checkpoint is; none where its directory already has it.
std::optional<path> final_name(const checkpoint_ref& checkpoint) {
  const path directory(checkpoint.directory);
  auto made = directory.parent_path() / checkpoint_name(checkpoint.iteration);
  return made == directory ? std::nullopt : std::optional<path>(std::move(made));
}

[[nodiscard]] result<void> give_final_name(const checkpoint_ref& checkpoint) {
  const path directory(checkpoint.directory);
  std::error_code why;
  const auto found = fs::status(directory / manifest_file, why);
  if (found.type() == fs::file_type::none) // Not: it is not there.
    return fail(runtime::file_error((directory / manifest_file).string(), "read", why.value()));
  if (!fs::is_regular_file(found))
    return fail(errc::not_found, fmt::format("{} is no checkpoint: it has no {}", checkpoint.directory, manifest_file));
  const auto name = final_name(checkpoint);
  if (!name)
    return {};
  const auto fresh = name->string() + ".new";
  ::unlink(fresh.c_str());
  if (::symlink(directory.filename().c_str(), fresh.c_str()) != 0)
    return fail(runtime::file_error(fresh, "made", errno));
  if (std::rename(fresh.c_str(), name->c_str()) != 0)
    return fail(runtime::file_error(name->string(), "made", errno));
  return runtime::sync_directory(directory.parent_path().string());
}

[[nodiscard]] result<void> remove_with_name(const checkpoint_ref& checkpoint) {
  std::error_code why;
  if (const auto name = final_name(checkpoint))
    if (fs::read_symlink(*name, why) == path(checkpoint.directory).filename())
      ::unlink(name->c_str());
  return remove_checkpoint(checkpoint.directory);
}

/// Where it lies now, to be removed. What cannot be moved is tried at the next start.
std::vector<path> set_unfinished_aside(const path& experiment_directory) {
  std::vector<path> all;
  std::error_code why;
  fs::directory_iterator each(experiment_directory, why);
  for (; !why && each != fs::directory_iterator(); each.increment(why)) {
    std::error_code ignored;
    if (!each->is_directory(ignored) || each->is_symlink(ignored))
      continue;
    if (auto of_trial = set_unfinished_checkpoints_aside(each->path()))
      all.insert(all.end(), of_trial->begin(), of_trial->end());
  }
  return all;
}

} // namespace

struct file_checkpoint_store::parts {
  kept_listener listener;
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

file_checkpoint_store::file_checkpoint_store(kept_listener listener, std::unique_ptr<background> beside)
  : parts_(std::make_unique<parts>()) {
  parts_->listener = std::move(listener);
  parts_->beside = beside ? std::move(beside) : std::make_unique<background_thread>();
  parts_->beside->start([p = parts_.get()](runtime::instant now) { return p->do_next(now); });
}

file_checkpoint_store::~file_checkpoint_store() {
  parts_->beside->finish();
}

void file_checkpoint_store::keep(trial_id trial, const checkpoint_ref& checkpoint) {
  parts_->add([p = parts_.get(), trial, checkpoint] { p->listener(trial, checkpoint, give_final_name(checkpoint)); });
}

void file_checkpoint_store::drop(trial_id, const checkpoint_ref& checkpoint) {
  // One that cannot be removed costs only space, and is not named by anything.
  parts_->add([checkpoint] { (void)remove_with_name(checkpoint); });
}

void file_checkpoint_store::sweep(const path& experiment_directory) {
  auto leftovers = set_unfinished_aside(experiment_directory);
  if (leftovers.empty())
    return;
  parts_->add([leftovers = std::move(leftovers)] {
    for (const auto& each : leftovers) {
      std::error_code ignored; // What cannot be removed now is tried at the next start.
      fs::remove_all(each, ignored);
    }
  });
}

void file_checkpoint_store::wait() {
  std::unique_lock<std::mutex> hold(parts_->mutex);
  parts_->idle.wait(hold, [&] { return parts_->todo.empty() && !parts_->is_busy; });
}

} // namespace tune
