#include "runtime/node/worker_descendants.hpp"

#include <algorithm>

#include "runtime/node/worker_mark.hpp"

namespace runtime {
namespace {

/// With all that is below them.
std::vector<process_facts> with_descendants(std::set<process_key> found, const std::vector<process_facts>& all) {
  std::vector<process_facts> out;
  std::multimap<int, const process_facts*> children;
  std::vector<const process_facts*> due;
  for (const auto& process : all) {
    children.emplace(process.parent, &process);
    if (found.count(key_of(process)) != 0)
      due.push_back(&process);
  }
  while (!due.empty()) {
    const auto* next = due.back();
    due.pop_back();
    out.push_back(*next);
    const auto [begin, end] = children.equal_range(next->pid);
    for (auto child = begin; child != end; ++child)
      if (found.insert(key_of(*child->second)).second)
        due.push_back(child->second);
  }
  return out;
}

} // namespace

std::vector<process_facts> descendants_of(int pid, const std::vector<process_facts>& all) {
  std::set<process_key> children;
  for (const auto& process : all)
    if (process.parent == pid)
      children.insert(key_of(process));
  return with_descendants(std::move(children), all);
}

std::vector<process_facts> left_by(const ended_worker& worker, const std::vector<process_facts>& all) {
  // A group's number is given to nobody else while it has members: if there is a process of that number, the group is
  // somebody else's.
  const bool has_group = worker.pid != 0 && std::none_of(all.begin(), all.end(), [&](const auto& process) {
                           return process.pid == worker.pid;
                         });
  std::set<process_key> found;
  for (const auto& process : all)
    if (process.started >= worker.started &&
        (worker.known.count(key_of(process)) != 0 || (has_group && process.group == worker.pid) ||
         (!worker.mark.empty() && has_mark(process.marks, worker.mark))))
      found.insert(key_of(process));
  auto out = with_descendants(std::move(found), all);
  out.erase(std::remove_if(out.begin(), out.end(), [](const auto& process) { return process.has_ended; }), out.end());
  return out;
}

bool may_be_left_by(const ended_worker& worker, const std::vector<process_facts>& all) {
  return !worker.mark.empty() && std::any_of(all.begin(), all.end(), [&](const auto& process) {
    return process.is_starting && !process.has_ended && process.started >= worker.started;
  });
}

void do_not_wait_for(const std::map<int, std::uint64_t>& workers, std::vector<process_facts>& all) {
  for (auto& process : all)
    if (const auto worker = workers.find(process.pid); worker != workers.end() && worker->second == process.started)
      process.is_starting = false;
}

std::vector<process_facts> unclaimed_orphans(int self, const std::map<int, std::uint64_t>& workers,
                                             const std::vector<process_facts>& all) {
  std::vector<process_facts> out;
  for (const auto& process : all) {
    const auto may_be_below = [&](const auto& worker) { return worker.second <= process.started; };
    if (process.parent == self && !process.has_ended && workers.count(process.pid) == 0 && process.marks.empty() &&
        std::none_of(workers.begin(), workers.end(), may_be_below))
      out.push_back(process);
  }
  return out;
}

} // namespace runtime
