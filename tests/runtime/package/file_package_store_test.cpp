#include "runtime/package/file_package_store.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "runtime/package/file_digest.hpp"
#include "tests/runtime/package/temporary_directory.hpp"

using namespace runtime;
namespace files = boost::filesystem;

namespace {

struct program {
  package_manifest manifest;
  std::vector<std::string> contents;
  package_id id;
};

/// "train", and "libmodel.so" if it has content.
program make_program(const std::string& train, const std::string& library = "") {
  program out{{{{"train", train.size(), digest_of(train), true}}, "train"}, {train}, {}};
  if (!library.empty()) {
    out.manifest.files.push_back({"libmodel.so", library.size(), digest_of(library), false});
    out.contents.push_back(library);
  }
  out.id = id_of(out.manifest);
  return out;
}

void write_what_is_missing(file_package_store& store, const program& p, const std::vector<bool>& have) {
  for (std::size_t file = 0; file < have.size(); ++file) {
    if (have[file])
      continue;
    or_throw(store.write(p.id, file, 0, p.contents[file]));
    REQUIRE(or_throw(store.hash_arrived(p.id, file)) == p.manifest.files[file].digest);
  }
}

void bring(file_package_store& store, const program& p) {
  write_what_is_missing(store, p, or_throw(store.begin(p.manifest)));
  or_throw(store.complete(p.id));
}

std::shared_ptr<file_package_store> open(const temporary_directory& here, std::uint64_t most_bytes = 1u << 20) {
  return or_throw(file_package_store::open(here / "state", {most_bytes}));
}

std::string path_in(const temporary_directory& here, const program& p, const std::string& name) {
  return here / ("state/packages/" + to_hex(p.id) + "/" + name);
}

mode_t mode_of(const std::string& path) {
  struct stat found {};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  return found.st_mode & 0777;
}

std::string prefix(const program& p) {
  return "package " + to_hex(p.id).substr(0, 12);
}

} // namespace

TEST_CASE("package store: a package that came is there, with its modes, and after a restart") {
  temporary_directory here;
  const auto p = make_program("program", "library");
  {
    const auto store = open(here);
    CHECK_FALSE(store->has(p.id));
    bring(*store, p);
    CHECK(store->has(p.id));
  }

  const auto store = open(here);

  CHECK(store->packages() == std::vector<package_id>{p.id});
  CHECK(store->used_bytes() == 14);
  const auto place = or_throw(store->use(p.id));
  CHECK(place.main == path_in(here, p, "train"));
  CHECK(place.library_directories == std::vector<std::string>{here / ("state/packages/" + to_hex(p.id))});
  CHECK(read_text(place.main) == "program");
  CHECK(mode_of(place.main) == 0700);
  CHECK(mode_of(path_in(here, p, "libmodel.so")) == 0600);
  CHECK(*or_throw(store->manifest_of(p.id)) == or_throw(parse_manifest(canonical_encoding(p.manifest))));
  CHECK(files::is_empty(here / "state/packages/incoming"));
}

TEST_CASE("package store: a package is not there until it is complete, and what was left over is removed") {
  temporary_directory here;
  const auto p = make_program("program");
  {
    const auto store = open(here);
    const auto have = or_throw(store->begin(p.manifest));
    write_what_is_missing(*store, p, have);
    CHECK_FALSE(store->has(p.id));
    CHECK(store->use(p.id).error() == error{errc::not_found, prefix(p) + " is not in this machine's store"});
    CHECK(store->begin(p.manifest).error() ==
          error{errc::already_exists, prefix(p) + " is here already, or on its way"});
  }
  CHECK(files::exists(here / ("state/packages/incoming/" + to_hex(p.id) + "/train")));

  const auto store = open(here);

  CHECK(store->packages().empty());
  CHECK(store->used_bytes() == 0);
  CHECK(files::is_empty(here / "state/packages/incoming"));
}

TEST_CASE("package store: an abandoned package leaves nothing and can come again") {
  temporary_directory here;
  const auto p = make_program("program");
  const auto store = open(here);
  or_throw(store->begin(p.manifest));
  or_throw(store->write(p.id, 0, 0, "pro"));

  store->abandon(p.id);
  store->abandon(p.id);

  CHECK(store->used_bytes() == 0);
  CHECK(files::is_empty(here / "state/packages/incoming"));
  CHECK(store->write(p.id, 0, 0, "pro").error() == error{errc::not_found, prefix(p) + " is not on its way"});
  CHECK(store->complete(p.id).error() == error{errc::not_found, prefix(p) + " is not on its way"});
  bring(*store, p);
  CHECK(store->use(p.id));
}

