#pragma once

#include "runtime/base/instant.hpp"
#include "runtime/net/tcp_socket.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace runtime {

/// One thread that waits for sockets, for a time, and for orders of other threads. Its clock goes on while the machine
/// is suspended (CLOCK_BOOTTIME): a laptop that wakes up must know that it was silent. Takes no signals.
class event_loop {
public:
  using on_ready = std::function<void(std::uint32_t events)>;

  event_loop();
  ~event_loop(); ///< stop()
  event_loop(const event_loop&) = delete;
  event_loop& operator=(const event_loop&) = delete;

  /// `on_time` is called after each round of events, and when the time that it returned has come. Sockets first: what
  /// has arrived in time must not be judged late because this thread was.
  void start(std::function<std::optional<instant>(instant now)> on_time);
  void stop();                            ///< Returns when nothing is called any more.
  void post(std::function<void()> order); ///< Any thread: to be called on the loop's. Dropped once it has stopped.

  static instant now();

  // Only on the loop's own thread, or before start(). Calls of a socket end with unwatch(), even within the same round.
  void watch(int socket, std::uint32_t events, on_ready then);
  void change(int socket, std::uint32_t events);
  void unwatch(int socket);

private:
  void run();
  bool round(bool wait); ///< False: nothing more is ready.
  void take_orders();
  void arm(std::optional<instant> when);

  struct watched {
    std::uint64_t key;
    std::uint32_t events;
    on_ready then;
  };
  socket_handle epoll_, wake_, timer_;
  std::function<std::optional<instant>(instant)> on_time_;
  std::map<int, watched> sockets_;
  std::map<std::uint64_t, int>
    keys_; ///< epoll tells a key, never used again: a socket's number may be another's by now.
  std::uint64_t last_key_ = 0;
  std::mutex mutex_;
  std::vector<std::function<void()>> orders_;
  bool is_stopping_ = false;
  std::thread thread_;
};

} // namespace runtime
