#include "runtime/owner/stub_core.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace runtime {
namespace {

error lost_in_flight(const std::string& name, const error& why) {
  const auto code = why.code == errc::node_lost ? errc::node_lost : errc::worker_lost;
  return {code, fmt::format("the actor \"{}\" was lost while the call was in flight; whether it ran is unknown: {}",
                            name, why.message)};
}

} // namespace

error stub_core::after_end(const std::string& name, const result<void>& how) {
  if (how)
    return {errc::not_found, fmt::format("the actor \"{}\" has ended: it quit in good order", name)};
  return {how.error().code, fmt::format("the actor \"{}\" has ended: {}", name, how.error().message)};
}

void stub_core::on_call(std::string content, reply to, instant now, actions& out) {
  const auto refuse = [&](error why) {
    if (to)
      out.push_back(answer{std::move(to), fail(std::move(why))});
  };
  if (ended_)
    return refuse(after_end(name_, *ended_));
  const bool is_full =
    gathered_.size() >= options_.most_waiting || gathered_bytes_ + content.size() > options_.most_waiting_bytes;
  if (!alive_ && is_full)
    return refuse({errc::refused, fmt::format("the actor \"{}\" is not alive yet, and {} calls with {} bytes wait for "
                                              "it already; call it when some have been answered",
                                              name_, gathered_.size(), gathered_bytes_)});
  if (const auto unanswered = in_flight_.size() + gathered_.size(); to && unanswered >= options_.most_unanswered)
    return refuse({errc::refused, fmt::format("the actor \"{}\" has not answered {} calls yet; call it when it has "
                                              "answered some",
                                              name_, unanswered)});
  gathered_bytes_ += content.size();
  gathered_.push_back({std::move(content), std::move(to)});
  if (!alive_)
    return;
  if (in_flight_.empty() || gathered_.size() >= options_.batch_calls || gathered_bytes_ >= options_.batch_bytes)
    flush(out);
  else if (!flush_at_)
    flush_at_ = now + options_.gathers_for;
}

void stub_core::on_alive(actions& out) {
  if (ended_)
    return;
  lose_flight({errc::worker_lost, "it was restarted"}, out);
  alive_ = true;
  unsure_until_.reset();
  flush(out);
}

void stub_core::on_reply(std::uint64_t id, result<std::string> content, actions& out) {
  const auto found = in_flight_.find(id);
  if (found == in_flight_.end())
    return; // It has failed already: its actor was taken for lost.
  out.push_back(answer{std::move(found->second), std::move(content)});
  in_flight_.erase(found);
}

void stub_core::on_replies_end(actions& out) {
  if (alive_)
    flush(out);
}

void stub_core::on_node_lost(const error& why, actions& out) {
  alive_ = false;
  flush_at_.reset();
  lose_flight({errc::node_lost, why.message}, out);
}

void stub_core::on_handle_lost(instant now) {
  if (!alive_)
    return;
  alive_ = false;
  flush_at_.reset();
  if (!in_flight_.empty()) // Otherwise nobody waits for the cause, and most actors end so: no timer for each.
    unsure_until_ = now + options_.unsure_for;
}

void stub_core::on_restarting(const error& why, actions& out) {
  if (ended_)
    return;
  alive_ = false;
  flush_at_.reset();
  lose_flight(why, out);
}

void stub_core::on_ended(result<void> how, actions& out) {
  if (ended_)
    return;
  alive_ = false;
  ended_ = std::move(how);
  flush_at_.reset();
  lose_flight(*ended_ ? error{errc::worker_lost, "it quit in good order"} : ended_->error(), out);
  for (auto& w : gathered_)
    if (w.to)
      out.push_back(answer{std::move(w.to), fail(after_end(name_, *ended_))});
  gathered_.clear();
  gathered_bytes_ = 0;
}

void stub_core::on_time(instant now, actions& out) {
  if (flush_at_ && *flush_at_ <= now)
    flush(out);
  if (unsure_until_ && *unsure_until_ <= now)
    lose_flight({errc::worker_lost, "its worker is gone"}, out);
}

std::optional<instant> stub_core::wake_at() const noexcept {
  if (flush_at_ && unsure_until_)
    return std::min(*flush_at_, *unsure_until_);
  return flush_at_ ? flush_at_ : unsure_until_;
}

void stub_core::flush(actions& out) {
  flush_at_.reset();
  if (gathered_.empty())
    return;
  send_calls batch;
  std::size_t bytes = 0;
  const auto send_batch = [&] {
    out.push_back(std::move(batch));
    batch.calls.clear();
    bytes = 0;
  };
  for (auto& w : gathered_) { // Many, when they have waited for the actor: no message may become huge.
    const std::uint64_t id = w.to ? ++last_id_ : 0;
    if (w.to)
      in_flight_.emplace_hint(in_flight_.end(), id, std::move(w.to));
    bytes += w.content.size();
    batch.calls.push_back({id, std::move(w.content)});
    if (batch.calls.size() >= options_.batch_calls || bytes >= options_.batch_bytes)
      send_batch();
  }
  if (!batch.calls.empty())
    send_batch();
  gathered_.clear();
  gathered_bytes_ = 0;
}

void stub_core::lose_flight(const error& why, actions& out) {
  unsure_until_.reset();
  if (in_flight_.empty())
    return;
  for (auto& [id, to] : in_flight_)
    out.push_back(answer{std::move(to), fail(lost_in_flight(name_, why))});
  in_flight_.clear();
}

} // namespace runtime
