#include "runtime/node/posix_worker_sweep.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

#include <boost/filesystem.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "runtime/node/posix_process_list.hpp"
#include "runtime/node/start_patience.hpp"
#include "runtime/node/worker_mark.hpp"

namespace runtime {
namespace {

namespace files = boost::filesystem;
using namespace std::chrono_literals;

std::string text_of(const std::string& name) {
  std::ostringstream text;
  text << std::ifstream(name).rdbuf();
  return text.str();
}

/// Where process numbers and start times mean something: they begin anew with each boot and in each container.
std::string this_scope() {
  const auto boot = text_of("/proc/sys/kernel/random/boot_id");
  char names[64];
  const auto size = ::readlink("/proc/self/ns/pid", names, sizeof names);
  return fmt::format("{}/{}", boot.substr(0, boot.find('\n')),
                     std::string_view(names, static_cast<std::size_t>(std::max<ssize_t>(size, 0))));
}

std::string record_name(const std::string& directory, worker_id worker) {
  return fmt::format("{}/{}", directory, worker);
}

std::optional<process_facts> read_record(const std::string& name) {
  std::istringstream in(text_of(name));
  process_facts facts;
  std::string scope;
  in >> facts.pid >> facts.started >> facts.session >> scope;
  // Of elsewhere, or cut off by a full disk: there is nothing to look for.
  if (!in || facts.pid <= 1 || facts.pid == ::getpgrp() || scope != this_scope())
    return {};
  facts.group = facts.pid;
  return facts;
}

/// A group's number is given to nobody else while it has members. So if there is a process of that number, it is ours
/// or the group is gone; if there is none, the members are ours: those of a later group of the same number would have
/// to be of our session and have lost their leader too.
bool still_runs(const process_facts& recorded, const std::vector<process_facts>& running) {
  const auto leader =
    std::find_if(running.begin(), running.end(), [&](const process_facts& p) { return p.pid == recorded.pid; });
  if (leader != running.end())
    return leader->started == recorded.started && leader->group == recorded.group;
  return std::any_of(running.begin(), running.end(), [&](const process_facts& p) {
    return p.group == recorded.group && p.session == recorded.session && p.started >= recorded.started;
  });
}

} // namespace

result<void> record_worker(const std::string& directory, worker_id worker, pid_t pid) {
  const auto facts = look_at(pid);
  if (!facts)
    return fail(errc::not_found, fmt::format("process {} is not there", pid));
  boost::system::error_code failed;
  files::create_directories(directory, failed);
  const auto name = record_name(directory, worker);
  // Not synced: no worker outlives the machine.
  std::ofstream file(name, std::ios::trunc);
  file << fmt::format("{} {} {} {}\n", pid, facts->started, facts->session, this_scope());
  file.close();
  if (!file)
    return fail(errc::io, fmt::format("{} cannot be written: {}", name, std::strerror(errno)));
  return {};
}

void forget_worker(const std::string& directory, worker_id worker) {
  ::unlink(record_name(directory, worker).c_str()); // One that stays is recognised as nobody's by the next sweep.
}

result<std::size_t> sweep_workers(const std::string& directory) {
  boost::system::error_code failed;
  if (!files::exists(directory, failed))
    return 0;
  const auto running = all_processes();
  std::size_t killed = 0;
  std::vector<files::path> records;
  for (files::directory_iterator at(directory, failed), end; !failed && at != end; at.increment(failed))
    records.push_back(at->path());
  if (failed)
    return fail(errc::io, fmt::format("{} cannot be read: {}", directory, failed.message()));
  for (const auto& name : records) {
    const auto recorded = read_record(name.string());
    if (recorded && still_runs(*recorded, running) && ::kill(-recorded->pid, SIGKILL) == 0)
      ++killed;
    files::remove(name, failed);
    if (failed)
      return fail(errc::io, fmt::format("{} cannot be removed: {}", name.string(), failed.message()));
  }
  return killed;
}

std::size_t sweep_marked(const std::string& node_mark) {
  std::set<process_key> killed; // One that is killed may be seen again before it has ended.
  start_patience patience;
  const auto begun = std::chrono::steady_clock::now();
  for (;;) {
    auto all = all_processes();
    bool is_one_new = false;
    for (auto& process : all) {
      if (process.pid == ::getpid() || process.has_ended || killed.count(key_of(process)) != 0)
        continue;
      look_for_marks(process);
      if (has_mark_of_node(process.marks, node_mark) && kill_exactly(process)) {
        killed.insert(key_of(process));
        is_one_new = true;
      }
    }
    const auto now = std::chrono::steady_clock::now();
    patience.on_looked(all, instant{now.time_since_epoch()});
    // On a busy machine there may always be one, each for a moment.
    const bool is_one_starting =
      now - begun < 2 * start_patience::longest &&
      std::any_of(all.begin(), all.end(), [](const process_facts& process) { return process.is_starting; });
    if (!is_one_new && !is_one_starting)
      return killed.size();
    if (!is_one_new) // What was forked meanwhile is looked for at once.
      std::this_thread::sleep_for(5ms);
  }
}

} // namespace runtime
