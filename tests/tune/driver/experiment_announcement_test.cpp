#include "tune/driver/experiment_announcement.hpp"

#include <filesystem>
#include <fstream>
#include <vector>

#include <doctest/doctest.h>

#include "runtime/codec.hpp"
#include "tests/runtime/package/temporary_directory.hpp"

// What a driver answers to those who look at its experiment from elsewhere.

using tune::experiment_question;
using kind = experiment_question::kind;

namespace {

tune::path experiment_in(const temporary_directory& folder) {
  const tune::path directory(folder / "net");
  std::filesystem::create_directories(directory / "journal");
  std::ofstream(directory / "journal/000001.segment") << "0123456789";
  std::ofstream(directory / "secret") << "not for anybody";
  return directory;
}

} // namespace

TEST_CASE("experiment announcement: the journal's files are listed, and read in pieces") {
  const temporary_directory folder;
  const auto directory = experiment_in(folder);

  const auto listed = tune::answer_to({kind::list, "", 0}, directory);
  REQUIRE(listed);
  using file_list = std::vector<std::pair<std::string, std::uint64_t>>;
  CHECK(std::get<0>(*runtime::from_bytes<file_list>(*listed)) == file_list{{"000001.segment", 10}});
  CHECK(*tune::answer_to({kind::read, "000001.segment", 0}, directory) == "0123456789");
  CHECK(*tune::answer_to({kind::read, "000001.segment", 4}, directory) == "456789");
  CHECK(*tune::answer_to({kind::read, "000001.segment", 10}, directory) == "");
  CHECK_FALSE(tune::answer_to({kind::read, "000002.segment", 0}, directory));
  const auto where = tune::answer_to({kind::where, "", 0}, directory);
  CHECK(std::get<1>(*runtime::from_bytes<std::string, std::string>(*where)) == directory.string());
}

TEST_CASE("experiment announcement: nothing outside of the journal is read") {
  const temporary_directory folder;
  const auto directory = experiment_in(folder);

  for (const std::string file : {"../secret", "..", ".", "", "/etc/hostname", "a/../../secret", ".hidden"}) {
    const auto answer = tune::answer_to({kind::read, file, 0}, directory);
    REQUIRE_MESSAGE(!answer, file);
    CHECK(answer.error().message == "\"" + file + "\" is no file of a journal");
  }
}

TEST_CASE("experiment announcement: questions and answers survive their way, and what is none is an error") {
  const auto question = tune::question_from(tune::to_bytes({kind::read, "000001.segment", 7}));
  REQUIRE(question);
  CHECK(question->what == kind::read);
  CHECK(question->file == "000001.segment");
  CHECK(question->offset == 7);
  CHECK(tune::question_from(runtime::to_bytes(std::uint8_t{9}, std::string(), std::uint64_t{0})).error().message ==
        "question 9 is not known to this driver");
  CHECK_FALSE(tune::question_from("nonsense"));

  CHECK(*tune::answer_from(tune::answer_bytes(std::string("yes"))) == "yes");
  CHECK(tune::answer_from(tune::answer_bytes(tune::fail(tune::errc::io, "no disk"))).error().message == "no disk");
  CHECK_FALSE(tune::answer_from("nonsense"));
}
