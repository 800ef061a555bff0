#include "tests/integration/program_under_test.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ; // NOLINT: POSIX says so.

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int patience_ms = 600'000; // They make learning slow.
#else
constexpr int patience_ms = 120'000;
#endif

class descriptor {
public:
  explicit descriptor(int number) : number_(number) {
    if (number_ < 0)
      throw std::runtime_error(std::string("a descriptor cannot be had: ") + std::strerror(errno));
  }
  ~descriptor() { ::close(number_); }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  int get() const { return number_; }

private:
  int number_;
};

/// glibc 2.36 declares pidfd_open() without C linkage.
int open_process(pid_t process) {
  return static_cast<int>(::syscall(SYS_pidfd_open, process, 0));
}

std::vector<std::string> environment_for(const temporary_directory& folder,
                                         const program_under_test::environment& more) {
  std::vector<std::string> all{"HOME=" + folder / "home"};
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string variable = *each;
    if (variable.rfind("CAF_TUNE_", 0) != 0 && variable.rfind("XDG_", 0) != 0 && variable.rfind("HOME=", 0) != 0)
      all.push_back(variable);
  }
  for (const auto& [name, value] : more)
    all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> all;
  for (auto& word : words)
    all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

/// In the child: only what is allowed between fork and exec.
[[noreturn]] void become(const char* out, const char* err, char** words, char** variables) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL); // It does not outlive a test that was killed.
  ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
  ::dup2(::open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
  ::dup2(::open(err, O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
  ::execve(words[0], words, variables);
  ::_exit(127);
}

} // namespace

words operator+(words first, const words& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

program_under_test::program_under_test(const temporary_directory& folder, const words& command, const environment& more)
  : name_(command.front()),
    output_((folder.path / boost::filesystem::unique_path("output-%%%%-%%%%")).string()) {
  boost::filesystem::create_directories(output_);
  auto own = command;
  auto variables = environment_for(folder, more);
  const auto out = output_ + "/out";
  const auto err = output_ + "/err";
  const auto arguments = pointers_to(own);
  const auto settings = pointers_to(variables);
  process_ = ::fork();
  if (process_ < 0)
    throw std::runtime_error("fork: " + std::string(std::strerror(errno)));
  if (process_ == 0)
    become(out.c_str(), err.c_str(), const_cast<char**>(arguments.data()), const_cast<char**>(settings.data()));
}

program_under_test::program_under_test(program_under_test&& other) noexcept
  : name_(std::move(other.name_)),
    output_(std::move(other.output_)),
    process_(std::exchange(other.process_, -1)) {
}

program_under_test::~program_under_test() {
  if (process_ <= 0)
    return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

void program_under_test::signal(int number) {
  if (::kill(process_, number) != 0)
    throw std::runtime_error(name_ + " has ended already" + written());
}

program_end program_under_test::wait() {
  const descriptor process(open_process(process_));
  pollfd ended{process.get(), POLLIN, 0};
  if (::poll(&ended, 1, patience_ms) <= 0)
    throw std::runtime_error(name_ + " does not end" + written());
  int status = 0;
  ::waitpid(std::exchange(process_, -1), &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_text(output_ + "/out"),
          read_text(output_ + "/err")};
}

template <class Condition>
void program_under_test::wait_for_change(const std::string& directory, const std::string& what, Condition is_so) {
  const descriptor changes(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (::inotify_add_watch(changes.get(), directory.c_str(), IN_CREATE | IN_MOVED_TO | IN_MODIFY) < 0)
    throw std::runtime_error(directory + " cannot be watched");
  const descriptor process(open_process(process_));
  while (!is_so()) { // Asked after the watch began: nothing is missed.
    pollfd events[] = {{changes.get(), POLLIN, 0}, {process.get(), POLLIN, 0}};
    const bool in_time = ::poll(events, 2, patience_ms) > 0;
    if (!in_time || (events[1].revents != 0 && !is_so()))
      throw std::runtime_error(name_ + (in_time ? " ended before " : " is not seen to make ") + what + written());
    char ignored[4096];
    while (::read(changes.get(), ignored, sizeof ignored) > 0) {}
  }
}

std::string program_under_test::wait_for_file(const std::string& file) {
  wait_for_change(file.substr(0, file.rfind('/')), file, [&] { return ::access(file.c_str(), F_OK) == 0; });
  auto content = read_text(file);
  if (content.empty() || content.back() != '\n')
    throw std::runtime_error(file + " is not whole: \"" + content + "\"");
  content.pop_back();
  return content;
}

void program_under_test::wait_for_size(const std::string& file, std::uintmax_t bytes) {
  wait_for_change(file.substr(0, file.rfind('/')), file, [&] {
    struct stat now = {};
    return ::stat(file.c_str(), &now) == 0 && static_cast<std::uintmax_t>(now.st_size) >= bytes;
  });
}

void program_under_test::wait_for_error(const std::string& phrase) {
  wait_for_change(output_, "the words " + phrase,
                  [&] { return read_text(output_ + "/err").find(phrase) != std::string::npos; });
}

std::string program_under_test::error_text() const {
  return read_text(output_ + "/err");
}

std::string program_under_test::written() const {
  return "\n--- standard output\n" + read_text(output_ + "/out") + "--- standard error\n" + read_text(output_ + "/err");
}

program_end run_program(const temporary_directory& folder, const words& command,
                        const program_under_test::environment& more) {
  return program_under_test(folder, command, more).wait();
}

head_under_test::head_under_test(const temporary_directory& folder, const std::string& name, const std::string& program)
  : head_under_test(folder, name, program, folder / (name + ".state")) {
}

head_under_test::head_under_test(const temporary_directory& folder, const std::string& name, const std::string& program,
                                 const std::string& state)
  : token_(folder / (name + ".token")),
    process_(folder, {program,   "--head", "--host",       "127.0.0.1",
                      "--port",  "0",      "--name",       name,
                      "--cpus",  "2",      "--memory",     "0",
                      "--gpus",  "0",      "--token-file", token_,
                      "--state", state,    "--ready-file", folder / (name + ".ready")}),
    address_(process_.wait_for_file(folder / (name + ".ready"))) {
}

held_port::held_port(kind how) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof own;
  if (::bind(socket_, reinterpret_cast<sockaddr*>(&own), size) != 0 ||
      (how == kind::silent && ::listen(socket_, 16) != 0) ||
      ::getsockname(socket_, reinterpret_cast<sockaddr*>(&own), &size) != 0)
    throw std::runtime_error("no port to be had");
  number_ = std::to_string(::ntohs(own.sin_port));
}

held_port::~held_port() {
  ::close(socket_);
}

std::string with(std::string text, const std::vector<std::pair<std::string, std::string>>& replaced) {
  for (const auto& [from, to] : replaced)
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
  return text;
}
