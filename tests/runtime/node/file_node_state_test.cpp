#include "runtime/node/file_node_state.hpp"

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include <boost/filesystem.hpp>
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace runtime;
namespace files = boost::filesystem;

namespace {

struct temporary_directory {
  temporary_directory() : path(files::temp_directory_path() / files::unique_path("caf-tune-%%%%-%%%%-%%%%")) {
    files::create_directories(path);
  }
  ~temporary_directory() { files::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
  files::path path;
};

std::string read(const std::string& name) {
  std::ostringstream out;
  out << std::ifstream(name).rdbuf();
  return out.str();
}

void write(const std::string& name, const std::string& content) {
  std::ofstream(name) << content;
}

/// Permissions do not hold for root: whoever runs these tests as root is nobody for a while.
struct as_nobody {
  as_nobody() : was_root(::geteuid() == 0) {
    if (was_root)
      REQUIRE(::seteuid(65534) == 0);
  }
  ~as_nobody() {
    if (was_root && ::seteuid(0) != 0)
      std::abort();
  }
  bool was_root;
};

} // namespace

TEST_CASE("node state: a new directory gets an id, which stays") {
  temporary_directory here;
  node_id first;
  {
    const auto state = or_throw(file_node_state::open(here / "deep/state"));
    first = state->id();
    CHECK(first);
    CHECK(state->cluster().empty());
  }

  const auto again = or_throw(file_node_state::open(here / "deep/state"));

  CHECK(again->id() == first);
  CHECK(read(here / "deep/state/node_id") == fmt::format("{:016x}\n", first.value));
  struct stat found {};
  REQUIRE(::stat((here / "deep/state").c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0700);
}

TEST_CASE("node state: two directories have two ids") {
  temporary_directory here;

  CHECK(or_throw(file_node_state::open(here / "a"))->id() != or_throw(file_node_state::open(here / "b"))->id());
}

TEST_CASE("node state: the cluster is kept, and nothing unfinished is left beside it") {
  temporary_directory here;
  {
    const auto state = or_throw(file_node_state::open(here / "state"));
    REQUIRE(state->save_cluster("5e8f0a"));
    CHECK(state->cluster() == "5e8f0a");
  }

  CHECK(or_throw(file_node_state::open(here / "state"))->cluster() == "5e8f0a");
  CHECK_FALSE(files::exists(here / "state/cluster.new"));
}

TEST_CASE("node state: a directory in use is refused, and says by whom; afterwards it is free") {
  temporary_directory here;
  auto state = or_throw(file_node_state::open(here / "state"));

  const auto second = file_node_state::open(here / "state");

  REQUIRE_FALSE(second);
  CHECK(second.error().code == errc::already_exists);
  CHECK(second.error().message ==
        fmt::format("state directory {} is in use by process {}", here / "state", ::getpid()));
  state.reset();
  CHECK(file_node_state::open(here / "state"));
}

TEST_CASE("node state: a directory that cannot be written is refused with the cause and what to do") {
  temporary_directory here;
  REQUIRE(::chmod(here.path.c_str(), 0755) == 0);
  files::create_directory(here / "state");
  REQUIRE(::chmod((here / "state").c_str(), 0555) == 0);

  const as_nobody nobody;
  const auto state = file_node_state::open(here / "state");

  REQUIRE_FALSE(state);
  CHECK(state.error().code == errc::permission_denied);
  CHECK(state.error().message == fmt::format("state directory {} cannot be written: Permission denied; choose another "
                                             "with --state",
                                             here / "state"));
}

TEST_CASE("node state: a file where the directory should be is refused") {
  temporary_directory here;
  write(here / "state", "not a directory");

  const auto state = file_node_state::open(here / "state/below");

  REQUIRE_FALSE(state);
  CHECK(state.error().message == fmt::format("state directory {} cannot be written: Not a directory; choose another "
                                             "with --state",
                                             here / "state/below"));
}

TEST_CASE("node state: an id that is none is not replaced silently") {
  temporary_directory here;
  files::create_directory(here / "state");
  for (const auto* content : {"", "0000000000000000\n", "xyz\n", "123\n", "00000000000000011\n"}) {
    write(here / "state/node_id", content);

    const auto state = file_node_state::open(here / "state");

    REQUIRE_FALSE(state);
    CHECK(state.error().code == errc::incompatible);
    CHECK(
      state.error().message ==
      fmt::format("state directory {}: node_id holds no 16 hexadecimal digits; if it is a node's, remove that file, "
                  "and the node joins as a new one",
                  here / "state"));
    CHECK(read(here / "state/node_id") == content);
  }
}

TEST_CASE("node state: a head's first epoch is any, the next are others, also where the state was lost") {
  temporary_directory here;
  std::set<std::uint64_t> firsts;
  for (const std::string name : {"a", "b", "c", "d"}) {
    std::uint64_t last = 0;
    for (int start = 0; start != 3; ++start) {
      const auto state = or_throw(file_node_state::open(here / name));
      const auto epoch = or_throw(state->next_epoch());
      CHECK(epoch.is_first == (start == 0));
      CHECK(epoch.number != last);
      CHECK(epoch.number >= 1);
      CHECK(epoch.number < (std::uint64_t{1} << 24));
      if (epoch.is_first)
        firsts.insert(epoch.number);
      last = epoch.number;
    }
  }
  CHECK(firsts.size() > 1); // Four equal ones come once in 2^72.
}

TEST_CASE("node state: after the last epoch comes the first, and no other file is read as one") {
  temporary_directory here;
  const auto state = or_throw(file_node_state::open(here.path.string()));
  write(here / "epoch", "16777215\n");
  CHECK(or_throw(state->next_epoch()).number == 1);
  CHECK(or_throw(state->next_epoch()).number == 2);
  for (const std::string content : {"16777216\n", "much\n", ""}) {
    write(here / "epoch", content);
    CHECK(state->next_epoch().error() ==
          error{errc::incompatible, "state directory " + here.path.string() +
                                      ": epoch holds no number from 0 to 16777215; choose another with --state"});
  }
}
