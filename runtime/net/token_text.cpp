#include "runtime/net/token_text.hpp"

#include "runtime/net/key_derivation.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <tuple>

namespace runtime {
namespace {

constexpr std::size_t digits = 2 * std::tuple_size<cluster_token>::value;
constexpr std::string_view heading = "caf-tune tokens ";
constexpr const char* advice = "copy the token file of the head's machine again";

tl::unexpected<error> wrong(const std::string& what) {
  return fail(errc::invalid_argument, fmt::format("{}; {}", what, advice));
}

int value_of(char digit) {
  if (digit >= '0' && digit <= '9')
    return digit - '0';
  if (digit >= 'a' && digit <= 'f')
    return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F')
    return digit - 'A' + 10;
  return -1;
}

/// A good_token wipes what it holds; so does this.
[[nodiscard]] result<good_token> parse_token(std::string_view text) {
  if (text.size() != digits)
    return wrong(fmt::format("it has {} characters, where {} hexadecimal digits belong",
                             text.size() > digits ? "too many" : std::to_string(text.size()), digits));
  good_token token(cluster_token{}, {});
  for (std::size_t i = 0; i < digits; ++i) {
    const int value = value_of(text[i]);
    if (value < 0)
      return wrong(fmt::format("its character {} is not a hexadecimal digit", i + 1));
    token.secret[i / 2] = static_cast<std::uint8_t>(token.secret[i / 2] << 4 | value);
  }
  token.fingerprint = fingerprint(token.secret);
  return token;
}

/// The lines of a text, one after the other.
class line_reader {
public:
  explicit line_reader(std::string_view text) : rest_(text) {}
  std::optional<std::string_view> next() { ///< Nothing: there is none, or it has no end.
    const auto end = rest_.find('\n');
    if (end == std::string_view::npos)
      return std::nullopt;
    const auto line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    ++number_;
    return line;
  }
  bool is_at_end() const { return rest_.empty(); }
  int number() const { return number_; } ///< Of the line that was read last, from 1.

private:
  std::string_view rest_;
  int number_ = 0;
};

/// What follows the word at the beginning of the line; nothing: another word is there.
std::optional<std::string_view> after(std::optional<std::string_view> line, std::string_view word) {
  if (!line || line->size() <= word.size() || line->substr(0, word.size()) != word || (*line)[word.size()] != ' ')
    return std::nullopt;
  return line->substr(word.size() + 1);
}

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || number == 0)
    return std::nullopt;
  return number;
}

[[nodiscard]] result<token_ring> parse_ring(std::string_view text) {
  line_reader lines(text);
  if (lines.next() != "caf-tune tokens 1")
    return fail(errc::incompatible, "its format is not one that this caf-tune reads; install the same version as on "
                                    "the head's machine");
  const auto cluster = after(lines.next(), "cluster");
  if (!cluster || !is_fingerprint(*cluster))
    return wrong("line 2 must be the word cluster and 16 hexadecimal digits");
  const auto generation_text = after(lines.next(), "generation");
  const auto generation = generation_text ? number_in(*generation_text) : std::nullopt;
  if (!generation)
    return wrong("line 3 must be the word generation and a number from 1");
  std::vector<good_token> tokens;
  while (!lines.is_at_end()) {
    const auto token = after(lines.next(), "token");
    if (!token || tokens.size() == token_ring::most_tokens)
      return wrong(fmt::format("from line 4 on there must be 1 to {} lines of the word token and {} hexadecimal "
                               "digits, and nothing else",
                               token_ring::most_tokens, digits));
    auto parsed = parse_token(*token);
    if (!parsed)
      return fail(within(fmt::format("line {}", lines.number()), std::move(parsed.error())));
    for (const auto& other : tokens)
      if (other.fingerprint == parsed->fingerprint)
        return wrong(fmt::format("line {} repeats a token", lines.number()));
    tokens.push_back(std::move(*parsed));
  }
  if (tokens.empty())
    return wrong("it has no line with a token");
  return token_ring(std::string(*cluster), *generation, std::move(tokens));
}

} // namespace

result<token_ring> parse_tokens(std::string_view text) {
  if (text.substr(0, heading.size()) == heading)
    return parse_ring(text);
  if (!text.empty() && text.back() == '\n')
    text.remove_suffix(1);
  return parse_token(text).map([](const good_token& only) { return token_ring(only); });
}

std::string token_text(const token_ring& ring) {
  const auto append_hex = [](std::string& text, const cluster_token& token) {
    for (const auto byte : token)
      text += fmt::format("{:02x}", byte);
    text += '\n';
  };
  std::string text;
  text.reserve(longest_token_text); // What it grew out of would not be wiped.
  if (!ring.knows_cluster()) {
    append_hex(text, ring.newest().secret);
    return text;
  }
  text += fmt::format("{}1\ncluster {}\ngeneration {}\n", heading, ring.cluster(), ring.generation());
  for (const auto& token : ring.tokens()) {
    text += "token ";
    append_hex(text, token.secret);
  }
  return text;
}

} // namespace runtime