TEST_CASE("package store: an empty file arrives without a write") {
  temporary_directory here;
  const program p = [] {
    auto made = make_program("program");
    made.manifest.files.push_back({"empty.so", 0, digest_of(""), false});
    made.id = id_of(made.manifest);
    return made;
  }();
  const auto store = open(here);
  or_throw(store->begin(p.manifest));
  or_throw(store->write(p.id, 0, 0, "program"));

  CHECK(or_throw(store->hash_arrived(p.id, 1)) == digest_of(""));
  or_throw(store->complete(p.id));
  CHECK(store->use(p.id));
}

TEST_CASE("package store: a package that is wrong is refused before anything is written") {
  temporary_directory here;
  auto p = make_program("program");
  p.manifest.files[0].name = p.manifest.main = "../../escaped";
  const auto store = open(here);

  CHECK(store->begin(p.manifest).error().code == errc::invalid_argument);
  CHECK(store->adopt(p.manifest, {"/x"}).error().code == errc::invalid_argument);
  CHECK(files::is_empty(here / "state/packages/incoming"));
}

TEST_CASE("package store: a file whose content was damaged is found out at its first use after a restart") {
  temporary_directory here;
  const auto p = make_program("program", "library");
  bring(*open(here), p);
  write_text(path_in(here, p, "libmodel.so"), "l1brary");

  const auto store = open(here);
  CHECK(store->has(p.id)); // As far as its size tells.
  const auto used = store->use(p.id);

  REQUIRE_FALSE(used);
  CHECK(used.error() == error{errc::not_found, fmt::format("{} was damaged: {} has the SHA-256 {}, not {}", prefix(p),
                                                           path_in(here, p, "libmodel.so"), digest_of("l1brary"),
                                                           digest_of("library"))});
  CHECK_FALSE(store->has(p.id));
  CHECK_FALSE(files::exists(path_in(here, p, "")));
  bring(*store, p);
  CHECK(read_text(or_throw(store->use(p.id)).main) == "program");
}

TEST_CASE("package store: a file that was cut is found out at every use") {
  temporary_directory here;
  const auto p = make_program("program");
  const auto store = open(here);
  bring(*store, p);
  or_throw(store->use(p.id));
  write_text(path_in(here, p, "train"), "prog");

  CHECK(store->use(p.id).error().code == errc::not_found);
  CHECK_FALSE(store->has(p.id));
}

TEST_CASE("package store: what is damaged by size, by manifest or by name is removed when it is opened") {
  temporary_directory here;
  const auto cut = make_program("cut");
  const auto unnamed = make_program("unnamed");
  const auto bad = make_program("bad");
  const auto good = make_program("good");
  {
    const auto store = open(here);
    for (const auto& p : {cut, unnamed, bad, good})
      bring(*store, p);
  }
  write_text(path_in(here, cut, "train"), "cu");
  files::remove(path_in(here, unnamed, ".manifest"));
  write_text(path_in(here, bad, ".manifest"), canonical_encoding(good.manifest)); // Of another id.
  write_text(here / "state/packages/notes.txt", "not ours");

  CHECK(open(here)->packages() == std::vector<package_id>{good.id});

  CHECK_FALSE(files::exists(path_in(here, cut, "")));
  CHECK_FALSE(files::exists(path_in(here, unnamed, "")));
  CHECK_FALSE(files::exists(path_in(here, bad, "")));
  CHECK(read_text(here / "state/packages/notes.txt") == "not ours");
}

TEST_CASE("package store: the package used longest ago makes room, never one in use") {
  temporary_directory here;
  const auto a = make_program(std::string(40, 'a'));
  const auto b = make_program(std::string(40, 'b'));
  const auto c = make_program(std::string(40, 'c'));
  const auto store = open(here, 100);
  bring(*store, a);
  bring(*store, b);
  or_throw(store->use(a.id));
  or_throw(store->use(b.id));

  const auto refused = store->begin(c.manifest);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() ==
        error{errc::refused, prefix(c) + ": the package takes 40 bytes, but of the 100 that the package cache may hold "
                                         "80 are of packages in use; wait for their end, or give this node a larger "
                                         "one with --package-cache"});
  store->release(b.id);
  store->release(a.id);
  bring(*store, c);

  CHECK(store->has(a.id));
  CHECK_FALSE(store->has(b.id)); // Its use ended first.
  CHECK_FALSE(files::exists(path_in(here, b, "")));
  CHECK(store->used_bytes() == 80);
}

