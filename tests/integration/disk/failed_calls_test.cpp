// Each system call on the disk fails once: the first, then, in another life, the second, and so on, until a life has
// ended that none failed in.
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/integration/disk/subject.hpp"
#include "tests/support/scratch_directory.hpp"

using failing_calls::fault;
using tune::path;

namespace {

/// Where syncing costs nothing, if there is such a place: thousands of lives are lived there.
path fast_disk() {
  const path memory("/dev/shm");
  return std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
}

life_end live_with(const subject& what, const path& directory, int rounds, fault how, std::uint64_t number) {
  life child([&](witness& tell) {
    failing_calls::arm({directory.string(), number, how,
                        [&tell](const failing_calls::call& hit) { tell.name_fault(hit.name + ' ' + hit.path); },
                        nullptr});
    if (const auto lived = what.live(directory, tell, rounds); !lived)
      tell.complain(lived.error().message);
  });
  return child.finish();
}

/// What a crash in the middle of a first life has left, and a second life has gone on from and left unfinished.
std::vector<std::string> leave_something(const subject& what, const path& directory) {
  auto acknowledged = live_with(what, directory, 5, fault::crash, 40).acknowledged;
  const auto second = live_with(what, directory, 3, fault::crash, 70).acknowledged;
  acknowledged.insert(acknowledged.end(), second.begin(), second.end());
  return acknowledged;
}

bool must_be_told(const subject& what, const std::string& hit, fault how) {
  const auto space = hit.find(' ');
  return how != fault::crash && how != fault::short_transfer &&
         !what.is_harmless(hit.substr(0, space), hit.substr(space + 1));
}

void check_end(const subject& what, const path& directory, fault how, const life_end& end) {
  CHECK(end.code == (how == fault::crash && !end.fault.empty() ? failing_calls::crash_code : 0));
  if (end.fault.empty() || how == fault::short_transfer) {
    CHECK(end.complaints.empty());
    return;
  }
  if (must_be_told(what, end.fault, how))
    CHECK_FALSE(end.complaints.empty());
  for (const auto& each : end.complaints) {
    CHECK_MESSAGE(each.find(directory.string()) != std::string::npos, each);
    CHECK_MESSAGE(
      each.find(how == fault::full_disk ? "No space left on device" : "Input/output error") != std::string::npos, each);
  }
}

/// How many calls it has hit.
std::uint64_t fail_each_call(const subject& what, fault how) {
  const scratch_directory place(fast_disk());
  const auto before = place / "before";
  const auto directory = place / "disk";
  std::filesystem::create_directory(before);
  const auto earlier = leave_something(what, before);
  const std::uint64_t step = how == fault::dead_disk ? 3 : 1; // What follows a dead call differs little.
  for (std::uint64_t number = 1;; number += step) {
    INFO(what.name() << ", " << failing_calls::to_string(how) << ", call " << number);
    std::filesystem::remove_all(directory);
    std::filesystem::copy(before, directory,
                          std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks);
    const auto end = live_with(what, directory, 3, how, number);
    INFO("hit: " << end.fault);
    check_end(what, directory, how, end);
    auto acknowledged = earlier;
    acknowledged.insert(acknowledged.end(), end.acknowledged.begin(), end.acknowledged.end());
    what.check(directory, acknowledged);
    if (end.fault.empty())
      return (number - 1) / step;
    REQUIRE(number < 2'000);
  }
}

void fail_each_call_of(const subject& what) {
  for (const auto how : {fault::error, fault::dead_disk, fault::full_disk, fault::short_transfer, fault::crash}) {
    const auto many = fail_each_call(what, how);
    MESSAGE(what.name() << ": " << failing_calls::to_string(how) << " at " << many << " calls");
    CHECK(many > 5);
  }
}

} // namespace

TEST_CASE("whichever call of the disk fails, the journal has what it acknowledged, and says what is wrong (I5)") {
  fail_each_call_of(*journal_subject());
}

TEST_CASE("whichever call of the disk fails, checkpoints are there whole or not at all, and it is said (I4, I5)") {
  fail_each_call_of(*checkpoint_subject());
}

TEST_CASE("whichever call of the disk fails, a head and a node remember what they acknowledged, and it is said (I5)") {
  fail_each_call_of(*state_subject());
}
