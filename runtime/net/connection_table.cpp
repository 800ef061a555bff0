#include "runtime/net/connection_table.hpp"

#include <sys/socket.h>

namespace runtime {

connection_table::ticket connection_table::enter(int socket, origin from) {
  std::lock_guard guard(mutex_);
  connections_.emplace(++last_, connection{socket, {}});
  if (from == origin::accepted) { // Our own dials are limited by those who ask for them, and never crowded out.
    if (strangers_.size() >= most_strangers_ && !strangers_.empty())
      shut_down(*strangers_.begin(), ending::crowded_out);
    strangers_.insert(last_);
  }
  return last_;
}

void connection_table::prove(ticket who, const std::string& address, std::uint16_t port) {
  std::lock_guard guard(mutex_);
  strangers_.erase(who);
  if (const auto found = connections_.find(who); found != connections_.end()) {
    found->second.address = address;
    found->second.port = port;
  }
}

void connection_table::leave(ticket who) {
  std::lock_guard guard(mutex_);
  strangers_.erase(who);
  connections_.erase(who);
}

void connection_table::expire(ticket who) {
  std::lock_guard guard(mutex_);
  if (strangers_.count(who) != 0)
    shut_down(who, ending::too_slow);
}

void connection_table::end(ticket who) {
  std::lock_guard guard(mutex_);
  shut_down(who, ending::ordered);
}

std::size_t connection_table::end(const std::string& address, std::uint16_t port) {
  std::lock_guard guard(mutex_);
  std::size_t ended = 0;
  for (const auto& [who, known] : connections_)
    if (known.port == port && known.address == address && known.end == ending::none) {
      shut_down(who, ending::ordered);
      ++ended;
    }
  return ended;
}

connection_table::ending connection_table::why_ended(ticket who) const {
  std::lock_guard guard(mutex_);
  const auto found = connections_.find(who);
  return found == connections_.end() ? ending::none : found->second.end;
}

std::size_t connection_table::strangers() const {
  std::lock_guard guard(mutex_);
  return strangers_.size();
}

void connection_table::shut_down(ticket who, ending why) {
  strangers_.erase(who);
  const auto found = connections_.find(who);
  if (found == connections_.end() || found->second.end != ending::none)
    return;
  found->second.end = why;
  ::shutdown(found->second.socket, SHUT_RDWR); // Still open: its owner leaves before it closes it.
}

} // namespace runtime
