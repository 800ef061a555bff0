#include "bench/program_faults.hpp"

#include <csignal>
#include <fstream>
#include <stdexcept>

#include <fmt/format.h>

#include "tests/support/no_descriptors.hpp"
#include "tune/tune.hpp"

namespace bench {
namespace {

runtime::task_options on_nodes(const std::string& first) {
  return runtime::task_options().cpus(0.1).resource("licence", 1).near_node(first);
}

void expect_on(const std::string& node, const sign_of_life& sign) {
  if (sign.node != node)
    throw std::runtime_error(fmt::format("a task runs on node {}, not on {}", sign.node, node));
}

const tune::trainable steps("steps", [](tune::trial& trial) {
  give_sign(trial.get<std::string>("signs"));
  for (int step = static_cast<int>(trial.iteration()) + 1;; ++step) {
    for (volatile int work = 0; work < 2'000'000; work = work + 1) {} // Some milliseconds, as a real one needs.
    const auto next = trial.report(
      {{"step", step}}, [&](const tune::path& directory) { std::ofstream((directory / "step").string()) << step; });
    if (next == tune::stop)
      return;
  }
});

} // namespace

// -- the head, drivers --------------------------------------------------------

head_faults::head_faults() {
  cluster_.start_node("node");
  bring_program_to(cluster_.driver(), {"node"});
}

double head_faults::until_restarted_head_grants() {
  auto running = cluster_.driver().submit(stays, on_nodes("node").retries(0), signs_.path());
  const auto before = signs_.read();
  const auto port = cluster_.port();
  cluster_.kill_head();
  const auto start = now_ns();
  cluster_.start_head(port);
  auto next = cluster_.driver().submit(begins, on_nodes("node"), signs_.path());
  const auto after = signs_.read();
  next.get();
  if (running.wait_for(std::chrono::seconds(0)))
    throw std::runtime_error("what ran when the head was killed has not run on");
  end_task(before, running);
  return after.ms_after(start);
}

double head_faults::until_worker_of_killed_driver_is_gone() {
  posix_child driver(
    {posix_child::own_program(), fault_driver_argument, cluster_.address(), cluster_.token_file(), signs_.path()});
  const watched_process worker(signs_.read().process);
  const auto start = now_ns();
  driver.kill();
  return static_cast<double>(worker.end_ns() - start) / 1e6;
}

double head_faults::until_resumed_search_runs() {
  const auto storage = runtime::or_throw(runtime::scratch_directory::make("caf-tune-bench"));
  const std::vector<std::string> command{
    posix_child::own_program(), fault_search_argument, "--address",    cluster_.address(), "--token-file",
    cluster_.token_file(),      "--storage",           storage.path(), "--quiet",          signs_.path()};
  posix_child first(command);
  const watched_process worker(signs_.read().process);
  first.kill();
  worker.end_ns();
  const auto start = now_ns();
  posix_child second(command);
  const auto again = signs_.read();
  const watched_process last(again.process);
  second.kill();
  last.end_ns();
  return again.ms_after(start);
}

int run_fault_driver(int argc, char** argv) {
  if (argc != 4)
    throw std::runtime_error("fault-driver needs: ADDRESS TOKEN-FILE FIFO");
  runtime::cluster_options how;
  how.address = argv[1];
  how.token_file = argv[2];
  auto cluster = runtime::or_throw(runtime::cluster::connect(std::move(how)));
  return cluster.submit(stays, on_nodes("node"), argv[3]).get();
}

int run_fault_search(int argc, char** argv) {
  tune::session session(argc, argv, runtime::unknown_flags::keep);
  tune::experiment experiment("steps", steps);
  experiment.space = {{"signs", session.arguments().at(0)}};
  experiment.metric = tune::maximize("step");
  experiment.resources = {{"cpu", 0.1}, {"licence", 1}};
  session.run(experiment);
  return 0;
}

// -- the network --------------------------------------------------------------

network_faults::network_faults() : link_(if_possible<network_link>()), cluster_({link_->our_host(), {}, {}}) {
  cluster_.start_node("far", {link_->their_host(), link_->over_there(), {}});
  cluster_.start_node("near", {link_->our_host(), {}, {}});
  bring_program_to(cluster_.driver(), {"far", "near"});
}

std::vector<double> network_faults::after_loss(void (network_link::*lose)()) {
  auto task = cluster_.driver().submit(stays, on_nodes("far").retries(1), signs_.path());
  const auto first = signs_.read();
  expect_on("far", first);
  const watched_process worker(first.process);
  const auto start = now_ns();
  ((*link_).*lose)();
  const auto worker_gone = static_cast<double>(worker.end_ns() - start) / 1e6;
  const auto second = signs_.read();
  link_->restore();
  auto back =
    cluster_.driver().submit(begins, runtime::task_options().cpus(0.1).on_node("far").wait_for_nodes(), signs_.path());
  expect_on("far", signs_.read());
  back.get();
  end_task(second, task);
  return {worker_gone, second.ms_after(start)};
}

// -- limits -------------------------------------------------------------------

limit_faults::limit_faults() {
  cluster_.start_node("poor");
  cluster_.start_node("rich");
  bring_program_to(cluster_.driver(), {"poor", "rich"});
}

/// No idle worker, which was started when all was well, serves it.
runtime::task_options limit_faults::with_process_of_its_own(runtime::task_options how) {
  return how.environment("TASK", std::to_string(++tasks_));
}

double limit_faults::until_work_runs_elsewhere() {
  const auto start = now_ns();
  auto task = cluster_.driver().submit(begins, with_process_of_its_own(on_nodes("poor")), signs_.path());
  const auto sign = signs_.read();
  task.get();
  expect_on("rich", sign);
  return sign.ms_after(start);
}

void limit_faults::wait_until_well() {
  auto task = cluster_.driver().submit(
    begins, with_process_of_its_own(runtime::task_options().cpus(0.1).on_node("poor")), signs_.path());
  expect_on("poor", signs_.read());
  task.get();
}

double limit_faults::until_work_runs_without_descriptors() {
  double took = 0;
  {
    const no_descriptors none(cluster_.node("poor").process_id());
    took = until_work_runs_elsewhere();
  }
  wait_until_well();
  return took;
}

double limit_faults::until_work_runs_without_processes() {
  const auto group = if_possible<control_group>(control_group::controller::pids);
  group->take_in(cluster_.node("poor").process_id());
  group->limit_to_what_is_used();
  const auto took = until_work_runs_elsewhere();
  group->end_limit();
  wait_until_well();
  return took;
}

double limit_faults::until_driver_knows_of_lack_of_memory() {
  const auto group = if_possible<control_group>(control_group::controller::memory);
  group->take_in(cluster_.node("poor").process_id());
  group->limit_to(std::uint64_t{256} << 20);
  auto task = cluster_.driver().submit(takes_all, with_process_of_its_own(on_nodes("poor")).retries(0), signs_.path());
  const auto sign = signs_.read();
  expect_on("poor", sign);
  const watched_process worker(sign.process);
  const auto end = worker.end_ns();
  expect_failure(task);
  return ms_since(end);
}

} // namespace bench
