#include "runtime/net/token_keeper_core.hpp"

#include <utility>

#include <fmt/format.h>

namespace runtime {
namespace {

constexpr std::size_t most_listed = 1'000;
constexpr std::size_t most_in_message = 5;

} // namespace

token_keeper_core::actions token_keeper_core::on_ask(token_peer_id who, const std::string& name,
                                                     std::uint64_t generation, const std::string& not_kept) {
  if (peers_.size() < most_peers || peers_.count(who) != 0)
    peers_[who] = {name, generation, not_kept};
  return {tell{who}};
}

void token_keeper_core::on_peer_lost(token_peer_id who) {
  peers_.erase(who);
}

result<token_ring> token_keeper_core::plan_rotation(good_token fresh) const {
  return ring_.with(std::move(fresh));
}

result<token_ring> token_keeper_core::plan_end(const std::string& fingerprint, peers_behind what) const {
  auto planned = ring_.without(fingerprint);
  if (!planned || what == peers_behind::are_left)
    return planned;
  const auto now = report();
  if (now.behind_count == 0)
    return planned;
  std::string names;
  for (std::size_t i = 0; i < now.behind.size() && i < most_in_message; ++i)
    names += fmt::format("{}{} ({})", i == 0 ? "" : ", ", now.behind[i].name, now.behind[i].why);
  if (now.behind_count > most_in_message)
    names += fmt::format(" and {} more", now.behind_count - most_in_message);
  return fail(
    errc::refused,
    fmt::format("{} of {} nodes and drivers might not come back without it: {}; try again when caf-tune token "
                "list shows none, or leave them behind with --force",
                now.behind_count, now.peer_count, names));
}

token_keeper_core::actions token_keeper_core::on_saved(token_ring planned) {
  ring_ = std::move(planned);
  actions all;
  all.reserve(peers_.size());
  for (const auto& [who, p] : peers_)
    all.push_back({who});
  return all;
}

std::string token_keeper_core::why_behind(const peer& p) const {
  if (p.generation < ring_.generation())
    return "it has not learned of the newest token yet";
  if (!p.not_kept.empty())
    return p.not_kept;
  return {};
}

cluster_tokens token_keeper_core::report() const {
  cluster_tokens now;
  now.cluster = ring_.cluster();
  now.generation = ring_.generation();
  for (const auto& token : ring_.tokens())
    now.good.push_back(token.fingerprint);
  now.peer_count = peers_.size();
  for (const auto& [who, p] : peers_)
    if (auto why = why_behind(p); !why.empty() && ++now.behind_count <= most_listed)
      now.behind.push_back({p.name, std::move(why)});
  return now;
}

} // namespace runtime
