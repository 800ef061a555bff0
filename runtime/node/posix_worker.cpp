#include "runtime/node/posix_worker.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>

#include <boost/filesystem.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "runtime/node/posix_process.hpp"

namespace runtime {
namespace {

/// The most that this process itself ever had: what a child of vfork begins with in the system's figure for its peak.
std::uint64_t own_peak_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

std::uint64_t seen_peak_bytes(pid_t pid) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string word; status >> word;)
    if (word == "VmHWM:") {
      std::uint64_t kib = 0;
      status >> kib;
      return kib * 1024;
    }
  return 0; // It has just ended.
}

/// Ours and the worker's.
using descriptor_pair = std::pair<posix_descriptor, posix_descriptor>;

[[nodiscard]] result<descriptor_pair> make_pair(int (*make)(int*), const char* what) {
  int both[2];
  if (make(both) != 0)
    return fail(errc::io, fmt::format("no {} for it: {}", what, std::strerror(errno)));
  ::fcntl(both[0], F_SETFL, ::fcntl(both[0], F_GETFL) | O_NONBLOCK); // The worker's end blocks.
  return descriptor_pair(both[0], both[1]);
}

[[nodiscard]] result<descriptor_pair> make_link() {
  return make_pair([](int* both) { return ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both); }, "socket pair");
}

[[nodiscard]] result<descriptor_pair> make_pipe() {
  return make_pair([](int* both) { return ::pipe2(both, O_CLOEXEC); }, "pipe");
}

std::string name_of_signal(int number) {
  const char* name = ::sigabbrev_np(number);
  return name ? std::string("SIG") + name : std::string();
}

} // namespace

result<std::unique_ptr<posix_worker>> posix_worker::start(const worker_start& program, std::size_t max_frame_bytes,
                                                          std::uint64_t max_output_bytes) {
  static constexpr const char* names[] = {"stdout", "stderr"};
  boost::system::error_code failed;
  boost::filesystem::create_directories(program.working_directory, failed);
  if (failed)
    return fail(errc::io, fmt::format("working directory {}: {}", program.working_directory, failed.message()));
  std::unique_ptr<posix_worker> w(new posix_worker(max_frame_bytes));
  std::array<posix_descriptor, 2> printed;
  for (std::size_t i = 0; i < w->outputs.size(); ++i) {
    auto file = file_worker_output::open(fmt::format("{}/{}", program.working_directory, names[i]), max_output_bytes);
    if (!file)
      return fail(std::move(file.error()));
    auto pipe = make_pipe();
    if (!pipe)
      return fail(std::move(pipe.error()));
    w->outputs[i].file = std::move(*file);
    w->outputs[i].pipe = std::move(pipe->first);
    printed[i] = std::move(pipe->second);
  }
  auto link = make_link();
  if (!link)
    return fail(std::move(link.error()));
  w->link = std::move(link->first);
  const auto process = start_process({program.words, program.environment, program.working_directory, printed[0].get(),
                                      printed[1].get(), link->second.get()});
  if (!process)
    return fail(process.error());
  w->pid = process->pid;
  w->end = posix_descriptor(process->pidfd);
  return w;
}

void posix_worker::signal(int number) const {
  if (!is_lost_)
    ::kill(-pid, number);
}

void posix_worker::look_at_memory() {
  peak_memory_bytes_ = std::max(peak_memory_bytes_, seen_peak_bytes(pid));
}

bool posix_worker::has_ended() {
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0)
    is_lost_ = errno == ECHILD;
  return is_lost_ || info.si_pid == pid;
}

worker_exit posix_worker::wait() {
  worker_exit exit;
  exit.last_stderr = std::move(last_stderr);
  exit.peak_memory_bytes = peak_memory_bytes_;
  int status = 0;
  rusage usage{};
  if (is_lost_ || ::wait4(pid, &status, 0, &usage) != pid) {
    exit.exit_code = -1;
    exit.message = "how it ended is unknown, because this process ignores SIGCHLD or waits for children that are not "
                   "the waiter's own";
    return exit;
  }
  if (WIFSIGNALED(status)) {
    exit.kind = exit_kind::signalled;
    exit.signal = WTERMSIG(status);
    exit.signal_name = name_of_signal(exit.signal);
    exit.core_dumped = WCOREDUMP(status);
  } else
    exit.exit_code = WEXITSTATUS(status);
  exit.message = std::move(why);
  const auto told = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  if (told > own_peak_bytes()) // Else it may be ours, see there.
    exit.peak_memory_bytes = told;
  return exit;
}

} // namespace runtime