TEST_CASE("package store: a smaller limit is obeyed when it is opened") {
  temporary_directory here;
  const auto old = make_program(std::string(40, 'a'));
  const auto fresh = make_program(std::string(40, 'b'));
  {
    const auto store = open(here);
    bring(*store, old);
    bring(*store, fresh);
  }
  files::last_write_time(path_in(here, old, ""), 1'000);
  files::last_write_time(path_in(here, fresh, ""), 2'000);

  CHECK(open(here, 50)->packages() == std::vector<package_id>{fresh.id});
  CHECK_FALSE(files::exists(path_in(here, old, "")));
}

TEST_CASE("package store: a file that another package has is not fetched again, and survives that package") {
  temporary_directory here;
  const auto before = make_program("program 1", "library");
  const auto after = make_program("program 2", "library");
  const auto store = open(here);
  bring(*store, before);

  CHECK(or_throw(store->begin(after.manifest)) == std::vector<bool>{false, true});
  or_throw(store->write(after.id, 0, 0, "program 2"));
  or_throw(store->complete(after.id));

  files::remove_all(path_in(here, before, ""));
  CHECK(store->use(after.id));
  CHECK(read_text(path_in(here, after, "libmodel.so")) == "library");
}

TEST_CASE("package store: a damaged file of another package is fetched, not shared") {
  temporary_directory here;
  const auto before = make_program("program 1", "library");
  const auto after = make_program("program 2", "library");
  bring(*open(here), before);
  write_text(path_in(here, before, "libmodel.so"), "l1brary");
  const auto store = open(here);

  CHECK(or_throw(store->begin(after.manifest)) == std::vector<bool>{false, false});
  write_what_is_missing(*store, after, {false, false});
  or_throw(store->complete(after.id));
  CHECK(store->use(after.id));
  CHECK(read_text(path_in(here, before, "libmodel.so")) == "l1brary"); // Was not written through the link.
}

TEST_CASE("package store: an adopted package is used where it lies and is not kept") {
  temporary_directory here;
  const auto p = make_program("program", "library");
  files::create_directories(here / "build/lib");
  write_text(here / "build/train", "program");
  write_text(here / "build/lib/libmodel.so.1", "library");
  const auto store = open(here, 1);

  CHECK(or_throw(store->adopt(p.manifest, {here / "build/train", here / "build/lib/libmodel.so.1"})) == p.id);

  const auto place = or_throw(store->use(p.id));
  CHECK(place.main == here / "build/train");
  CHECK(place.library_directories == std::vector<std::string>{here / "build/lib"});
  CHECK(store->used_bytes() == 0);
  CHECK(or_throw(store->read_chunk(p.id, "libmodel.so", 3, 100)) == "rary");
  CHECK(open(here)->packages().empty());
}

TEST_CASE("package store: an adopted file that has changed is refused, and never removed") {
  temporary_directory here;
  const auto p = make_program("program");
  write_text(here / "train", "program");
  const auto store = open(here);
  CHECK(store->adopt(p.manifest, {}).error() == error{errc::invalid_argument, "the package has 1 files, not 0"});
  CHECK(store->adopt(p.manifest, {here / "nothing"}).error().code == errc::not_found);
  or_throw(store->adopt(p.manifest, {here / "train"}));
  write_text(here / "train", "built anew");

  CHECK(store->use(p.id).error().code == errc::not_found);
  CHECK(read_text(here / "train") == "built anew");
}

TEST_CASE("package store: gives chunks of what it has") {
  temporary_directory here;
  const auto p = make_program("program");
  const auto store = open(here);
  bring(*store, p);

  CHECK(or_throw(store->read_chunk(p.id, "train", 0, 3)) == "pro");
  CHECK(or_throw(store->read_chunk(p.id, "train", 5, 3)) == "am");
  CHECK(or_throw(store->read_chunk(p.id, "train", 7, 3)).empty());
  CHECK(store->read_chunk(p.id, ".manifest", 0, 3).error() ==
        error{errc::not_found, prefix(p) + " has no file \".manifest\""});
  CHECK(store->read_chunk(p.id, "../train", 0, 3).error().code == errc::not_found);
  CHECK(store->read_chunk(digest_of("x"), "train", 0, 3).error().code == errc::not_found);
  CHECK(store->own().error().code == errc::not_found);
}

TEST_CASE("package store: a directory that cannot be made is refused with the cause") {
  temporary_directory here;
  write_text(here / "state", "a file");

  const auto store = file_package_store::open(here / "state");

  REQUIRE_FALSE(store);
  CHECK(store.error().message ==
        fmt::format("package store: {} cannot be made: Not a directory", here / "state/packages/incoming"));
}
