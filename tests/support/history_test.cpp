#include "tests/support/history.hpp"

#include <doctest/doctest.h>

using namespace history;

namespace {

const attempt first{"a", 1}, second{"a", 2}, other{"b", 1};

/// Two trials on a node with room for two; the first attempt of one is lost after three iterations, of which two were
/// counted, and the next goes on from the checkpoint of the second.
storm calm() {
  storm s;
  s.slots = {{"n", 2}};
  s.deeds = {began{first, "n", 0},  performed{first, 1},  began{other, "n", 0},
             performed{first, 2},   performed{first, 3},  performed{other, 1},
             began{second, "n", 2}, performed{second, 3}, performed{second, 4}};
  s.acknowledgements = {{"a", 1}, {"a", 2}, {"b", 1}, {"a", 4}};
  s.journal = {started{first, 0, ""},   started{other, 0, ""},     counted{first, 1, false},
               counted{first, 2, true}, counted{other, 1, false},  ended{first},
               started{second, 2, ""},  counted{second, 3, false}, ended{other},
               trial_ended{"b"},        counted{second, 4, false}, ended{second},
               trial_ended{"a"}};
  return s;
}

/// The one violation of a storm, as "I2: ...".
std::string only_violation(const storm& s) {
  const auto all = judge(s).violations;
  REQUIRE_MESSAGE(all.size() == 1, to_text(all));
  auto text = to_text(all);
  text.pop_back();
  return text;
}

template <class Record>
void erase_from(std::vector<Record>& all, std::size_t index) {
  all.erase(all.begin() + static_cast<std::ptrdiff_t>(index));
}

template <class Record>
void insert_into(std::vector<Record>& all, std::size_t index, Record what) {
  all.insert(all.begin() + static_cast<std::ptrdiff_t>(index), std::move(what));
}

} // namespace

TEST_CASE("history: a storm in which nothing went wrong has no violation, and much was decided") {
  const auto found = judge(calm());

  CHECK_MESSAGE(found.violations.empty(), to_text(found.violations));
  CHECK(found.placed == 12);
  CHECK(found.counted == 5);
  CHECK(found.restored == 1);
  CHECK(found.acknowledged == 4);
}

TEST_CASE("history: more attempts at work on a node than it has room for are found (I1)") {
  auto s = calm();
  s.slots["n"] = 1;
  CHECK(only_violation(s) == "I1: node n has room for 1, and 2 attempts are at work there at deed 2");

  s.slots = {{"m", 1}}; // Nobody was there.
  CHECK(judge(s).violations.empty());
  CHECK(judge(s).placed == 0);
}

TEST_CASE("history: an attempt that began where another has ended is not too many (I1)") {
  auto s = calm();
  s.slots["n"] = 1;
  s.deeds = {began{first, "n", 0}, performed{first, 1},   performed{first, 2},  began{other, "n", 0},
             performed{other, 1},  began{second, "n", 2}, performed{second, 3}, performed{second, 4}};
  CHECK_MESSAGE(judge(s).violations.empty(), to_text(judge(s).violations));

  s.deeds.push_back(performed{other, 2}); // It went on, while the second was at work.
  CHECK(only_violation(s) == "I1: node n has room for 1, and 2 attempts are at work there at deed 5");
}

TEST_CASE("history: a result that is counted twice is found (I2)") {
  auto s = calm();
  insert_into<record>(s.journal, 4, counted{first, 2, true});
  CHECK(only_violation(s) == "I2: trial a, attempt 1, iteration 2 is counted after iteration 2");
}

TEST_CASE("history: a result that is left out is found (I2)") {
  auto s = calm();
  erase_from(s.journal, 2);
  s.acknowledgements = {};
  CHECK(only_violation(s) == "I2: trial a, attempt 1, iteration 2 is counted after iteration 0");
}

TEST_CASE("history: a result that no trainable has performed is found, also if another attempt did (I2)") {
  auto s = calm();
  s.deeds.pop_back();
  CHECK(only_violation(s) == "I2: trial a, attempt 2, iteration 4 is counted, and was never performed");

  s.deeds.push_back(performed{first, 4});
  s.slots = {}; // Three attempts were at work then.
  CHECK(only_violation(s) == "I2: trial a, attempt 2, iteration 4 is counted, and was never performed");
}

TEST_CASE("history: what an older attempt says and is counted all the same is found (I3)") {
  auto s = calm();
  s.journal[7] = counted{first, 3, false}; // It did perform it.
  CHECK(only_violation(s) == "I3: trial a, attempt 1, iteration 3 is counted while attempt 2 is the newest");
}

TEST_CASE("history: what an attempt says after its end and is counted all the same is found (I3)") {
  auto s = calm();
  insert_into<record>(s.journal, 7, ended{second});
  erase_from(s.journal, 12);
  const auto all = judge(s).violations;
  REQUIRE(all.size() == 2);
  CHECK(to_text(all) == "I3: trial a, attempt 2, iteration 3 is counted after its attempt had ended\n"
                        "I3: trial a, attempt 2, iteration 4 is counted after its attempt had ended\n");
}

TEST_CASE("history: what is counted of a trial that had ended is found, and an attempt of it, too (I3)") {
  auto s = calm();
  insert_into<record>(s.journal, 10, trial_ended{"a"});
  CHECK(only_violation(s) == "I3: trial a, attempt 2, iteration 4 is counted after its trial had ended");

  s = calm();
  s.journal.push_back(started{{"b", 2}, 0, ""});
  CHECK(only_violation(s) == "I3: trial b, attempt 2 was started after its trial had ended");
}

TEST_CASE("history: an attempt whose number is not newer than the last is found (I3)") {
  auto s = calm();
  insert_into<record>(s.journal, 2, started{first, 0, ""});
  CHECK(only_violation(s) == "I3: trial a, attempt 1 was started after attempt 1");
}

TEST_CASE("history: an attempt that ran and that the journal does not know is found (I3)") {
  auto s = calm();
  s.deeds.push_back(began{{"b", 2}, "elsewhere", 0});
  CHECK(only_violation(s) == "I3: trial b, attempt 2 has begun, and the journal has not started it");
}

TEST_CASE("history: a checkpoint that was not found whole is found out (I4)") {
  auto s = calm();
  s.deeds[6] = began{second, "n", 1};
  CHECK(only_violation(s) == "I4: trial a, attempt 2 found iteration 1 in its checkpoint, which is of 2");
}

TEST_CASE("history: an attempt that is to restore a checkpoint that nobody has counted is found (I4)") {
  auto s = calm();
  s.journal[3] = counted{first, 2, /*has_checkpoint=*/false};
  CHECK(only_violation(s) == "I4: trial a, attempt 2 is to restore iteration 2, of which no checkpoint was counted");

  insert_into<record>(s.journal, 4, saved{first, 2}); // By itself, later.
  CHECK(judge(s).violations.empty());
}

TEST_CASE("history: what is restored from another trial's checkpoint is not taken for one of its own (I4)") {
  auto s = calm();
  s.journal[3] = counted{first, 2, false};
  s.journal[6] = started{second, 2, "b"};
  CHECK(judge(s).violations.empty());
  CHECK(judge(s).restored == 0); // Nothing was decided of it.
}

TEST_CASE("history: a result that was acknowledged and is gone is found (I5)") {
  auto s = calm();
  s.acknowledgements.push_back({"a", 5});
  CHECK(only_violation(s) == "I5: trial a, iteration 5 was acknowledged, and is not in the journal");
}
