#include "runtime/net/token_text.hpp"

#include "runtime/net/key_derivation.hpp"

#include <doctest/doctest.h>

using namespace runtime;

namespace {

good_token real_token(std::uint8_t number) {
  cluster_token secret{};
  secret.fill(number);
  return named(secret);
}

const std::string ones = "0101010101010101010101010101010101010101010101010101010101010101";
const std::string twos = "0202020202020202020202020202020202020202020202020202020202020202";
const std::string heading = "caf-tune tokens 1\ncluster 93b4a9543ea46265\ngeneration 3\n";

std::string why_not(const std::string& text) {
  const auto parsed = parse_tokens(text);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().message.find(ones.substr(0, 8)) == std::string::npos); // Nothing is quoted.
  return parsed.error().message;
}

const std::string advice = "; copy the token file of the head's machine again";

} // namespace

TEST_CASE("token text: 64 hexadecimal digits are one token, and its cluster is not known") {
  const auto parsed = parse_tokens(ones + "\n");

  REQUIRE(parsed);
  CHECK(*parsed == token_ring(real_token(1)));
  CHECK_FALSE(parsed->knows_cluster());
  CHECK(parsed->cluster() == "93b4a9543ea46265");
  CHECK(token_text(*parsed) == ones + "\n");
}

TEST_CASE("token text: several tokens stay what they are, and these bytes are read for ever") {
  const auto text = heading + "token " + twos + "\ntoken " + ones + "\n";

  const auto parsed = parse_tokens(text);

  REQUIRE(parsed);
  CHECK(*parsed == token_ring("93b4a9543ea46265", 3, {real_token(2), real_token(1)}));
  CHECK(parsed->knows_cluster());
  CHECK(token_text(*parsed) == text);
}

TEST_CASE("token text: the longest that can be written can be read") {
  const token_ring most("93b4a9543ea46265", ~std::uint64_t{0},
                        {real_token(4), real_token(3), real_token(2), real_token(1)});

  const auto text = token_text(most);

  CHECK(text.size() < longest_token_text);
  CHECK(parse_tokens(text) == most);
}

TEST_CASE("token text: what is wrong is said with its line, and what would be right") {
  CHECK(why_not("") == "it has 0 characters, where 64 hexadecimal digits belong" + advice);
  CHECK(why_not(ones + ones) == "it has too many characters, where 64 hexadecimal digits belong" + advice);
  CHECK(why_not("caf-tune tokens 2\n") == "its format is not one that this caf-tune reads; install the same version as "
                                          "on the head's machine");
  CHECK(why_not("caf-tune tokens 1") == "its format is not one that this caf-tune reads; install the same version as "
                                        "on the head's machine"); // Cut off.
  const auto no_cluster = "line 2 must be the word cluster and 16 hexadecimal digits" + advice;
  CHECK(why_not("caf-tune tokens 1\n") == no_cluster);
  CHECK(why_not("caf-tune tokens 1\ncluster\n") == no_cluster);
  CHECK(why_not("caf-tune tokens 1\ncluster 93B4A9543EA46265\n") == no_cluster);
  CHECK(why_not("caf-tune tokens 1\nclusters93b4a9543ea46265\n") == no_cluster);
  const auto no_generation = "line 3 must be the word generation and a number from 1" + advice;
  for (const char* number : {"0", "-1", "1x", "", "18446744073709551616"})
    CHECK(why_not(std::string("caf-tune tokens 1\ncluster 93b4a9543ea46265\ngeneration ") + number + "\n") ==
          no_generation);
  CHECK(why_not(heading) == "it has no line with a token" + advice);
  const auto no_tokens =
    "from line 4 on there must be 1 to 4 lines of the word token and 64 hexadecimal digits, and nothing else" + advice;
  CHECK(why_not(heading + ones + "\n") == no_tokens);
  CHECK(why_not(heading + "token " + ones) == no_tokens); // The last line is cut off.
  CHECK(why_not(heading + "token " + ones + "\nmore\n") == no_tokens);
  std::string five = heading;
  for (const char digit : {'1', '2', '3', '4', '5'})
    five += "token " + std::string(64, digit) + "\n";
  CHECK(why_not(five) == no_tokens);
  CHECK(why_not(heading + "token abc\n") == "line 4: it has 3 characters, where 64 hexadecimal digits belong" + advice);
  CHECK(why_not(heading + "token " + ones + "\ntoken " + twos.substr(0, 63) + "x\n") ==
        "line 5: its character 64 is not a hexadecimal digit" + advice);
  CHECK(why_not(heading + "token " + ones + "\ntoken " + ones + "\n") == "line 5 repeats a token" + advice);
  CHECK(why_not(heading + "token " + ones + '\0' + "\n") ==
        "line 4: it has too many characters, where 64 hexadecimal digits belong" + advice);
}
