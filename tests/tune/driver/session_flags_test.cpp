#include "tune/driver/session_flags.hpp"

#include <doctest/doctest.h>

using tune::read_session_flags;

TEST_CASE("session flags: each in both forms, and the rest in its order") {
  const auto flags =
    read_session_flags({"--storage", "/s", "--samples=8", "mine", "--own", "--json", "--seed", "3"}, false);

  CHECK(flags.mistakes.empty());
  CHECK(flags.storage == "/s");
  CHECK(flags.samples == 8);
  CHECK(flags.seed == 3);
  CHECK(flags.json);
  CHECK_FALSE(flags.quiet);
  CHECK(flags.rest == std::vector<std::string>{"mine", "--own"});
}

TEST_CASE("session flags: every mistake at once") {
  CHECK(read_session_flags({"--samples", "x", "--name", "", "--seed", "--json", "--json", "--smaples", "3"}, true)
          .mistakes == std::vector<std::string>{"--samples: \"x\" is not a whole number from 0 up",
                                                "--name: it is empty", "--seed: its value is missing",
                                                "--json: it is given more than once",
                                                "--smaples: there is no such flag"});
  CHECK(read_session_flags({"seven"}, true).mistakes ==
        std::vector<std::string>{"\"seven\": nothing is expected here"});
  CHECK(read_session_flags({"--samples", "-1"}, true).mistakes.size() == 2);
}
