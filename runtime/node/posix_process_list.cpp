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

std::string text_of(const std::string& name) {
  std::string text;
  const posix_descriptor file(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  char buffer[4096];
  for (ssize_t n = 0; file;) {
    n = ::read(file.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      break;
    text.append(buffer, static_cast<std::size_t>(n));
  }
  return text;
}

} // namespace

std::optional<process_facts> look_at(pid_t pid) {
  const auto text = text_of(fmt::format("/proc/{}/stat", pid));
  const auto name_end = text.rfind(')'); // The name may hold anything, blanks and parentheses too.
  if (name_end == std::string::npos)
    return {};
  // Not by a stream: this is read of each process of the machine whenever a worker ends.
  if (text.size() < name_end + 4)
    return {};
  const char state = text[name_end + 2];
  const char* at = text.c_str() + name_end + 3;
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

std::string marks_of(pid_t pid) {
  const auto environment = text_of(fmt::format("/proc/{}/environ", pid));
  const auto wanted = fmt::format("{}=", worker_mark_name);
  for (std::string_view rest = environment; !rest.empty();) {
    const auto entry = rest.substr(0, rest.find('\0'));
    if (entry.substr(0, wanted.size()) == wanted)
      return std::string(entry.substr(wanted.size()));
    rest.remove_prefix(std::min(entry.size() + 1, rest.size()));
  }
  return {};
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
