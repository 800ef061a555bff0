#include "runtime/owner/file_detached_store.hpp"

#include <fstream>

#include <boost/filesystem.hpp>
#include <doctest/doctest.h>

using namespace runtime;
namespace fs = boost::filesystem;

namespace {

struct scratch {
  scratch() { fs::create_directories(path); }
  ~scratch() { fs::remove_all(path); }
  fs::path path = fs::temp_directory_path() / fs::unique_path("detached-%%%%%%%%");
  std::string directory = (path / "detached").string();
};

void write(const std::string& name, const std::string& content) {
  std::ofstream(name) << content;
}

} // namespace

TEST_CASE("file detached store: what is kept is there for the next process, newest only, until it is forgotten") {
  scratch s;
  file_detached_store first(s.directory);
  CHECK(first.load().value().empty()); // Without its directory.
  REQUIRE(first.keep(actor_id{1}, "a long first version"));
  REQUIRE(first.keep(actor_id{1}, std::string("two\0", 4)));
  REQUIRE(first.keep(actor_id{0xfedcba9876543210}, "three"));
  REQUIRE(first.keep(actor_id{3}, "four"));
  first.forget(actor_id{3});
  first.forget(actor_id{4});

  const std::map<actor_id, std::string> kept{{actor_id{1}, std::string("two\0", 4)},
                                             {actor_id{0xfedcba9876543210}, "three"}};
  CHECK(file_detached_store(s.directory).load().value() == kept);
}

TEST_CASE("file detached store: a version that was not completed counts for nothing") {
  scratch s;
  file_detached_store store(s.directory);
  REQUIRE(store.keep(actor_id{1}, "whole"));
  write(s.directory + "/0000000000000001.new", "a longer one that was being written");
  write(s.directory + "/notes", "not ours");

  CHECK(store.load().value() == std::map<actor_id, std::string>{{actor_id{1}, "whole"}});
  REQUIRE(store.keep(actor_id{1}, "new"));
  CHECK(store.load().value().at(actor_id{1}) == "new");
}

TEST_CASE("file detached store: a place that cannot be written is an error that names it") {
  scratch s;
  write(s.directory, "a file where the directory should be");
  const auto kept = file_detached_store(s.directory).keep(actor_id{1}, "x");
  REQUIRE(!kept);
  CHECK(kept.error().message.find(s.directory) != std::string::npos);
}
