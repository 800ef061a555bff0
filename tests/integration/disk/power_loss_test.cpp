// The power of a disk is cut, the disk is mounted again and its file system's journal replayed: what was acknowledged
// over a socket to this process, which is not on that disk, is there. CAF_TUNE_CUTS=n in the environment also cuts n
// times at random moments, CAF_TUNE_SEED=n chooses these.
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "runtime/base/random_stream.hpp"
#include "tests/integration/disk/power_cut_disk.hpp"
#include "tests/integration/disk/subject.hpp"
#include "tests/support/seeds.hpp"

using failing_calls::fault;
using tune::path;

namespace {

constexpr int endless = std::numeric_limits<int>::max();

std::unique_ptr<power_cut_disk> disk_or_message() {
  std::string why_not;
  auto disk = power_cut_disk::make(why_not);
  if (!disk)
    MESSAGE("skipped: no ext4 can be mounted on a loop device here: " << why_not);
  return disk;
}

std::uint64_t number_in_environment(const char* name, std::uint64_t otherwise) {
  const char* chosen = std::getenv(name);
  return chosen == nullptr ? otherwise : std::strtoull(chosen, nullptr, 10);
}

void add(std::vector<std::string>& all, const std::vector<std::string>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

/// Until so many calls later than the last acknowledgement that was waited for.
void let_pass(std::uint64_t moments) {
  for (std::atomic<std::uint64_t> passed = 0; passed < moments; ++passed) {}
}

/// One life after the other on the same disk, each until the power goes at a moment of its own.
void cut_at_random(const subject& what, std::uint64_t cuts, std::uint64_t seed) {
  const auto disk = disk_or_message();
  if (!disk)
    return;
  runtime::random_stream random(seed, what.name());
  const auto directory = disk->directory() / "subject";
  std::vector<std::string> acknowledged;
  std::size_t lived = 0;
  for (std::uint64_t cut = 0; cut < cuts; ++cut) {
    INFO(what.name() << ": cut " << cut << " with CAF_TUNE_SEED=" << seed);
    life child([&](witness& tell) {
      if (const auto ended = what.live(directory, tell, endless); !ended)
        tell.complain(ended.error().message);
    });
    child.wait_for_acknowledged(random.below(40));
    let_pass(random.below(300'000));
    // A sync that the cut comes in the middle of may claim what is not so: the cut takes its time, as no loss of power.
    child.stop_listening();
    disk->cut();
    child.kill();
    const auto end = child.finish();
    lived += end.acknowledged.size();
    add(acknowledged, end.acknowledged);
    disk->repair();
    what.check(directory, acknowledged);
    if (random.chance(0.1)) { // Or it grows for ever.
      std::filesystem::remove_all(directory);
      acknowledged.clear();
    }
  }
  MESSAGE(what.name() << ": " << cuts << " cuts, " << lived << " acknowledgements, nothing lost");
  CHECK(lived > cuts);
}

/// The power goes right before each call on the disk: the first, then, in another life, the second, and so on.
void cut_at_each_call(const subject& what) {
  const auto disk = disk_or_message();
  if (!disk)
    return;
  const auto directory = disk->directory() / "subject";
  for (std::uint64_t number = 1;; ++number) {
    INFO(what.name() << ": cut at call " << number);
    std::filesystem::remove_all(directory);
    life child([&](witness& tell) {
      const auto name = [&tell](const failing_calls::call& hit) { tell.name_fault(hit.name + ' ' + hit.path); };
      failing_calls::arm({directory.string(), number, fault::crash, name, [&disk] { disk->cut(); }});
      tune::or_throw(what.live(directory, tell, 2));
    });
    const auto end = child.finish();
    INFO("hit: " << end.fault);
    for (const auto& each : end.complaints)
      FAIL_CHECK(each);
    CHECK(end.code == (end.fault.empty() ? 0 : failing_calls::crash_code));
    disk->cut();
    disk->repair();
    what.check(directory, end.acknowledged);
    if (end.fault.empty()) {
      MESSAGE(what.name() << ": cut at each of " << number - 1 << " calls, nothing lost");
      return;
    }
    REQUIRE(number < 2'000);
  }
}

void cut(const subject& what) {
  cut_at_each_call(what);
  if (const auto cuts = number_in_environment("CAF_TUNE_CUTS", 0); cuts > 0)
    cut_at_random(what, cuts, number_in_environment("CAF_TUNE_SEED", 1));
}

} // namespace

TEST_CASE("the power is cut at any moment: the journal has what it acknowledged, and goes on (I5)") {
  cut(*journal_subject());
}

TEST_CASE("the power is cut at any moment: checkpoints that were acknowledged are there, whole (I4, I5)") {
  cut(*checkpoint_subject());
}

TEST_CASE("the power is cut at any moment: a head and a node remember what they acknowledged (I5)") {
  cut(*state_subject());
}
