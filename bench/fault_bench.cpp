// How long it takes from a fault until the runtime has reacted, on real processes: at rest, and while every processor
// has twice as much to do as it can. In a node or a worker this program is that.
#include "bench/busy_children.hpp"
#include "bench/figures.hpp"
#include "bench/posix_fifo.hpp"
#include "runtime/cluster.hpp"
#include "runtime/test_cluster.hpp"
#include "runtime/worker_place.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

using clock_type = std::chrono::steady_clock; // The same for all processes of a machine.

std::int64_t now_ns() {
  return clock_type::now().time_since_epoch().count();
}

/// What each task writes into the fifo as it begins: where it runs, and since when.
struct sign_of_life {
  std::string node;
  pid_t process = 0;
  std::int64_t at_ns = 0;
};

void sign(const std::string& fifo) {
  const auto place = runtime::this_worker_place();
  bench::append_line(fifo, fmt::format("{} {} {}", place ? place->node : "?", ::getpid(), now_ns()));
}

using task = runtime::task_type<int(std::string)>;
const task stays("stays", [](std::string fifo) -> int {
  sign(fifo);
  for (;;)
    ::pause();
});
const task throws("throws", [](std::string fifo) -> int {
  sign(fifo);
  throw std::runtime_error("on purpose");
});
const task exits("exits", [](std::string fifo) -> int {
  sign(fifo);
  std::_Exit(3);
});
const task crashes("crashes", [](std::string fifo) -> int {
  sign(fifo);
  std::signal(SIGSEGV, SIG_DFL);
  ::raise(SIGSEGV);
  return 0;
});

double ms_since(std::int64_t start_ns) {
  return static_cast<double>(now_ns() - start_ns) / 1e6;
}

/// Three nodes of one cpu each, and tasks on them.
class subject {
public:
  subject() : cluster_(/*nodes=*/3, runtime::cpus(1)) {}

  /// From the last that the task did to the driver's future.
  double until_driver_knows(const task& type) {
    auto end = cluster_.driver().submit(type, runtime::task_options().retries(0), signs_.path());
    const auto began = read_sign();
    if (end.try_get())
      throw std::runtime_error("a task that was to fail has not");
    return ms_since(began.at_ns);
  }

  double until_driver_knows_of_killed_worker() {
    auto end = cluster_.driver().submit(stays, runtime::task_options().retries(0), signs_.path());
    const auto victim = read_sign();
    const auto start = now_ns();
    ::kill(victim.process, SIGKILL);
    if (end.try_get())
      throw std::runtime_error("a task whose worker was killed has not failed");
    return ms_since(start);
  }

  /// From the node's death until its task runs on another.
  double until_task_of_killed_node_runs() {
    auto end = cluster_.driver().submit(stays, runtime::task_options().retries(1), signs_.path());
    const auto first = read_sign();
    const auto start = now_ns();
    cluster_.kill_node(first.node);
    const auto second = read_sign();
    const auto took = static_cast<double>(second.at_ns - start) / 1e6;
    start_again(first.node);
    end_task(second, end);
    return took;
  }

  double until_task_of_silent_node_runs() {
    auto end = cluster_.driver().submit(stays, runtime::task_options().retries(1), signs_.path());
    const auto first = read_sign();
    const auto start = now_ns();
    cluster_.stop_node(first.node);
    const auto second = read_sign();
    const auto took = static_cast<double>(second.at_ns - start) / 1e6;
    cluster_.wait_for_no_node(first.node);
    cluster_.continue_node(first.node);
    cluster_.wait_for_node(first.node);
    end_task(second, end);
    return took;
  }

  /// From the node's death until its worker is gone, too.
  double until_worker_of_killed_node_is_gone() {
    auto end = cluster_.driver().submit(stays, runtime::task_options().retries(0), signs_.path());
    const auto orphan = read_sign();
    const int worker = static_cast<int>(::syscall(SYS_pidfd_open, orphan.process, 0));
    if (worker < 0)
      throw std::runtime_error("pidfd_open failed");
    const auto start = now_ns();
    cluster_.kill_node(orphan.node);
    pollfd gone{worker, POLLIN, 0};
    while (::poll(&gone, 1, /*milliseconds=*/60'000) < 0)
      ;
    const auto took = ms_since(start);
    ::close(worker);
    start_again(orphan.node);
    return took;
  }

private:
  sign_of_life read_sign() {
    sign_of_life read;
    const auto line = signs_.read_line();
    const auto first = line.find(' ');
    const auto second = line.rfind(' ');
    read.node = line.substr(0, first);
    read.process = std::stoi(line.substr(first + 1, second - first - 1));
    read.at_ns = std::stoll(line.substr(second + 1));
    return read;
  }

  void start_again(const std::string& node) {
    cluster_.wait_for_no_node(node);
    runtime::test_node_options same;
    same.name = node;
    cluster_.add_node(same);
  }

  /// It has no retries left.
  static void end_task(const sign_of_life& attempt, runtime::future<int>& end) {
    ::kill(attempt.process, SIGKILL);
    if (end.try_get())
      throw std::runtime_error("a task whose worker was killed has not failed");
  }

  bench::posix_fifo signs_;
  runtime::test_cluster cluster_;
};

struct fault {
  const char* name;
  double promised_ms;
  std::function<double(subject&)> measure;
};

const std::vector<fault> faults = {
  {"fault_task_throws_ms", 100, [](subject& s) { return s.until_driver_knows(throws); }},
  {"fault_worker_exits_ms", 100, [](subject& s) { return s.until_driver_knows(exits); }},
  {"fault_worker_crashes_ms", 100, [](subject& s) { return s.until_driver_knows(crashes); }},
  {"fault_worker_killed_ms", 100, [](subject& s) { return s.until_driver_knows_of_killed_worker(); }},
  {"fault_node_killed_ms", 1'500, [](subject& s) { return s.until_task_of_killed_node_runs(); }},
  {"fault_node_silent_ms", 7'000, [](subject& s) { return s.until_task_of_silent_node_runs(); }},
  {"fault_node_killed_worker_gone_ms", 1'000, [](subject& s) { return s.until_worker_of_killed_node_is_gone(); }},
};

/// The worst of all rounds, with the median beside it.
void measure(const bench::figures& figures, const std::string& suffix) {
  const int rounds = figures.is_quick() ? 3 : 20;
  subject cluster;
  for (const auto& each : faults) {
    const auto name = each.name + suffix;
    if (!figures.wants(name))
      continue;
    std::vector<double> times;
    for (int round = 0; round < rounds; ++round)
      times.push_back(each.measure(cluster));
    std::sort(times.begin(), times.end());
    figures.show({name,
                  times.back(),
                  "ms",
                  {},
                  each.promised_ms,
                  fmt::format("the worst of {}; median {:.1f} ms", rounds, times[times.size() / 2])});
  }
}

bool wants_any(const bench::figures& figures, const std::string& suffix) {
  return std::any_of(faults.begin(), faults.end(),
                     [&](const fault& each) { return figures.wants(each.name + suffix); });
}

} // namespace

int main(int argc, char** argv) {
  runtime::run_if_child_process();
  const bench::figures figures(argc, argv);
  if (wants_any(figures, ""))
    measure(figures, "");
  if (wants_any(figures, "_loaded")) {
    const bench::busy_children load(2 * std::max(1u, std::thread::hardware_concurrency()));
    measure(figures, "_loaded");
  }
}
