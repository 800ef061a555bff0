#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/actor_system.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <fmt/format.h>

#include "runtime/base/instant.hpp"
#include "runtime/base/random_stream.hpp"

namespace sim {

using runtime::instant;
using runtime::random_stream;
using machine = std::uint32_t; ///< Its host name is "m" and the number.

std::string host_of(machine m);
std::chrono::nanoseconds between(random_stream& random, std::chrono::nanoseconds least, std::chrono::nanoseconds most);

struct network_options {
  std::chrono::nanoseconds least_delay = std::chrono::microseconds(100);
  std::chrono::nanoseconds most_delay = std::chrono::milliseconds(2);
  std::chrono::nanoseconds connect_deadline = std::chrono::seconds(2);
};

/// Machines, and the connections between them, in virtual time and from one seed. Actors meet it in two forms only: a
/// middleman actor for each machine, which answers CAF's own publish and connect messages, and handles of remote actors
/// that can be sent to and monitored like BASP's. As with BASP two processes have one connection at a time: who dials
/// again while it stands gets the same handle, and while only the one that is dialled believes that it stands, it takes
/// no other. Connections of frames are for what has sockets of its own. Each direction of a connection keeps its order
/// and loses only its end, as with TCP; messages go through bytes.
class network {
public:
  /// One end of a connection of frames.
  struct link_end {
    std::uint64_t link = 0;
    std::size_t end = 0; ///< 0: who dialled.
  };
  struct frame_peer {
    std::function<void(const std::string&)> on_frame;
    std::function<void()> on_lost; ///< The last.
  };
  enum class dial_outcome { linked, refused, silent };

  network(caf::actor_system& system, std::uint64_t seed, network_options options = {});
  ~network(); ///< When no actor runs any more.
  network(const network&) = delete;
  network& operator=(const network&) = delete;

  caf::actor middleman_of(machine m);
  void listen(machine m, std::uint16_t port, caf::strong_actor_ptr whom) { ports_[{m, port}] = std::move(whom); }
  void at(instant when, std::function<void()> what); ///< A fault, a worker's end, a check.

  // Connections of frames.
  void listen_for_frames(machine m, std::uint16_t port, std::function<frame_peer(link_end)> on_accept);
  void dial_for_frames(machine from, const std::string& host, std::uint16_t port, std::chrono::nanoseconds deadline,
                       std::function<frame_peer(dial_outcome, link_end)> told);
  void send_frame(link_end from, std::string frame);
  void close(link_end from); ///< Nothing is told there any more.

  // What goes wrong.
  void block(machine from, machine to); ///< One way: what is sent waits, as TCP would repeat it, and comes late.
  void unblock(machine from, machine to);
  void unblock_all();
  /// All connections of the two end; what is on its way partly arrives. Each learns of it within its time: the one that
  /// learns late still hears what was sent before.
  void reset(machine a, machine b, std::chrono::nanoseconds a_learns, std::chrono::nanoseconds b_learns);
  /// Until then some messages between actors are sent twice, one right after the other: as by one who repeats what was
  /// answered, but not yet.
  void repeat_until(instant limit) { repeats_until_ = limit; }
  /// It has died with its actors: it listens no more, and others learn of it within this time.
  void forget(machine m, std::chrono::nanoseconds others_learn);

  /// Runs what happens until then; stops early when the check says so. Any of the actors that are ready may be next.
  void run_until(instant limit, const std::function<bool()>& goes_on_after_each_event);
  instant now() const;
  /// A line for each thing that happens, with its time: what a failing seed is understood by.
  void tell_everything(std::function<void(const std::string& line)> listener) { listener_ = std::move(listener); }
  template <class... Args>
  void note(const char* format, const Args&... args) { ///< Costs nothing while nobody listens.
    if (listener_)
      tell(fmt::format(fmt::runtime(format), args...));
  }
  std::uint64_t trace_hash() const { return hash_; } ///< Over each delivery's time, place and bytes.
  std::uint64_t delivered() const { return delivered_; }

private:
  friend class middleman_actor;
  friend class remote_handle;

  struct delivery {
    std::uint64_t link = 0; ///< 0: an event of at().
    std::size_t to_end = 0;
    caf::strong_actor_ptr to, sender;
    caf::message_id mid;
    caf::message content;
    std::function<void()> what; ///< Instead of a message.
  };
  struct link {
    std::array<machine, 2> ends{};
    std::array<std::uint32_t, 2> starts{}; ///< Of the processes there.
    bool is_for_frames = false;
    bool up = true;
    std::array<instant, 2> last_due{};
    std::array<instant, 2> cut_at{};                                         ///< By the end that hears.
    std::array<bool, 2> knows{};                                             ///< That it is cut.
    std::array<std::vector<delivery>, 2> held;                               ///< By the end that they go to.
    std::array<std::map<caf::actor_addr, caf::strong_actor_ptr>, 2> handles; ///< At this end, of actors at the other.
    std::array<frame_peer, 2> peers;
  };

  void dial(machine from, const std::string& host, std::uint16_t port, std::function<void(caf::strong_actor_ptr)> told);
  void reach(machine from, machine to, std::chrono::nanoseconds deadline, std::function<bool()> is_welcome,
             std::function<void(dial_outcome, std::uint64_t link)> told);
  std::uint32_t start_of(machine m) const;
  std::optional<std::uint64_t> standing_link(machine from, machine to, std::size_t for_end) const;
  void transmit(std::uint64_t link, std::size_t from_end, const caf::strong_actor_ptr& to, caf::mailbox_element& what);
  caf::strong_actor_ptr handle_for(std::uint64_t link, std::size_t end, const caf::strong_actor_ptr& remote);
  void tell_end(std::uint64_t link, std::size_t end, const caf::actor_addr& whose, const caf::error& why);
  caf::message through_bytes(const caf::message& content);
  void dispatch(link& l, delivery d);
  void send_later(link& l, delivery d);
  void deliver(delivery& d);
  void cut(std::uint64_t number, link& l, std::array<std::chrono::nanoseconds, 2> learns);
  void lose(std::uint64_t number, std::size_t end);
  std::chrono::nanoseconds delay() { return between(random_, options_.least_delay, options_.most_delay); }
  void tell(const std::string& what) const;
  void trace(std::uint64_t x) { hash_ = (hash_ ^ x) * 1099511628211u; }
  bool step(instant limit);

  caf::actor_system& system_;
  caf::scheduler::test_coordinator& scheduler_;
  random_stream random_;
  random_stream schedule_;
  random_stream repeats_;
  instant repeats_until_{};
  network_options options_;
  std::map<std::pair<instant, std::uint64_t>, delivery> queue_;
  std::map<std::uint64_t, link> links_;
  std::map<std::pair<machine, std::uint16_t>, caf::strong_actor_ptr> ports_;
  std::map<std::pair<machine, std::uint16_t>, std::function<frame_peer(link_end)>> frame_ports_;
  std::map<machine, std::uint32_t> starts_; ///< How often its process has died: CAF knows each by another name.
  std::set<std::pair<machine, machine>> blocked_;
  std::uint64_t last_event_ = 0;
  std::uint64_t last_link_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t hash_ = 14695981039346656037u;
  std::vector<char> bytes_;
  std::function<void(const std::string&)> listener_;
};

} // namespace sim
