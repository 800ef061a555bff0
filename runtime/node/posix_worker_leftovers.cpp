#include "runtime/node/posix_worker_leftovers.hpp"

#include <algorithm>
#include <ctime>
#include <optional>
#include <utility>

#include <boost/filesystem.hpp>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/node/look_pace.hpp"
#include "runtime/node/posix_process_list.hpp"

namespace runtime {
namespace {

namespace files = boost::filesystem;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr auto between_reaps = 1s;
constexpr auto most_at_end = 1s;
constexpr auto long_wait = 1s;
/// New processes may be inside execve all the time, each for a moment: no end waits for all that may come.
constexpr auto most_starting = 2 * start_patience::longest;

void remove_directory(const std::string& path) {
  boost::system::error_code ignored; // What stays is found by the next start.
  files::remove_all(path, ignored);
}

std::vector<files::path> directories_in(const files::path& path) {
  std::vector<files::path> out;
  boost::system::error_code failed;
  for (files::directory_iterator at(path, failed), end; !failed && at != end; at.increment(failed)) {
    boost::system::error_code ignored;
    if (files::symlink_status(at->path(), ignored).type() == files::directory_file)
      out.push_back(at->path());
  }
  return out;
}

bool has_children() {
  const auto all = all_processes();
  return std::any_of(all.begin(), all.end(), [](const auto& process) { return process.parent == ::getpid(); });
}

} // namespace

posix_worker_leftovers::posix_worker_leftovers(worker_leftovers_options options) : options_(std::move(options)) {
  if (options_.adopts_orphans)
    is_foster_parent_ = ::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 && !has_children(); // Theirs cannot be told apart.
  thread_ = std::thread([this] { run(); });
}

posix_worker_leftovers::~posix_worker_leftovers() {
  {
    const std::lock_guard guard(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void posix_worker_leftovers::on_starting() {
  const std::lock_guard guard(mutex_);
  ++children_;
}

void posix_worker_leftovers::on_started(const process_facts& process) {
  const std::lock_guard guard(mutex_);
  ++children_;
  if (process.pid != 0)
    workers_[process.pid] = process.started;
}

void posix_worker_leftovers::on_ended(pid_t pid, worker what) {
  {
    const std::lock_guard guard(mutex_);
    children_ += 2;
    workers_.erase(pid);
    told_.push_back(std::move(what));
  }
  changed_.notify_all();
}

// -- its thread ---------------------------------------------------------------

void posix_worker_leftovers::run() {
  find_old_directories();
  const auto now = [] { return instant{steady::now().time_since_epoch()}; };
  look_pace pace;
  std::optional<steady::time_point> end_by;
  const auto hears = [&] { return !told_.empty() || (is_ending_ && !end_by); };
  for (std::unique_lock lock(mutex_);;) {
    if (const auto at = pace.look_at())
      changed_.wait_until(lock, steady::time_point(at->time_since_epoch()), hears);
    else if (is_foster_parent_)
      changed_.wait_for(lock, between_reaps, hears);
    else
      changed_.wait(lock, hears);
    if (!told_.empty() || (is_ending_ && !end_by))
      pace.on_told(now());
    if (is_ending_ && !end_by)
      end_by = steady::now() + most_at_end;
    // Those that come until then share a look. Its bound is small, and what is told meanwhile cannot extend it.
    if (const auto at = pace.look_at())
      changed_.wait_until(lock, steady::time_point(at->time_since_epoch()), [&] { return false; });
    for (auto& each : told_)
      ending_.push_back({std::move(each), steady::now(), {}, false});
    told_.clear();
    lock.unlock();
    const auto begun = now();
    const bool is_clear = look();
    pace.on_looked(begun, now(), is_clear);
    lock.lock();
    if (end_by && ((is_clear && told_.empty()) || steady::now() >= *end_by))
      return;
  }
}

/// True when nothing is left.
bool posix_worker_leftovers::look() {
  if (!ending_.empty() || is_foster_parent_ || !killed_.empty()) {
    std::uint64_t children_before = 0;
    auto oldest = ~std::uint64_t(0);
    for (const auto& e : ending_)
      oldest = std::min(oldest, e.what.process.started);
    {
      const std::lock_guard guard(mutex_);
      children_before = children_;
    }
    auto all = all_processes();
    for (auto& process : all)
      if (!process.has_ended && (process.started >= oldest || process.parent == ::getpid()))
        look_for_marks(process);
    {
      const std::lock_guard guard(mutex_);
      do_not_wait_for(workers_, all);
    }
    patience_.on_looked(all, instant{steady::now().time_since_epoch()});
    for (auto& e : ending_) {
      const auto left = left_by(e.what.process, all);
      for (const auto& process : left)
        kill(process);
      if (!left.empty())
        e.only_starting_since.reset();
      else if (!e.only_starting_since)
        e.only_starting_since = steady::now();
      e.is_clear = left.empty() &&
                   (!may_be_left_by(e.what.process, all) || steady::now() - *e.only_starting_since >= most_starting);
      if (!left.empty() && e.what.on_waiting && steady::now() - e.told_at >= long_wait)
        std::exchange(e.what.on_waiting, {})(left);
    }
    kill_unclaimed(all, children_before);
    reap(all);
  }
  const auto first_left =
    std::stable_partition(ending_.begin(), ending_.end(), [](const auto& e) { return e.is_clear; });
  const std::vector<ending> over(std::make_move_iterator(ending_.begin()), std::make_move_iterator(first_left));
  ending_.erase(ending_.begin(), first_left);
  for (const auto& e : over) {
    if (e.what.on_clear)
      e.what.on_clear();
    clear_directory(e.what);
  }
  return ending_.empty() && (!is_foster_parent_ || killed_.empty());
}

void posix_worker_leftovers::kill(const process_facts& process) {
  if (process.pid != ::getpid() && kill_exactly(process))
    killed_.insert(key_of(process));
}

/// Marked ones are killed as their worker's; the others have cleared their environment.
void posix_worker_leftovers::kill_unclaimed(const std::vector<process_facts>& all, std::uint64_t children_before) {
  if (!is_foster_parent_)
    return;
  const std::lock_guard guard(mutex_);
  if (children_ != children_before || children_ % 2 != 0)
    return; // It may be a worker.
  for (const auto& process : all)
    if (process.parent == ::getpid() && process.has_ended && workers_.count(process.pid) == 0)
      ::waitpid(process.pid, nullptr, WNOHANG);
  for (const auto& process : unclaimed_orphans(::getpid(), workers_, all))
    kill(process);
}

/// Those that were killed, as far as they have become children of this process.
void posix_worker_leftovers::reap(const std::vector<process_facts>& all) {
  std::set<process_key> there;
  for (const auto& process : all) {
    there.insert(key_of(process));
    if (process.has_ended && process.parent == ::getpid() && killed_.count(key_of(process)) != 0)
      ::waitpid(process.pid, nullptr, WNOHANG);
  }
  for (auto it = killed_.begin(); it != killed_.end();)
    it = there.count(*it) == 0 ? killed_.erase(it) : std::next(it);
}

// -- directories --------------------------------------------------------------

void posix_worker_leftovers::clear_directory(const worker& what) {
  if (options_.directory.empty() || what.directory.empty())
    return;
  if (what.ended_well)
    return remove_directory(what.directory);
  kept_.push_back(what.directory);
  keep_newest();
}

void posix_worker_leftovers::find_old_directories() {
  if (options_.directory.empty())
    return;
  const files::path ours(options_.directory);
  std::vector<std::pair<std::time_t, std::string>> found;
  for (const auto& start : directories_in(ours.parent_path())) {
    if (start == ours)
      continue;
    const auto workers = directories_in(start);
    for (const auto& each : workers) {
      boost::system::error_code ignored;
      found.emplace_back(files::last_write_time(each, ignored), each.string());
    }
    if (workers.empty())
      remove_directory(start.string());
  }
  std::sort(found.begin(), found.end());
  for (auto& [_, directory] : found)
    kept_.push_back(std::move(directory));
  keep_newest();
}

void posix_worker_leftovers::keep_newest() {
  while (kept_.size() > options_.max_kept) {
    const files::path oldest(kept_.front());
    kept_.pop_front();
    remove_directory(oldest.string());
    boost::system::error_code ignored;
    if (oldest.parent_path() != options_.directory)
      files::remove(oldest.parent_path(), ignored); // The last of its start: only an empty one goes.
  }
}

} // namespace runtime
