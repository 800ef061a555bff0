#include "tests/integration/program_under_test.hpp"

#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/support/if_possible.hpp"
#include "tests/support/small_disk.hpp"

// A search whose storage is a small disk that is full for a while.

namespace {

using nlohmann::json;

program_under_test start(const temporary_directory& folder, const program_under_test::environment& more = {}) {
  auto variables = more;
  variables["DIARY"] = folder / "diary";
  return {folder, {PROGRAM_THAT_COUNTS, "--storage", folder / "disk", "--cpus", "2", "--json"}, variables};
}

const program_under_test::environment long_enough{{"COUNT_TO", "300"}}; // To fill the disk meanwhile.

void check_all_is_there(const program_end& end, int results) {
  REQUIRE_MESSAGE(end.code == 0, end.err);
  const auto said = json::parse(end.out);
  CHECK(said.at("trials").at("terminated") == 4);
  CHECK(said.at("results") == results);
}

} // namespace

TEST_CASE("experiment: a journal that finds its disk full ends it and says so; with room the same command finishes") {
  const temporary_directory folder;
  const auto disk =
    if_possible<small_disk>(folder / "disk", "size=90m"); // Room for checkpoints: they want 64 MiB free.
  if (!disk)
    return;
  auto driver = start(folder, long_enough);
  driver.wait_for_size(folder / "diary", 1'000);
  disk->stay_full();
  const auto full = driver.wait();
  CHECK(full.code == 1);
  INFO(full.err);
  CHECK(full.err.find("the journal cannot be written; what was acknowledged is in it, and the experiment can be "
                      "resumed: ") != std::string::npos);
  CHECK(full.err.find("No space left on device") != std::string::npos);

  const auto still_full = start(folder, long_enough).wait();
  INFO(still_full.err);
  CHECK(still_full.code == 1);
  CHECK(still_full.err.find("No space left on device") != std::string::npos);

  disk->make_room();
  check_all_is_there(start(folder, long_enough).wait(), 1'200);
}

TEST_CASE("experiment: a disk without room for its checkpoints stops no trial") {
  const temporary_directory folder;
  const auto disk = if_possible<small_disk>(folder / "disk", "size=80m");
  if (!disk)
    return;
  const program_under_test::environment large{{"CHECKPOINT_BYTES", "9000000"}}; // 64 MiB and two of them do not fit.
  const auto full = start(folder, large).wait();
  check_all_is_there(full, 400);
}

TEST_CASE("experiment: a disk that takes no writes is told at once; when it takes them the same command runs") {
  const temporary_directory folder;
  const auto disk = if_possible<small_disk>(folder / "disk", "size=90m");
  if (!disk)
    return;
  disk->refuse_writes();
  const auto refused = start(folder).wait();
  CHECK(refused.code == 1);
  CHECK_MESSAGE(refused.err.find("Read-only file system") != std::string::npos, refused.err);

  disk->allow_writes();
  check_all_is_there(start(folder).wait(), 400);
}
