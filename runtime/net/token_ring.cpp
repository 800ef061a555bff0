#include "runtime/net/token_ring.hpp"

#include "runtime/base/invariant.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace runtime {
namespace {

std::string list_of(const std::vector<good_token>& tokens) {
  std::string all;
  for (const auto& token : tokens)
    all += (all.empty() ? "" : ", ") + token.fingerprint;
  return all;
}

} // namespace

good_token::~good_token() {
  ::explicit_bzero(secret.data(), secret.size());
}

token_ring::token_ring(std::string cluster, std::uint64_t generation, std::vector<good_token> newest_first)
  : cluster_(std::move(cluster)),
    generation_(generation),
    tokens_(std::move(newest_first)) {
  CAF_TUNE_INVARIANT(!tokens_.empty() && tokens_.size() <= most_tokens, "{} tokens", tokens_.size());
  CAF_TUNE_INVARIANT(generation_ != 0, "a ring of generation 0");
}

const good_token* token_ring::find(std::string_view fingerprint) const {
  const auto found =
    std::find_if(tokens_.begin(), tokens_.end(), [&](const auto& each) { return each.fingerprint == fingerprint; });
  return found == tokens_.end() ? nullptr : &*found;
}

result<token_ring> token_ring::with(good_token fresh) const {
  if (tokens_.size() >= most_tokens)
    return fail(errc::too_large, fmt::format("{} tokens are good already; end one of them first, for example with "
                                             "caf-tune token end {}",
                                             tokens_.size(), tokens_.back().fingerprint));
  std::vector<good_token> all{std::move(fresh)};
  all.insert(all.end(), tokens_.begin(), tokens_.end());
  return token_ring(cluster(), generation_ + 1, std::move(all));
}

result<token_ring> token_ring::without(const std::string& fingerprint) const {
  std::vector<good_token> rest;
  for (const auto& each : tokens_)
    if (fingerprint.empty() || each.fingerprint.compare(0, fingerprint.size(), fingerprint) != 0)
      rest.push_back(each);
  const auto ended = tokens_.size() - rest.size();
  if (ended == 0)
    return fail(errc::not_found, fmt::format("no token \"{}\" is good; these are: {}", fingerprint, list_of(tokens_)));
  if (ended > 1)
    return fail(errc::invalid_argument,
                fmt::format("\"{}\" is the beginning of {} tokens; use more digits of one of these: {}", fingerprint,
                            ended, list_of(tokens_)));
  if (rest.empty())
    return fail(errc::invalid_argument,
                fmt::format("token {} is the only one; run caf-tune token rotate first", tokens_.front().fingerprint));
  return token_ring(cluster(), generation_ + 1, std::move(rest));
}

bool is_fingerprint(std::string_view text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

} // namespace runtime
