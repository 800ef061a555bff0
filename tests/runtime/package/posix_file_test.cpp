#include "runtime/package/posix_file.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/runtime/package/temporary_directory.hpp"

using namespace runtime;

TEST_CASE("file: what is written in pieces, in any order, is read whole") {
  temporary_directory here;
  {
    const auto file = or_throw(posix_file::open_for_writing(here / "a"));
    or_throw(file.write_at(3, "def"));
    or_throw(file.write_at(0, "abc"));
    or_throw(file.set_mode(0700));
    or_throw(file.sync());
  }

  const auto file = or_throw(posix_file::open_for_reading(here / "a"));
  CHECK(or_throw(file.read_at(0, 6)) == "abcdef");
  CHECK(or_throw(file.read_at(4, 100)) == "ef");
  CHECK(or_throw(file.read_at(6, 100)).empty());
  CHECK(or_throw(file.status()).st_size == 6);
  CHECK((or_throw(file.status()).st_mode & 0777) == 0700);
  CHECK(sync_directory(here.path.string()));
}

TEST_CASE("file: a full disk says so, and what to do") {
  const auto full = or_throw(posix_file::open_for_writing("/dev/full"));

  CHECK(full.write_at(0, "x").error() ==
        error{errc::io, "/dev/full cannot be written: No space left on device; make room there"});
}

TEST_CASE("file: a link is not followed for writing") {
  temporary_directory here;
  write_text(here / "precious", "gold");
  boost::filesystem::create_symlink(here / "precious", here / "link");

  CHECK_FALSE(posix_file::open_for_writing(here / "link"));
  CHECK(read_text(here / "precious") == "gold");
}

TEST_CASE("file: a moved one is closed once, by its last owner") {
  temporary_directory here;
  auto first = or_throw(posix_file::open_for_writing(here / "a"));
  auto second = std::move(first);
  first = or_throw(posix_file::open_for_writing(here / "b"));
  second = std::move(first);

  or_throw(second.write_at(0, "x"));
  CHECK(read_text(here / "b") == "x");
}
