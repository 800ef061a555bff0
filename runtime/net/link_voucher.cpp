#include "runtime/net/link_voucher.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <poll.h>
#include <sys/eventfd.h>

#include <spdlog/spdlog.h>

namespace runtime {
namespace {

using namespace std::chrono_literals;

constexpr auto deadline = 2s; ///< For one link.
constexpr auto first_pause = 100ms;
constexpr auto longest_pause = 10s;
const std::string role = "vouch/";

} // namespace

link_voucher::link_voucher(std::shared_ptr<const tls_context> context, std::shared_ptr<connection_table> connections,
                           std::shared_ptr<spdlog::logger> log)
  : context_(std::move(context)),
    connections_(std::move(connections)),
    log_(log ? std::move(log) : spdlog::default_logger()),
    stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
}

link_voucher::~link_voucher() {
  {
    std::lock_guard guard(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  ::eventfd_write(stop_.get(), 1);
  if (thread_.joinable())
    thread_.join();
}

void link_voucher::wake() {
  std::lock_guard guard(mutex_);
  is_woken_ = true;
  if (!thread_.joinable() && !is_stopping_) {
    sigset_t all, before; // A signal is for the threads that wait for one.
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  changed_.notify_all();
}

std::optional<std::string> link_voucher::binding_in(const std::string& identity) {
  if (identity.compare(0, role.size(), role) != 0)
    return std::nullopt;
  return identity.substr(role.size());
}

void link_voucher::run() {
  auto pause = std::chrono::milliseconds(first_pause);
  bool is_done = true;
  for (;;) {
    {
      std::unique_lock guard(mutex_);
      const auto is_called = [this] { return is_woken_ || is_stopping_; };
      if (is_done)
        changed_.wait(guard, is_called);
      else
        changed_.wait_for(guard, pause, is_called);
      if (is_stopping_)
        return;
      pause = is_woken_ ? first_pause : std::min<std::chrono::milliseconds>(2 * pause, longest_pause);
      is_woken_ = false;
    }
    is_done = vouch_for_all();
  }
}

bool link_voucher::vouch_for_all() {
  const auto newest = context_->tokens()->now()->newest().fingerprint;
  bool is_done = true;
  for (const auto& [who, link] : connections_->dialled_without(newest))
    switch (ask(link)) {
    case known: connections_->vouch(who, newest); break;
    case unknown:
      log_->warn("link ended address={} why=\"its other end does not know it, so that it may have another end\"",
                 endpoint_text(link.address, link.port));
      connections_->end(who);
      break;
    default: is_done = false;
    }
  return is_done;
}

char link_voucher::ask(const connection_table::proof& link) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  const auto address = parse_address(link.address, link.port);
  if (!address)
    return later;
  const auto socket = start_connecting(*address);
  if (!socket || !wait_for(socket->get(), POLLOUT, until) || pending_error(socket->get()) != 0)
    return later;
  tls_session session(std::make_shared<tls_context>(context_->tokens(), role + link.binding), socket->get(),
                      tls_session::side::client);
  for (;;)
    switch (session.shake_hands()) {
    case tls_session::progress::failed: return later; // It has not learned the token yet.
    case tls_session::progress::waits:
      if (!wait_for(socket->get(), POLLIN, until))
        return later;
      break;
    case tls_session::progress::done: {
      char answer = later;
      for (;;) {
        const auto got = session.read(&answer, 1);
        if (!got)
          return later;
        if (*got == 1)
          return answer;
        if (!wait_for(socket->get(), POLLIN, until))
          return later;
      }
    }
    }
}

bool link_voucher::wait_for(int socket, short events, std::chrono::steady_clock::time_point until) {
  pollfd both[] = {{socket, events, 0}, {stop_.get(), POLLIN, 0}};
  for (;;) {
    const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count() + 1;
    if (left <= 0)
      return false;
    const int ready = ::poll(both, 2, static_cast<int>(left));
    if (ready < 0 && errno == EINTR)
      continue;
    return ready > 0 && both[1].revents == 0;
  }
}

} // namespace runtime
