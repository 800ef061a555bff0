#include "tune/store/file_checkpoint.hpp"

#include <fstream>
#include <set>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include "tests/support/scratch_directory.hpp"

using namespace tune;
namespace fs = std::filesystem;

namespace {

void put(const path& file, const std::string& content) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << content;
}

void save_two(const path& directory) {
  put(directory / "weights.bin", std::string(3'000'000, 'w'));
  put(directory / "layers" / "0", "zero");
  fs::create_directories(directory / "empty");
}

struct fixture {
  scratch_directory place;
  file_checkpoint_files files{file_checkpoint_options{/*least_free_bytes=*/0}};
  path directory = place / "trial" / "checkpoint_000007.attempt-2";

  std::string why_broken() {
    const auto checked = files.check(directory);
    REQUIRE(!checked);
    return checked.error().message;
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "file checkpoint: what was saved is there whole, with its manifest") {
  CHECK(or_throw(files.write(directory, save_two)) == 3'000'004u);

  const auto manifest = or_throw(check_checkpoint(directory));
  CHECK(manifest.iteration == 7);
  CHECK(manifest.attempt == 2u);
  REQUIRE(manifest.files.size() == 2);
  CHECK(manifest.files[0].path == "layers/0");
  CHECK(manifest.files[1].size_bytes == 3'000'000);
  CHECK_FALSE(fs::exists(directory.string() + ".tmp"));
}

TEST_CASE_FIXTURE(fixture, "file checkpoint: one that fails leaves nothing, and the user's exception goes through") {
  CHECK_THROWS_WITH(
    [&] {
      return files.write(directory, [](const path& into) {
        save_two(into);
        throw std::runtime_error("no more");
      });
    }(),
    "no more");
  CHECK(fs::is_empty(directory.parent_path()));
  CHECK(or_throw(files.write(directory, [](const path& into) { fs::create_directories(into / "empty"); })) ==
        std::nullopt);
  CHECK(fs::is_empty(directory.parent_path()));
  CHECK(files.check(directory).error().code == errc::not_found);
}

TEST_CASE_FIXTURE(fixture, "file checkpoint: what a killed writer left is no checkpoint, and is removed") {
  put(directory.string() + ".tmp/weights.bin", "half");
  put(directory.parent_path() / "mine.tmp" / "x", "the user's");

  CHECK(or_throw(files.write(directory, save_two)));
  CHECK(or_throw(check_checkpoint(directory)).files.size() == 2); // Nothing of the half is in it.
  put(directory.parent_path() / "checkpoint_000008.attempt-2.tmp" / "weights.bin", "half");
  const auto aside = or_throw(set_unfinished_checkpoints_aside(directory.parent_path()));
  REQUIRE(aside.size() == 1);
  CHECK(fs::exists(aside[0] / "weights.bin"));
  CHECK_FALSE(fs::exists(directory.parent_path() / "checkpoint_000008.attempt-2.tmp"));
  CHECK(fs::exists(directory));
  CHECK(fs::exists(directory.parent_path() / "mine.tmp" / "x"));
  CHECK(or_throw(set_unfinished_checkpoints_aside(directory / "none")).empty());

  put(directory.parent_path() / "checkpoint_000008.attempt-2.tmp" / "weights.bin", "another half");
  const auto both = or_throw(set_unfinished_checkpoints_aside(directory.parent_path())); // The first was not removed.
  CHECK(both.size() == 2);
  CHECK(std::set<path>(both.begin(), both.end()).size() == 2);
}

TEST_CASE_FIXTURE(fixture, "file checkpoint: one whose directory is taken away while it is written is none at all") {
  for (const bool comes_again : {false, true}) {
    CAPTURE(comes_again);
    const auto how = files.write(directory, [&](const path& into) {
      put(into / "first.bin", "half of it");
      for (const auto& each : or_throw(set_unfinished_checkpoints_aside(directory.parent_path())))
        fs::remove_all(each);
      if (comes_again) // Its writer makes the directories that it needs.
        put(into / "second.bin", "the other half");
    });
    REQUIRE_FALSE(how);
    CHECK(how.error().code == errc::io);
    CHECK(how.error().message.find("was removed while the checkpoint was written into it") != std::string::npos);
    CHECK_FALSE(fs::exists(directory));
  }
}

TEST_CASE_FIXTURE(fixture, "file checkpoint: whatever is wrong with one is named") {
  const auto fresh = [&] { or_throw(files.write(directory, save_two)); };
  const auto weights = directory / "weights.bin";

  fresh();
  fs::resize_file(weights, 2'999'999);
  CHECK(why_broken() == weights.string() + " has 2999999 bytes, and the manifest says 3000000");

  fresh();
  std::fstream(weights, std::ios::binary | std::ios::in | std::ios::out).seekp(2'500'000).put('x');
  CHECK(why_broken().find(weights.string() + " has the checksum ") == 0);

  fresh();
  fs::remove(weights);
  CHECK(why_broken() == weights.string() + " cannot be read: No such file or directory");

  fresh();
  fs::rename(weights, directory / "elsewhere");
  fs::create_symlink("elsewhere", weights);
  CHECK(why_broken() == weights.string() + " is a symbolic link; a checkpoint has none");

  fresh();
  fs::rename(directory / "layers", place / "layers");
  fs::create_directory_symlink(place / "layers", directory / "layers");
  CHECK(why_broken() == (directory / "layers").string() + " is a symbolic link; a checkpoint has none");

  fresh();
  put(directory / "manifest.json", R"({"format": 1, "files": [{"path": "../x", "size_bytes": 1, "crc32c": "0"}]})");
  CHECK(why_broken() ==
        (directory / "manifest.json").string() + ": \"../x\" does not lie in the checkpoint's directory");

  fresh();
  fs::remove(directory / "manifest.json");
  CHECK(why_broken() == (directory / "manifest.json").string() + " cannot be read: No such file or directory");
}

TEST_CASE_FIXTURE(fixture, "file checkpoint: links and names that cannot be are refused when it is written") {
  const auto link = files.write(directory, [](const path& into) {
    save_two(into);
    fs::create_symlink("/etc/passwd", into / "secret");
  });
  CHECK(link.error().message ==
        directory.string() + ".tmp/secret is no plain file; a checkpoint has only files and directories");
  CHECK(files.write(directory, [](const path& into) { put(into / "manifest.json", "{}"); }).error().message ==
        "\"manifest.json\" is a name for caf-tune; choose another one");
  CHECK(files.write(directory, [](const path& into) { put(into / "\xff", "x"); }).error().message ==
        "the name of a file is not UTF-8");
  CHECK(fs::is_empty(directory.parent_path()));
}

TEST_CASE_FIXTURE(fixture, "file checkpoint: below the limit of free space nothing is written") {
  file_checkpoint_files careful(file_checkpoint_options{/*least_free_bytes=*/std::uint64_t{1} << 62});
  bool was_called = false;

  const auto written = careful.write(directory, [&](const path&) { was_called = true; });

  CHECK(written.error().code == errc::io);
  CHECK(written.error().message.find("KiB are free, and below 4503599627370496 KiB no checkpoint is written") !=
        std::string::npos);
  CHECK_FALSE(was_called);
}

TEST_CASE_FIXTURE(fixture, "file checkpoint: one that is removed is gone, and again changes nothing") {
  or_throw(files.write(directory, save_two));

  CHECK(remove_checkpoint(directory));
  CHECK_FALSE(fs::exists(directory));
  CHECK(remove_checkpoint(directory));
}
