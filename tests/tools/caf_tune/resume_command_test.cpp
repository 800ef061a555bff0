#include "tools/caf_tune/resume_command.hpp"

#include <doctest/doctest.h>

using words = std::vector<std::string>;

TEST_CASE("resume: the program as it was started, with --resume and where the experiment lies now") {
  CHECK(tools::resume_command({"/a/digits", "--seed", "3", "more"}, "/s/digits", {}) ==
        words{"/a/digits", "--seed", "3", "more", "--resume", "--storage", "/s", "--name", "digits"});
  CHECK(
    tools::resume_command({"/a/digits", "--resume", "--storage", "/old", "--name=x", "--samples", "4"}, "here", {}) ==
    words{"/a/digits", "--samples", "4", "--resume", "--storage", ".", "--name", "here"});
}

TEST_CASE("resume: other samples replace those it was started with") {
  CHECK(tools::resume_command({"/a/digits", "--samples", "4", "--quiet", "--samples=5"}, "/digits", 8) ==
        words{"/a/digits", "--quiet", "--resume", "--storage", "/", "--name", "digits", "--samples", "8"});
}

TEST_CASE("resume: an experiment that does not say how it was started is started by hand") {
  CHECK(tools::resume_command({}, "/s/digits", {}).error().message ==
        "/s/digits: its journal does not say how its program was started; start it again yourself, with --resume");
}
