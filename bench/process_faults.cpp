#include "bench/process_faults.hpp"

#include <csignal>

namespace bench {

using runtime::task_options;

process_faults::process_faults()
  : cluster_(/*nodes=*/3, runtime::cpus(1) + runtime::memory_bytes(std::int64_t{1} << 30)) {
  bring_program_to(cluster_.driver(), cluster_.nodes());
}

double process_faults::until_driver_knows(const signing_task& type) {
  auto end = cluster_.driver().submit(type, task_options().retries(0), signs_.path());
  const auto began = signs_.read();
  expect_failure(end);
  return ms_since(began.at_ns);
}

double process_faults::until_driver_knows_of_killed_worker() {
  auto end = cluster_.driver().submit(stays, task_options().retries(0), signs_.path());
  const auto victim = signs_.read();
  const auto start = now_ns();
  ::kill(victim.process, SIGKILL);
  expect_failure(end);
  return ms_since(start);
}

double process_faults::until_too_large_worker_is_told() {
  auto end = cluster_.driver().submit(outgrows, task_options().retries(0).memory("64MiB"), signs_.path());
  const auto full = signs_.read();
  expect_failure(end);
  return ms_since(full.at_ns);
}

std::vector<double> process_faults::after_killed_node() {
  auto end = cluster_.driver().submit(stays, task_options().retries(1), signs_.path());
  const auto first = signs_.read();
  const watched_process orphan(first.process);
  const auto start = now_ns();
  cluster_.kill_node(first.node);
  const auto worker_gone = static_cast<double>(orphan.end_ns() - start) / 1e6;
  const auto second = signs_.read();
  start_again(first.node);
  end_task(second, end);
  return {worker_gone, second.ms_after(start)};
}

std::vector<double> process_faults::after_stopped_node() {
  auto end = cluster_.driver().submit(stays, task_options().retries(1), signs_.path());
  const auto first = signs_.read();
  const watched_process late(first.process);
  const auto stopped = now_ns();
  cluster_.stop_node(first.node);
  const auto second = signs_.read();
  cluster_.wait_for_no_node(first.node);
  const auto continued = now_ns();
  cluster_.continue_node(first.node);
  const auto worker_gone = static_cast<double>(late.end_ns() - continued) / 1e6;
  cluster_.wait_for_node(first.node);
  end_task(second, end);
  return {second.ms_after(stopped), worker_gone};
}

void process_faults::start_again(const std::string& node) {
  cluster_.wait_for_no_node(node);
  runtime::test_node_options same;
  same.name = node;
  cluster_.add_node(same);
}

} // namespace bench
