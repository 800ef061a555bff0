#pragma once

#include "runtime/base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace runtime {

/// A shared secret of the cluster. It appears in no log, error or command line.
using cluster_token = std::array<std::uint8_t, 32>;

/// One token that is good. What it held is wiped when it goes.
struct good_token {
  good_token(const cluster_token& token, std::string digits) : secret(token), fingerprint(std::move(digits)) {}
  good_token(const good_token&) = default;
  good_token& operator=(const good_token&) = default;
  ~good_token();
  friend bool operator==(const good_token& a, const good_token& b) {
    return a.secret == b.secret && a.fingerprint == b.fingerprint;
  }

  cluster_token secret;
  std::string fingerprint; ///< 16 hexadecimal digits that name it and tell nothing of it.
};

/// The tokens of a cluster that are good: at least one, and while tokens are changed more. Each change is a ring of the
/// next generation, made by the head; of two rings of a cluster the one of the higher generation holds.
class token_ring {
public:
  static constexpr std::size_t most_tokens = 4;

  /// `cluster`: the cluster's fingerprint, that of its very first token; empty: not known, as in a file that holds
  /// nothing but a token.
  token_ring(std::string cluster, std::uint64_t generation, std::vector<good_token> newest_first);
  explicit token_ring(good_token only) : token_ring({}, 1, {std::move(only)}) {}

  const std::string& cluster() const { return knows_cluster() ? cluster_ : tokens_.back().fingerprint; }
  bool knows_cluster() const { return !cluster_.empty(); }
  std::uint64_t generation() const { return generation_; } ///< From 1.
  const std::vector<good_token>& tokens() const { return tokens_; }
  const good_token& newest() const { return tokens_.front(); }
  const good_token* find(std::string_view fingerprint) const; ///< Null: that one is not good.

  /// The next generation, with one more token. too_large: there are most_tokens already.
  [[nodiscard]] result<token_ring> with(good_token fresh) const;
  /// The next generation, without the token whose fingerprint begins so. invalid_argument: no single one does, or it is
  /// the last one.
  [[nodiscard]] result<token_ring> without(const std::string& fingerprint) const;

  friend bool operator==(const token_ring& a, const token_ring& b) {
    return a.cluster() == b.cluster() && a.generation_ == b.generation_ && a.tokens_ == b.tokens_;
  }

private:
  std::string cluster_;
  std::uint64_t generation_;
  std::vector<good_token> tokens_;
};

/// Whether these are 16 lower-case hexadecimal digits.
bool is_fingerprint(std::string_view text);

} // namespace runtime
