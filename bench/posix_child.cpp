#include "bench/posix_child.hpp"

#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstring>
#include <cstdint>
#include <deque>
#include <fstream>
#include <stdexcept>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace bench {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> all;
  for (const auto& word : words)
    all.push_back(const_cast<char*>(word.c_str())); // exec's interface is older than const.
  all.push_back(nullptr);
  return all;
}

pid_t spawn(const std::vector<std::string>& words, const posix_spawn_file_actions_t* actions) {
  pid_t process = 0;
  const int failure = ::posix_spawn(&process, words[0].c_str(), actions, nullptr, pointers(words).data(), environ);
  if (failure != 0)
    throw std::runtime_error(words[0] + " did not start: " + std::strerror(failure));
  return process;
}

} // namespace

posix_child::posix_child(const std::vector<std::string>& words) {
  int in[2], out[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0)
    throw std::runtime_error("no pipe");
  in_ = in[1];
  out_ = out[0];
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  ::posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  process_ = spawn(words, &actions);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
}

posix_child::~posix_child() {
  ::close(in_);
  if (process_ > 0)
    ::kill(process_, SIGTERM);
  wait();
  ::close(out_);
}

std::string posix_child::read_line() {
  std::string line;
  for (char c = 0; ::read(out_, &c, 1) == 1;) {
    if (c == '\n')
      return line;
    line += c;
  }
  throw std::runtime_error("the other process ended before it said something");
}

bool posix_child::has_ended() {
  if (process_ > 0 && ::waitpid(process_, nullptr, WNOHANG) != 0)
    process_ = 0;
  return process_ == 0;
}

void posix_child::kill() {
  if (process_ > 0)
    ::kill(process_, SIGKILL);
}

void posix_child::wait() noexcept {
  while (process_ > 0 && ::waitpid(process_, nullptr, 0) < 0 && errno == EINTR)
    continue;
  process_ = 0;
}

double posix_child::resident_mb() const {
  std::ifstream file("/proc/" + std::to_string(process_) + "/statm");
  std::uint64_t size = 0, resident = 0;
  if (!(file >> size >> resident))
    throw std::runtime_error("the memory of process " + std::to_string(process_) + " cannot be read");
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

std::string posix_child::own_program() {
  char path[PATH_MAX] = {};
  if (::readlink("/proc/self/exe", path, sizeof path - 1) < 0)
    throw std::runtime_error("this program does not know its path");
  return path;
}

double bare_spawns_per_second(int processes, int at_once) {
  const std::vector<std::string> words{posix_child::own_program(), end_at_once};
  std::deque<pid_t> running;
  const auto start = std::chrono::steady_clock::now();
  for (int ended = 0, spawned = 0; ended < processes; ++ended) {
    for (; spawned < processes && spawned - ended < at_once; ++spawned)
      running.push_back(spawn(words, nullptr));
    ::waitpid(running.front(), nullptr, 0);
    running.pop_front();
  }
  return processes / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

} // namespace bench
