// How long it takes from a fault until the runtime has reacted, on real processes: at rest, and while every processor
// has twice as much to do as it can. In a node or a worker this program is that. docs/reliability.md is made from it.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "bench/busy_children.hpp"
#include "bench/fault_subject.hpp"
#include "bench/figures.hpp"
#include "bench/process_faults.hpp"
#include "bench/program_faults.hpp"
#include "bench/trial_faults.hpp"
#include "tests/support/own_namespaces.hpp"

namespace {

using namespace bench;

/// What is seen of a fault, from when it happens.
struct reaction {
  const char* name;
  const char* until;
  std::optional<double> promised_ms;
};

struct fault {
  const char* what;
  int rounds; ///< Fewer where one takes long.
  std::vector<reaction> reactions;
  std::function<std::vector<double>(fault_subjects&)> measure; ///< Of one round, in the order of the reactions.
};

template <class Subject>
auto once(double (Subject::*measure)()) {
  return [measure](fault_subjects& s) { return std::vector<double>{(s.use<Subject>().*measure)()}; };
}
auto until_driver_knows(const signing_task& type) {
  return [&type](fault_subjects& s) { return std::vector<double>{s.use<process_faults>().until_driver_knows(type)}; };
}
auto after_loss(void (network_link::*lose)()) {
  return [lose](fault_subjects& s) { return s.use<network_faults>().after_loss(lose); };
}

// What is promised is said here, and nowhere else in the code.
const std::vector<fault> faults = {
  {"a task throws", 20, {{"fault_task_throws_ms", "the driver has the error", 100}}, until_driver_knows(throws)},
  {"a worker exits", 20, {{"fault_worker_exits_ms", "the driver has the cause", 100}}, until_driver_knows(exits)},
  {"a worker crashes (SIGSEGV)",
   20,
   {{"fault_worker_crashes_ms", "the driver has the cause", 100}},
   until_driver_knows(crashes)},
  {"a worker is killed (kill -9)",
   20,
   {{"fault_worker_killed_ms", "the driver has the cause", 100}},
   once(&process_faults::until_driver_knows_of_killed_worker)},
  {"a worker has more memory than its work declared",
   20,
   {{"fault_memory_exceeded_ms", "it is killed, and the driver has the cause", 1'000}},
   once(&process_faults::until_too_large_worker_is_told)},
  {"a node is killed (kill -9)",
   20,
   {{"fault_node_killed_worker_gone_ms", "its worker has ended", 1'000},
    {"fault_node_killed_ms", "its task runs on another node", 1'500}},
   [](fault_subjects& s) { return s.use<process_faults>().after_killed_node(); }},
  {"a node stands still (SIGSTOP), and goes on when it was declared dead",
   10,
   {{"fault_node_silent_ms", "its task runs on another node", 7'000},
    {"fault_node_returns_ms", "after it goes on, its worker has ended", 1'000}},
   [](fault_subjects& s) { return s.use<process_faults>().after_stopped_node(); }},
  {"a trial hangs, with a step deadline of 1 s",
   20,
   {{"fault_trial_hangs_ms", "its next attempt runs", 2'000}},
   once(&trial_faults::until_hung_trial_runs_again)},
  {"the head is killed (kill -9) and started again",
   20,
   {{"fault_head_restarts_ms", "from its start, a new task runs; what ran runs on", 2'000}},
   once(&head_faults::until_restarted_head_grants)},
  {"a driver is killed (kill -9)",
   10,
   {{"fault_driver_killed_ms", "its worker, which does not stop when told to, has ended", 5'000}},
   once(&head_faults::until_worker_of_killed_driver_is_gone)},
  {"a search's driver is killed (kill -9) and started again",
   10,
   {{"fault_search_resumes_ms", "from its start, its trial goes on", {}}},
   once(&head_faults::until_resumed_search_runs)},
  {"a node has no file descriptors left",
   20,
   {{"fault_no_descriptors_ms", "a task that would run there runs on another node", 1'000}},
   once(&limit_faults::until_work_runs_without_descriptors)},
  {"a node can start no process",
   20,
   {{"fault_no_processes_ms", "a task that would run there runs on another node", 1'000}},
   once(&limit_faults::until_work_runs_without_processes)},
  {"a worker is killed by the kernel for want of memory",
   10,
   {{"fault_memory_lacks_ms", "the driver has the cause", 100}},
   once(&limit_faults::until_driver_knows_of_lack_of_memory)},
  {"the network between a node and the rest loses everything",
   5,
   {{"fault_partition_worker_gone_ms", "its worker has ended", 4'500},
    {"fault_partition_ms", "its task runs on another node", 7'000}},
   after_loss(&network_link::lose_all)},
  {"it loses only what the node sends",
   5,
   {{"fault_deaf_head_worker_gone_ms", "its worker has ended", 4'500},
    {"fault_deaf_head_ms", "its task runs on another node", 7'000}},
   after_loss(&network_link::lose_theirs)},
  {"it loses only what is sent to the node",
   5,
   {{"fault_deaf_node_worker_gone_ms", "its worker has ended", 4'500},
    {"fault_deaf_node_ms", "its task runs on another node", 7'000}},
   after_loss(&network_link::lose_ours)},
};

bool wants_any(const figures& figures, const fault& each, const std::string& suffix) {
  return std::any_of(each.reactions.begin(), each.reactions.end(),
                     [&](const reaction& r) { return figures.wants(r.name + suffix); });
}

figure describe(const fault& what, const reaction& seen, const std::string& suffix) {
  figure f;
  f.name = seen.name + suffix;
  f.unit = "ms";
  f.at_most = seen.promised_ms;
  f.what = fmt::format("{}: {}", what.what, seen.until);
  return f;
}

/// The worst of all rounds, with the median beside it.
void show(const figures& figures, const fault& what, const std::vector<std::vector<double>>& rounds,
          const std::string& suffix) {
  for (std::size_t i = 0; i < what.reactions.size(); ++i) {
    std::vector<double> times;
    for (const auto& round : rounds)
      times.push_back(round.at(i));
    std::sort(times.begin(), times.end());
    auto f = describe(what, what.reactions[i], suffix);
    f.value = times.back();
    f.median = times[times.size() / 2];
    f.rounds = static_cast<int>(times.size());
    f.beside = fmt::format("the worst of {}; median {:.1f} ms", times.size(), *f.median);
    if (figures.wants(f.name))
      figures.show(f);
  }
}

void measure(const figures& figures, const std::string& suffix) {
  fault_subjects subjects;
  for (const auto& each : faults) {
    if (!wants_any(figures, each, suffix))
      continue;
    try {
      std::vector<std::vector<double>> rounds;
      for (int round = 0; round < (figures.is_quick() ? std::min(3, each.rounds) : each.rounds); ++round)
        rounds.push_back(each.measure(subjects));
      show(figures, each, rounds, suffix);
    } catch (const not_possible& why) {
      for (const auto& reaction : each.reactions)
        figures.skip(describe(each, reaction, suffix), why.what());
    }
  }
}

bool wants_any(const figures& figures, const std::string& suffix) {
  return std::any_of(faults.begin(), faults.end(), [&](const fault& each) { return wants_any(figures, each, suffix); });
}

} // namespace

int main(int argc, char** argv) {
  if (argc > 1 && argv[1] == std::string_view(fault_search_argument))
    return run_fault_search(argc - 1, argv + 1);
  runtime::run_if_child_process();
  if (argc > 1 && argv[1] == std::string_view(fault_driver_argument))
    return run_fault_driver(argc - 1, argv + 1);
  const figures figures(argc, argv);
  enter_own_namespaces(); // While there is one thread. Where that may not be, what takes it is skipped.
  if (wants_any(figures, ""))
    measure(figures, "");
  if (wants_any(figures, "_loaded")) {
    const busy_children load(2 * std::max(1u, std::thread::hardware_concurrency()));
    measure(figures, "_loaded");
  }
}
