#include "runtime/net/token_wire.hpp"

#include "runtime/base/short_text.hpp"
#include "runtime/net/key_derivation.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace runtime::token_wire {
namespace {

constexpr std::size_t most_name_bytes = 255;
constexpr std::size_t most_reason_bytes = 1024;

} // namespace

wire::ClusterTokens to_wire(const token_ring& ring) {
  wire::ClusterTokens message;
  message.set_cluster(ring.cluster());
  message.set_generation(ring.generation());
  for (const auto& token : ring.tokens())
    message.add_tokens(token.secret.data(), token.secret.size());
  return message;
}

result<token_ring> from_wire(const wire::ClusterTokens& message) {
  if (!is_fingerprint(message.cluster()))
    return fail(errc::invalid_argument, "the cluster's name is not 16 hexadecimal digits");
  if (message.generation() == 0)
    return fail(errc::invalid_argument, "the generation is 0; the first is 1");
  const auto count = static_cast<std::size_t>(message.tokens_size());
  if (count == 0 || count > token_ring::most_tokens)
    return fail(errc::invalid_argument,
                fmt::format("there are {} tokens; there must be 1 to {}", count, token_ring::most_tokens));
  std::vector<good_token> tokens;
  for (const auto& bytes : message.tokens()) {
    cluster_token secret{};
    if (bytes.size() != secret.size())
      return fail(errc::invalid_argument,
                  fmt::format("a token has {} bytes, where {} belong", bytes.size(), secret.size()));
    std::copy(bytes.begin(), bytes.end(), secret.begin());
    tokens.push_back(named(secret));
  }
  return token_ring(message.cluster(), message.generation(), std::move(tokens));
}

question from_wire(const wire::AskTokens& message) {
  return {short_text(message.name(), most_name_bytes), message.generation(),
          short_text(message.why_not_kept(), most_reason_bytes)};
}

wire::TokenReport to_wire(const cluster_tokens& report) {
  wire::TokenReport message;
  message.set_cluster(report.cluster);
  message.set_generation(report.generation);
  for (const auto& each : report.good)
    message.add_good(each);
  message.set_peer_count(report.peer_count);
  for (const auto& each : report.behind) {
    auto& peer = *message.add_behind();
    peer.set_name(each.name);
    peer.set_why(each.why);
  }
  message.set_behind_count(report.behind_count);
  return message;
}

cluster_tokens from_wire(const wire::TokenReport& message) {
  cluster_tokens report;
  report.cluster = message.cluster();
  report.generation = message.generation();
  report.good.assign(message.good().begin(), message.good().end());
  report.peer_count = message.peer_count();
  for (const auto& each : message.behind())
    report.behind.push_back({each.name(), each.why()});
  report.behind_count = message.behind_count();
  return report;
}

wire::Failure to_wire(const error& why) {
  wire::Failure message;
  message.set_code(static_cast<std::uint32_t>(why.code));
  message.set_message(short_text(why.message));
  return message;
}

} // namespace runtime::token_wire
