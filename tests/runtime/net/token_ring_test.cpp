#include "runtime/net/token_ring.hpp"

#include "tests/runtime/net/tokens_for_test.hpp"

#include <doctest/doctest.h>

using namespace runtime;
using tokens_for_test::token;

namespace {

const std::string cluster = "00000000000000aa";

} // namespace

TEST_CASE("token ring: a rotation adds a token in front, and both are good") {
  const token_ring before(token(1));

  const auto after = before.with(token(2));

  REQUIRE(after);
  CHECK(after->generation() == 2);
  CHECK(after->newest() == token(2));
  CHECK(*after->find(token(1).fingerprint) == token(1));
  CHECK(after->cluster() == token(1).fingerprint); // Its first token names the cluster for ever,
  CHECK(after->without(token(1).fingerprint)->cluster() == token(1).fingerprint); // also when that is ended.
}

TEST_CASE("token ring: a token that was ended is not good any more") {
  const token_ring both(cluster, 7, {token(2), token(1)});

  const auto after = both.without(token(1).fingerprint);

  REQUIRE(after);
  CHECK(*after == token_ring(cluster, 8, {token(2)}));
  CHECK(after->find(token(1).fingerprint) == nullptr);
}

TEST_CASE("token ring: the beginning of a fingerprint names a token if it is that of one only") {
  const token_ring three(cluster, 1,
                         {token(3, "abcd000000000001"), token(2, "abcd000000000002"), token(1, "ef00000000000003")});

  CHECK(three.without("ef00")->tokens().size() == 2);
  CHECK(three.without("abcd").error() ==
        error{errc::invalid_argument, "\"abcd\" is the beginning of 2 tokens; use more digits of one of these: "
                                      "abcd000000000001, abcd000000000002, ef00000000000003"});
  CHECK(three.without("abce").error() ==
        error{errc::not_found,
              "no token \"abce\" is good; these are: abcd000000000001, abcd000000000002, ef00000000000003"});
  CHECK(three.without("").error().code == errc::not_found);
}

TEST_CASE("token ring: the last token stays") {
  const token_ring one(token(1, "0000000000000001"));

  CHECK(one.without("0000000000000001").error() ==
        error{errc::invalid_argument, "token 0000000000000001 is the only one; run caf-tune token rotate first"});
}

TEST_CASE("token ring: there are never more than four") {
  const token_ring four(cluster, 4, {token(4), token(3), token(2), token(1)});

  CHECK(
    four.with(token(5)).error() ==
    error{errc::too_large, "4 tokens are good already; end one of them first, for example with caf-tune token end " +
                             token(1).fingerprint});
}
