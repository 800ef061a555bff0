#include "runtime/net/connection_table.hpp"

#include <algorithm>
#include <sys/socket.h>
#include <utility>

namespace runtime {

connection_table::ticket connection_table::enter(int socket, origin from) {
  std::lock_guard guard(mutex_);
  connections_.emplace(++last_, connection{socket, from, {}});
  if (from == origin::accepted) { // Our own dials are limited by those who ask for them, and never crowded out.
    if (strangers_.size() >= most_strangers_ && !strangers_.empty())
      shut_down(*strangers_.begin(), ending::crowded_out);
    strangers_.insert(last_);
  }
  return last_;
}

void connection_table::prove(ticket who, proof how) {
  std::lock_guard guard(mutex_);
  strangers_.erase(who);
  if (const auto found = connections_.find(who); found != connections_.end())
    found->second.known = std::move(how);
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
  for (const auto& [who, each] : connections_)
    if (each.known.port == port && each.known.address == address && each.end == ending::none) {
      shut_down(who, ending::ordered);
      ++ended;
    }
  return ended;
}

std::size_t connection_table::end_others_than(const token_ring& good) {
  std::lock_guard guard(mutex_);
  std::size_t ended = 0;
  for (const auto& [who, each] : connections_)
    if (each.known.port != 0 && each.end == ending::none && good.find(each.known.token) == nullptr) {
      shut_down(who, ending::ordered);
      ++ended;
    }
  return ended;
}

std::vector<connection_table::dialled_link> connection_table::dialled_without(const std::string& token) const {
  std::lock_guard guard(mutex_);
  std::vector<dialled_link> found;
  for (const auto& [who, each] : connections_)
    if (each.from == origin::dialled && each.known.port != 0 && each.end == ending::none && each.known.token != token)
      found.push_back({who, each.known});
  return found;
}

std::size_t connection_table::count_without(const std::string& token) const {
  std::lock_guard guard(mutex_);
  return static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(), [&](const auto& each) {
    const auto& link = each.second;
    return link.known.port != 0 && link.end == ending::none && link.known.token != token;
  }));
}

void connection_table::vouch(ticket who, const std::string& token) {
  std::lock_guard guard(mutex_);
  if (const auto found = connections_.find(who); found != connections_.end())
    found->second.known.token = token;
}

bool connection_table::vouch(const std::string& binding, const std::string& token) {
  std::lock_guard guard(mutex_);
  for (auto& [who, each] : connections_)
    if (each.from == origin::accepted && each.known.port != 0 && each.end == ending::none &&
        each.known.binding == binding) {
      each.known.token = token;
      return true;
    }
  return false;
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
