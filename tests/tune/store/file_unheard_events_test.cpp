#include "tune/store/file_unheard_events.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "tests/support/scratch_directory.hpp"

using namespace tune;

namespace {

attempt_events some_events() {
  attempt_report report;
  report.iteration = 7;
  report.values = {{"loss", 0.5}};
  return {report, attempt_over{{end_cause::paused, ""}, std::nullopt, ""}};
}

} // namespace

TEST_CASE("unheard events: what an attempt leaves is read by the next driver, once") {
  const scratch_directory folder;
  const path trial(folder / "");

  REQUIRE(write_unheard(trial, 3, some_events()));

  // Nodes may run as another user than the driver that reads it.
  CHECK((std::filesystem::status((folder / ".unheard.attempt-3").string()).permissions() &
         std::filesystem::perms::others_read) != std::filesystem::perms::none);
  const auto read = read_unheard(trial, 3);
  REQUIRE(read);
  REQUIRE(*read);
  REQUIRE((*read)->size() == 2);
  CHECK(std::get<attempt_report>((*read)->front()).iteration == 7);
  CHECK(std::get<attempt_over>((*read)->back()).end.cause == end_cause::paused);
  remove_unheard(trial, 3);
  CHECK_FALSE(*read_unheard(trial, 3));
}

TEST_CASE("unheard events: another attempt's are not heard") {
  const scratch_directory folder;
  const path trial(folder / "");
  REQUIRE(write_unheard(trial, 3, some_events()));

  CHECK_FALSE(*read_unheard(trial, 4));
}

TEST_CASE("unheard events: what is damaged is an error, wherever it is cut or changed") {
  const scratch_directory folder;
  const path trial(folder / "");
  REQUIRE(write_unheard(trial, 1, some_events()));
  const auto file = (folder / ".unheard.attempt-1").string();
  const auto size = std::filesystem::file_size(file);

  SUBCASE("cut") {
    for (auto left = size; left-- > 0;) {
      std::filesystem::resize_file(file, left);
      CHECK_FALSE(read_unheard(trial, 1));
    }
  }
  SUBCASE("changed") {
    std::fstream(file, std::ios::in | std::ios::out | std::ios::binary).seekp(-1, std::ios::end).put('?');
    CHECK(read_unheard(trial, 1).error().message == file + ": its checksum or length is wrong");
  }
  SUBCASE("of a later format") {
    std::ofstream(file) << "caf-tune-unheard-2 0 00000000\n";
    CHECK(read_unheard(trial, 1).error().message == file + ": it is not of the format caf-tune-unheard-1");
  }
}

TEST_CASE("unheard events: an attempt is seen to run for as long as it does") {
  const scratch_directory folder;
  const path trial(folder / "");
  CHECK_FALSE(is_attempt_running(trial, 2));
  {
    const attempt_lock running(trial, 2);
    CHECK(is_attempt_running(trial, 2));
    std::ifstream(folder / ".running.attempt-2").get(); // As a trainable that reads what lies in its directory.
    CHECK(is_attempt_running(trial, 2));
  }
  CHECK_FALSE(is_attempt_running(trial, 2));
  std::ofstream(folder / ".running.attempt-2") << ""; // What a kill leaves.
  CHECK_FALSE(is_attempt_running(trial, 2));
}
