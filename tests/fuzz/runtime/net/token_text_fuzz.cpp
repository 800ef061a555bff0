#include "tests/fuzz/fuzz_target.hpp"

#include <algorithm>
#include <cctype>
#include <string>

#include "runtime/net/token_text.hpp"

/// What a token file holds. A text without a heading is a token if it is exactly 64 hexadecimal digits, perhaps with an
/// end of line; and nothing of a text is ever quoted, since it may be nearly the token.

namespace {

using namespace runtime;

bool are_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

bool is_token(std::string_view content) {
  if (!content.empty() && content.back() == '\n')
    content.remove_suffix(1);
  return content.size() == 64 && are_digits(content);
}

void run(std::string_view content) {
  const auto ring = parse_tokens(content);

  if (content.substr(0, 15) != "caf-tune tokens")
    fuzz::require(ring.has_value() == is_token(content), "what is a token and what is none is confused");
  if (const auto begin = content.substr(0, 12); !ring && begin.size() == 12 && are_digits(begin))
    fuzz::require(ring.error().message.find(begin) == std::string::npos, "an error quotes the text");
  if (!ring)
    return;
  fuzz::require(!ring->tokens().empty() && ring->tokens().size() <= token_ring::most_tokens, "there are too many");
  for (const auto& each : ring->tokens())
    fuzz::require(is_fingerprint(each.fingerprint), "a token has no fingerprint");
  const auto again = parse_tokens(token_text(*ring));
  fuzz::require(again && *again == *ring, "what was read, written and read again is another");
}

fuzz::inputs seeds() {
  const std::string digits = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
  const std::string ones(64, '1');
  const std::string heading = "caf-tune tokens 1\ncluster 93b4a9543ea46265\ngeneration 3\n";
  return {digits,
          digits + "\n",
          digits + "\n\n",
          digits + "0",
          digits.substr(1),
          "x" + digits.substr(1),
          heading + "token " + digits + "\n",
          heading + "token " + digits + "\ntoken " + ones + "\n",
          heading,
          heading + "token " + ones + "\ntoken " + ones + "\n"};
}

const fuzz::target token_text_target("runtime/net/token_text", run, seeds);

} // namespace
