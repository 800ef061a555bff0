#include "runtime/package/posix_own_package.hpp"

#include <thread>

#include <doctest/doctest.h>

#include "runtime/package/file_digest.hpp"
#include "runtime/package/file_package_store.hpp"
#include "tests/runtime/package/temporary_directory.hpp"

using namespace runtime;

TEST_CASE("own package: is the running binary") {
  posix_own_package own;

  const auto content = or_throw(own.get());

  REQUIRE(content->manifest->files.size() == 1);
  const auto& main = content->manifest->files[0];
  CHECK(content->manifest->main == "runtime.package.posix_own_package_test");
  CHECK(main.name == content->manifest->main);
  CHECK(main.executable);
  CHECK(main.digest == or_throw(hash_file("/proc/self/exe")));
  CHECK(main.size_bytes == boost::filesystem::file_size("/proc/self/exe"));
  CHECK(content->id == id_of(*content->manifest));
  CHECK(or_throw(own.own()) == content->manifest);
}

TEST_CASE("own package: holds the shared objects that are named, under their file names") {
  temporary_directory here;
  write_text(here / "libmodel.so", "library");
  posix_own_package own({here / "libmodel.so"});

  const auto content = or_throw(own.get());

  REQUIRE(content->manifest->files.size() == 2);
  CHECK(content->manifest->files[1] == package_file{"libmodel.so", 7, digest_of("library"), false});
  CHECK(content->paths[1] == here / "libmodel.so");
  CHECK(or_throw(own.read_chunk(content->id, "libmodel.so", 3, 100)) == "rary");
}

TEST_CASE("own package: its digests are made once, whoever asks first") {
  temporary_directory here;
  write_text(here / "libmodel.so", "library");
  posix_own_package own({here / "libmodel.so"});
  std::vector<std::shared_ptr<const posix_own_package::content>> seen(4);

  std::vector<std::thread> threads;
  for (auto& one : seen)
    threads.emplace_back([&own, &one] { one = own.get().value_or(nullptr); });
  for (auto& thread : threads)
    thread.join();

  REQUIRE(seen[0] != nullptr);
  for (const auto& one : seen)
    CHECK(one == seen[0]);
}

TEST_CASE("own package: a shared object that is built anew meanwhile is given as it was") {
  temporary_directory here;
  write_text(here / "libmodel.so", "library");
  posix_own_package own({here / "libmodel.so"});
  const auto content = or_throw(own.get());
  write_text(here / "new", "l1brary");
  boost::filesystem::rename(here / "new", here / "libmodel.so");

  CHECK(or_throw(own.read_chunk(content->id, "libmodel.so", 0, 100)) == "library");
}

TEST_CASE("own package: a shared object that is written to meanwhile is not given") {
  temporary_directory here;
  write_text(here / "libmodel.so", "library");
  posix_own_package own({here / "libmodel.so"});
  const auto content = or_throw(own.get());
  write_text(here / "libmodel.so", "a longer library");

  CHECK(own.read_chunk(content->id, "libmodel.so", 0, 100).error() ==
        error{errc::io, fmt::format("{} has been changed since this program used it; start the program anew",
                                    here / "libmodel.so")});
}

TEST_CASE("own package: a shared object that is missing is named, and may come") {
  temporary_directory here;
  posix_own_package own({here / "libmodel.so"});

  CHECK(own.get().error() ==
        error{errc::not_found,
              fmt::format("own package: {} cannot be read: No such file or directory", here / "libmodel.so")});

  write_text(here / "libmodel.so", "library");
  CHECK(own.get());
}

TEST_CASE("own package: two shared objects of one name are refused") {
  temporary_directory here;
  boost::filesystem::create_directories(here / "a");
  boost::filesystem::create_directories(here / "b");
  write_text(here / "a/lib.so", "1");
  write_text(here / "b/lib.so", "2");
  posix_own_package own({here / "a/lib.so", here / "b/lib.so"});

  CHECK(own.get().error() ==
        error{errc::invalid_argument, "own package: the package is wrong: file \"lib.so\": the name comes twice"});
}

TEST_CASE("own package: gives chunks of itself only") {
  posix_own_package own;
  const auto content = or_throw(own.get());
  const auto& main = content->manifest->files[0];

  CHECK(or_throw(own.read_chunk(content->id, main.name, 0, 4)) == "\x7f"
                                                                  "ELF");
  CHECK(or_throw(own.read_chunk(content->id, main.name, main.size_bytes - 1, 10)).size() == 1);
  CHECK(own.read_chunk(content->id, "other", 0, 4).error() ==
        error{errc::not_found, "this program's package has no file \"other\""});
  CHECK(own.read_chunk(digest_of("x"), main.name, 0, 4).error().code == errc::not_found);
}

TEST_CASE("own package: a store of the same process adopts it without copying") {
  temporary_directory here;
  posix_own_package own;
  const auto content = or_throw(own.get());
  const auto store = or_throw(file_package_store::open(here / "state"));

  CHECK(or_throw(store->adopt(*content->manifest, content->paths)) == content->id);

  CHECK(or_throw(hash_file(or_throw(store->use(content->id)).main)) == content->manifest->files[0].digest);
  CHECK(store->used_bytes() == 0);
}
