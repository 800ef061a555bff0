#include "runtime/node/posix_process_list.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/node/posix_descriptor.hpp"
#include "runtime/node/worker_mark.hpp"

namespace runtime {
namespace {

/// Nothing: it is not there, or not to be read by this user.
std::optional<std::string> read_if_allowed(const std::string& name) {
  const posix_descriptor file(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file)
    return {};
  std::string text;
  char buffer[4096];
  for (;;) {
    const auto n = ::read(file.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return text;
    text.append(buffer, static_cast<std::size_t>(n));
  }
}

std::string text_of(const std::string& name) {
  return read_if_allowed(name).value_or(std::string());
}

/// The fields of /proc/PID/stat from the state on, which proc(5) counts as the third; empty: there is no such process.
/// The name before them may hold anything, blanks and parentheses too.
std::string_view fields_from_state(const std::string& stat) {
  const auto name_end = stat.rfind(')');
  return name_end == std::string::npos || stat.size() < name_end + 4 ? std::string_view()
                                                                     : std::string_view(stat).substr(name_end + 2);
}

/// It has memory, but none for its environment: execve has replaced the one and not yet filled in the other. Where an
/// environment was cleared, its place is still known; a thread of the kernel has no memory at all.
bool is_inside_execve(pid_t pid) {
  const auto stat = text_of(fmt::format("/proc/{}/stat", pid));
  constexpr int first = 3, virtual_bytes = 23, environment_end = 51; // As proc(5) counts them.
  std::istringstream fields{std::string(fields_from_state(stat))};
  std::string field;
  bool has_memory = false;
  for (int at = first; fields >> field; ++at) {
    if (at == virtual_bytes)
      has_memory = field != "0";
    if (at == environment_end)
      return has_memory && field == "0";
  }
  return false;
}

} // namespace

std::optional<process_facts> look_at(pid_t pid) {
  const auto text = text_of(fmt::format("/proc/{}/stat", pid));
  const auto known = fields_from_state(text);
  if (known.empty())
    return {};
  // Not by a stream: this is read of each process of the machine whenever a worker ends.
  const char state = known.front();
  const char* at = known.data() + 1;
  constexpr int first = 4, started = 22, resident = 24; // Fields as proc(5) counts them.
  long long fields[resident - first + 1] = {};
  for (auto& field : fields) {
    char* end = nullptr;
    field = std::strtoll(at, &end, 10);
    if (end == at)
      return {};
    at = end;
  }
  process_facts facts;
  facts.pid = pid;
  facts.parent = static_cast<int>(fields[0]);
  facts.group = static_cast<int>(fields[1]);
  facts.session = static_cast<int>(fields[2]);
  facts.started = static_cast<std::uint64_t>(fields[started - first]);
  static const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  facts.resident_bytes = static_cast<std::uint64_t>(fields[resident - first]) * page_bytes;
  facts.has_ended = state == 'Z' || state == 'X';
  return facts;
}

std::vector<process_facts> all_processes() {
  std::vector<process_facts> all;
  auto* directory = ::opendir("/proc");
  if (directory == nullptr)
    return all;
  while (const auto* entry = ::readdir(directory)) {
    char* end = nullptr;
    const auto pid = std::strtol(entry->d_name, &end, 10);
    if (pid > 0 && *end == '\0')
      if (auto facts = look_at(static_cast<pid_t>(pid)))
        all.push_back(std::move(*facts));
  }
  ::closedir(directory);
  return all;
}

void look_for_marks(process_facts& process) {
  process.is_looked_at = true;
  const auto name = fmt::format("/proc/{}/environ", process.pid);
  auto environment = read_if_allowed(name);
  // One that is not inside execve may have been so when its environment was read.
  for (int reads = 1; environment && environment->empty() && !process.is_starting && reads < 3; ++reads) {
    process.is_starting = is_inside_execve(process.pid);
    environment = read_if_allowed(name);
  }
  process.is_starting = process.is_starting && environment && environment->empty();
  const auto wanted = fmt::format("{}=", worker_mark_name);
  for (std::string_view rest = environment ? *environment : std::string_view(); !rest.empty();) {
    const auto entry = rest.substr(0, rest.find('\0'));
    if (entry.substr(0, wanted.size()) == wanted) {
      process.marks = entry.substr(wanted.size());
      break; // As getenv: the first one.
    }
    rest.remove_prefix(std::min(entry.size() + 1, rest.size()));
  }
}

std::uint64_t share_of_memory(pid_t pid) {
  std::istringstream in(text_of(fmt::format("/proc/{}/smaps_rollup", pid)));
  for (std::string word; in >> word;)
    if (word == "Pss:") {
      std::uint64_t kib = 0;
      in >> kib;
      return kib * 1024;
    }
  return 0;
}

bool kill_exactly(const process_facts& process) {
  const posix_descriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  if (!handle)
    return false;
  const auto now = look_at(process.pid); // After the handle: it is of what this tells of.
  return now && now->started == process.started &&
         ::syscall(SYS_pidfd_send_signal, handle.get(), SIGKILL, nullptr, 0) == 0;
}

} // namespace runtime
