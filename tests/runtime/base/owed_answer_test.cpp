#include "runtime/base/owed_answer.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using runtime::errc;
using runtime::owed_answer;
using runtime::result;

namespace {

struct listener {
  std::vector<result<int>> heard;
  owed_answer<int> owed() {
    return [this](result<int> answer) { heard.push_back(std::move(answer)); };
  }
};

} // namespace

TEST_CASE("owed answer: the first answer counts, and copies are the same callback") {
  listener waits;
  {
    const auto owed = waits.owed();
    const auto copy = owed;

    copy(1);
    owed(2);

    CHECK(!owed);
  }
  REQUIRE(waits.heard.size() == 1);
  CHECK(waits.heard[0] == 1);
}

TEST_CASE("owed answer: who is dropped unanswered is told that its owner has ended") {
  listener waits;
  auto owed = waits.owed();
  auto copy = owed;

  owed = nullptr;
  CHECK(waits.heard.empty());
  copy = nullptr;

  REQUIRE(waits.heard.size() == 1);
  CHECK(waits.heard[0].error() == runtime::error{errc::cancelled, "the owner of this work has ended"});
}

TEST_CASE("owed answer: what is said to who is dropped can be chosen when it is") {
  std::vector<result<int>> heard;
  std::string name = "early";
  {
    const owed_answer<int> owed([&](result<int> answer) { heard.push_back(std::move(answer)); },
                                [&] {
                                  return runtime::error{errc::worker_lost, name};
                                });
    name = "late";
  }

  REQUIRE(heard.size() == 1);
  CHECK(heard[0].error() == runtime::error{errc::worker_lost, "late"});
}

TEST_CASE("owed answer: an empty one owes nothing") {
  const owed_answer<void> nothing;
  const owed_answer<void> empty(owed_answer<void>::callback{}, nullptr);

  CHECK(!nothing);
  CHECK(!empty);
  nothing({});
  empty({});
}
