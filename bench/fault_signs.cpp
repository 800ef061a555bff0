#include "bench/fault_signs.hpp"

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/worker_place.hpp"

namespace bench {

std::int64_t now_ns() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

double ms_since(std::int64_t start_ns) {
  return static_cast<double>(now_ns() - start_ns) / 1e6;
}

void give_sign(const std::string& fifo) {
  const auto place = runtime::this_worker_place();
  append_line(fifo, fmt::format("{} {} {}", place ? place->node : "?", ::getpid(), now_ns()));
}

sign_of_life sign_reader::read() {
  sign_of_life sign;
  std::istringstream(fifo_.read_line()) >> sign.node >> sign.process >> sign.at_ns;
  return sign;
}

watched_process::watched_process(pid_t process) : process_(static_cast<int>(::syscall(SYS_pidfd_open, process, 0))) {
  if (process_ < 0)
    throw std::runtime_error(fmt::format("process {} has gone too early", process));
}

watched_process::~watched_process() {
  ::close(process_);
}

std::int64_t watched_process::end_ns() const {
  pollfd gone{process_, POLLIN, 0};
  int count = 0;
  do
    count = ::poll(&gone, 1, /*milliseconds=*/60'000);
  while (count < 0);
  if (count == 0)
    throw std::runtime_error("a process that was to end has not for a minute");
  return now_ns();
}

namespace {

constexpr std::size_t block = std::size_t{8} << 20;

const runtime::task_type is_there("is_there", [](int) { return 0; });

[[noreturn]] void stay() {
  for (;;)
    ::pause();
}

} // namespace

const signing_task begins("begins", [](std::string fifo) -> int {
  give_sign(fifo);
  return 0;
});
const signing_task stays("stays", [](std::string fifo) -> int {
  give_sign(fifo);
  stay();
});
const signing_task throws("throws", [](std::string fifo) -> int {
  give_sign(fifo);
  throw std::runtime_error("on purpose");
});
const signing_task exits("exits", [](std::string fifo) -> int {
  give_sign(fifo);
  std::_Exit(3);
});
const signing_task crashes("crashes", [](std::string fifo) -> int {
  give_sign(fifo);
  std::signal(SIGSEGV, SIG_DFL);
  ::raise(SIGSEGV);
  return 0;
});
const signing_task outgrows("outgrows", [](std::string fifo) -> int {
  give_sign(fifo); // Before: it may be killed while it still takes more.
  const std::vector<char> much(32 * block, 'x');
  stay();
});
const signing_task takes_all("takes_all", [](std::string fifo) -> int {
  give_sign(fifo);
  std::vector<std::vector<char>> all;
  while (all.size() < 128) // 1 GiB: more than it may have, and no more than a machine can bear.
    all.emplace_back(block, 'x');
  return 0;
});

void bring_program_to(runtime::cluster& driver, const std::vector<std::string>& nodes) {
  for (const auto& node : nodes)
    driver.submit(is_there, runtime::task_options().cpus(0.1).on_node(node), 0).get();
}

void expect_failure(runtime::future<int>& task) {
  if (task.try_get())
    throw std::runtime_error("a task that was to fail has not");
}

void end_task(const sign_of_life& attempt, runtime::future<int>& task) {
  ::kill(attempt.process, SIGKILL);
  expect_failure(task);
}

} // namespace bench
