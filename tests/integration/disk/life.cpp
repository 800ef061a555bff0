#include "tests/integration/disk/life.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <system_error>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr unsigned hangs_after_s = 120;
constexpr int threw = 3;

[[noreturn]] void live(const std::function<void(witness&)>& what, int socket) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::alarm(hangs_after_s);
  witness tell(socket);
  try {
    what(tell);
  } catch (const std::exception& e) {
    tell.complain(std::string("thrown: ") + e.what());
    ::_exit(threw);
  }
  ::_exit(0);
}

} // namespace

void witness::say(char kind, std::string what) const {
  std::replace(what.begin(), what.end(), '\n', ' ');
  const auto line = kind + what + '\n';
  if (::send(socket_, line.data(), line.size(), MSG_NOSIGNAL) < 0)
    ::_exit(threw);
}

life::life(const std::function<void(witness&)>& what) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw std::system_error(errno, std::generic_category(), "socketpair");
  process_ = ::fork();
  if (process_ < 0)
    throw std::system_error(errno, std::generic_category(), "fork");
  if (process_ == 0) {
    ::close(ends[0]);
    live(what, ends[1]);
  }
  ::close(ends[1]);
  socket_ = ends[0];
}

life::~life() {
  if (process_ > 0) {
    kill();
    ::waitpid(process_, nullptr, 0);
  }
  ::close(socket_);
}

bool life::hear(int how) {
  std::array<char, 4096> piece{};
  const auto got = ::recv(socket_, piece.data(), piece.size(), how);
  if (got <= 0)
    return false;
  unread_.append(piece.data(), static_cast<std::size_t>(got));
  for (auto end = unread_.find('\n'); end != std::string::npos; end = unread_.find('\n')) {
    const auto said = unread_.substr(1, end - 1);
    switch (unread_.front()) {
    case '+':
      if (listens_)
        end_.acknowledged.push_back(said);
      break;
    case '!': end_.complaints.push_back(said); break;
    default: end_.fault = said;
    }
    unread_.erase(0, end + 1);
  }
  return true;
}

void life::wait_for_acknowledged(std::size_t many) {
  while (end_.acknowledged.size() < many && hear()) {}
}

void life::stop_listening() {
  while (hear(MSG_DONTWAIT)) {}
  listens_ = false;
}

void life::kill() {
  ::kill(process_, SIGKILL);
}

life_end life::finish() {
  while (hear()) {}
  int status = 0;
  if (::waitpid(process_, &status, 0) != process_)
    throw std::system_error(errno, std::generic_category(), "waitpid");
  process_ = -1;
  end_.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return std::move(end_);
}
