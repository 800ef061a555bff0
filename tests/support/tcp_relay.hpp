#pragma once

#include "runtime/net/tcp_socket.hpp"

#include <array>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/eventfd.h>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>

/// A port that passes on what comes to another port of this machine, both ways, and keeps a copy of all of it. A thread
/// of its own.
class tcp_relay {
public:
  /// What was said on one connection.
  struct record {
    std::string there; ///< By whoever dialled.
    std::string back;
  };

  explicit tcp_relay(std::uint16_t to) : tcp_relay(std::move(*runtime::listen_on("127.0.0.1", 0)), to) {}
  tcp_relay(runtime::socket_handle listener, std::uint16_t to)
    : listener_(std::move(listener)),
      to_(to),
      stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { run(); }) {}
  ~tcp_relay() {
    ::eventfd_write(stop_.get(), 1);
    thread_.join();
  }
  tcp_relay(const tcp_relay&) = delete;
  tcp_relay& operator=(const tcp_relay&) = delete;

  std::uint16_t port() const { return runtime::local_port(listener_.get()); }
  std::vector<record> records() const { ///< Of each connection that was made until now, the oldest first.
    std::lock_guard guard(mutex_);
    return {records_.begin(), records_.end()};
  }

private:
  struct connection {
    std::array<runtime::socket_handle, 2> ends; ///< Whoever dialled, and to whom it is passed on.
    record* kept;
  };

  void run() {
    std::list<connection> open;
    for (;;) {
      std::vector<pollfd> all{{stop_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
      for (const auto& each : open)
        for (const auto& end : each.ends)
          all.push_back({end.get(), POLLIN, 0});
      if (::poll(all.data(), all.size(), -1) < 0)
        continue;
      if (all[0].revents != 0)
        return;
      auto next = all.begin() + 2;
      for (auto each = open.begin(); each != open.end();) {
        const bool there = next[0].revents == 0 || pass_on(*each, 0);
        const bool back = next[1].revents == 0 || pass_on(*each, 1);
        next += 2;
        each = there && back ? std::next(each) : open.erase(each);
      }
      if (all[1].revents != 0)
        if (auto made = accept())
          open.push_back(std::move(*made));
    }
  }

  std::optional<connection> accept() {
    auto from = runtime::accept_from(listener_.get());
    auto to = runtime::start_connecting(*runtime::parse_address("127.0.0.1", to_));
    if (!from || !to)
      return std::nullopt;
    pollfd connected{to->get(), POLLOUT, 0};
    ::poll(&connected, 1, -1);
    for (const int end : {from.get(), to->get()}) // Writing may wait, reading is only done when there is something.
      ::fcntl(end, F_SETFL, ::fcntl(end, F_GETFL) & ~O_NONBLOCK);
    std::lock_guard guard(mutex_);
    return connection{{std::move(from), std::move(*to)}, &records_.emplace_back()};
  }

  /// False: that end is done.
  bool pass_on(const connection& between, std::size_t from) {
    std::array<char, 65536> bytes; // NOLINT: read into.
    const auto got = ::recv(between.ends[from].get(), bytes.data(), bytes.size(), 0);
    if (got <= 0)
      return false;
    const auto size = static_cast<std::size_t>(got);
    {
      std::lock_guard guard(mutex_);
      (from == 0 ? between.kept->there : between.kept->back).append(bytes.data(), size);
    }
    for (std::size_t sent = 0; sent < size;) {
      const auto n = ::send(between.ends[1 - from].get(), bytes.data() + sent, size - sent, MSG_NOSIGNAL);
      if (n <= 0)
        return false;
      sent += static_cast<std::size_t>(n);
    }
    return true;
  }

  const runtime::socket_handle listener_;
  const std::uint16_t to_;
  const runtime::socket_handle stop_;
  mutable std::mutex mutex_;
  std::list<record> records_; ///< Records stay where they are.
  std::thread thread_;        ///< Last: it uses the others.
};
