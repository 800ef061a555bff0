#include "runtime/process/posix_child_nodes.hpp"
#include "runtime/node/posix_process.hpp"
#include "runtime/node/posix_worker_sweep.hpp"
#include "runtime/node/worker_mark.hpp"
#include "runtime/process/posix_random.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/filesystem/operations.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

extern char** environ;

namespace runtime {
namespace {

constexpr int most_leave_ms = 60'000;

std::string amount_of(std::string_view name, amount value) {
  return name == "memory" ? memory_to_string(value) : value.to_string();
}

/// Its command line, one word a line.
std::string words_of(const child_node& node) {
  std::string words;
  const auto add = [&](const std::string& flag, const std::string& value) { words += flag + "\n" + value + "\n"; };
  add("--address", node.head_address);
  add("--host", "127.0.0.1");
  add("--token-file", node.token_file);
  add("--state", node.state_directory);
  add("--name", node.name);
  for (const char* known : {"cpu", "gpu", "memory"}) // What is not named is what the machine has: a test means "none".
    if (node.resources.get(known).is_zero())
      add("--resource", fmt::format("{}=0", known));
  for (const auto [name, value] : node.resources)
    add("--resource", fmt::format("{}={}", name, amount_of(name, value)));
  for (const auto& [name, value] : node.labels)
    add("--label", name + "=" + value);
  return words;
}

/// This process's, with the node's arguments and one more mark.
std::vector<std::string> environment_with(const std::string& arguments, const std::string& mark) {
  const auto marks = fmt::format("{}=", worker_mark_name);
  std::string_view outer;
  std::vector<std::string> all{arguments};
  for (char** each = environ; *each != nullptr; ++each)
    if (const std::string_view entry = *each; entry.substr(0, marks.size()) == marks)
      outer = entry.substr(marks.size());
    else
      all.emplace_back(entry);
  all.push_back(marks + add_mark(outer, mark));
  return all;
}

/// Signals the workers too: they are in process groups of their own.
void signal_family(pid_t pid, int signal) {
  const std::string threads = fmt::format("/proc/{}/task", pid);
  for (const auto& thread : boost::filesystem::directory_iterator(threads)) {
    std::ifstream list(thread.path().string() + "/children");
    for (pid_t child = 0; list >> child;)
      ::kill(child, signal);
  }
  ::kill(pid, signal);
}

} // namespace

child_nodes::~child_nodes() {
  for (const auto& [name, each] : running_)
    end(each);
}

result<void> child_nodes::start(const child_node& node) {
  boost::system::error_code failed;
  boost::filesystem::create_directories(node.state_directory, failed);
  const auto log_file = node.state_directory + "/log";
  const int log = ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0)
    return fail(errc::io, fmt::format("{}: cannot be written: {}", log_file, std::strerror(errno)));
  process_start how;
  how.words = {"/proc/self/exe"};
  const auto mark = mark_of_node(node_id(random_number()), incarnation(random_number()));
  how.environment = environment_with("CAF_TUNE_NODE_ARGUMENTS=" + words_of(node), mark);
  how.output = log;
  how.errors = log;
  const auto started = start_process(how);
  ::close(log);
  if (!started)
    return fail(started.error());
  running_[node.name] = {started->pid, started->pidfd, log_file, mark, false};
  log_files_[node.name] = log_file;
  return {};
}

result<child_nodes::process> child_nodes::find(const std::string& name) const {
  if (const auto found = running_.find(name); found != running_.end())
    return found->second;
  return fail(errc::not_found, fmt::format("there is no node \"{}\" in this test cluster; it has {}", name,
                                           running_.empty() ? "none" : fmt::format("{}", fmt::join(names(), ", "))));
}

void child_nodes::end(const process& what) {
  ::kill(what.pid, SIGKILL);
  int status = 0;
  while (::waitpid(what.pid, &status, 0) < 0 && errno == EINTR)
    ;
  ::close(what.pidfd);
  // Its workers die with it, but not what they have started: on a machine that is lost that goes too.
  sweep_marked(what.mark);
}

result<void> child_nodes::kill(const std::string& name) {
  return find(name).map([&](const process& found) {
    end(found);
    running_.erase(name);
  });
}

result<void> child_nodes::stop(const std::string& name) {
  return find(name).map([](const process& found) { signal_family(found.pid, SIGSTOP); });
}

result<void> child_nodes::go_on(const std::string& name) {
  return find(name).map([](const process& found) { signal_family(found.pid, SIGCONT); });
}

result<void> child_nodes::drain(const std::string& name) {
  return find(name).map([&](const process& found) {
    running_.at(name).was_told_to_leave = true;
    ::kill(found.pid, SIGTERM);
  });
}

int child_nodes::process_descriptor(const std::string& name) const {
  const auto found = running_.find(name);
  return found == running_.end() ? -1 : found->second.pidfd;
}

bool child_nodes::is_in_use(const std::string& name) const {
  const auto found = running_.find(name);
  if (found == running_.end() || found->second.was_told_to_leave)
    return false;
  siginfo_t ended{};
  return ::waitid(P_PID, static_cast<id_t>(found->second.pid), &ended, WEXITED | WNOHANG | WNOWAIT) != 0 ||
         ended.si_pid != found->second.pid;
}

void child_nodes::forget(const std::string& name) {
  const auto found = running_.find(name);
  if (found == running_.end())
    return;
  pollfd ended{found->second.pidfd, POLLIN, 0};
  (void)::poll(&ended, 1, most_leave_ms); // A node has its own, shorter deadline.
  end(found->second);
  running_.erase(found);
}

std::vector<std::string> child_nodes::names() const {
  std::vector<std::string> all;
  for (const auto& [name, each] : running_)
    all.push_back(name);
  return all;
}

std::string child_nodes::log_of(const std::string& name) const {
  const auto found = log_files_.find(name);
  if (found == log_files_.end())
    return {};
  std::ifstream log(found->second);
  return {std::istreambuf_iterator<char>(log), {}};
}

} // namespace runtime
