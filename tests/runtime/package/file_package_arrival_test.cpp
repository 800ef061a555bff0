#include "runtime/package/file_package_arrival.hpp"

#include <deque>

#include <doctest/doctest.h>

#include "runtime/base/random_stream.hpp"
#include "runtime/package/file_digest.hpp"
#include "runtime/package/file_package_store.hpp"
#include "tests/runtime/package/temporary_directory.hpp"

using namespace runtime;
using namespace std::chrono_literals;

namespace {

constexpr instant start{};

std::string random_bytes(std::uint64_t seed, std::size_t count) {
  random_stream random(seed);
  std::string out(count, '\0');
  for (std::size_t at = 0; at + 8 <= count; at += 8) {
    const auto next = random.next();
    std::memcpy(&out[at], &next, 8);
  }
  return out;
}

/// Two machines with a disk each; the first has a package, the second a store.
struct two_machines {
  explicit two_machines(const std::vector<std::string>& contents) {
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < contents.size(); ++i) {
      const auto name = fmt::format("file{}", i);
      paths.push_back(here / name);
      write_text(paths.back(), contents[i]);
      manifest.files.push_back({name, contents[i].size(), digest_of(contents[i]), i == 0});
    }
    manifest.main = "file0";
    id = or_throw(from->adopt(manifest, paths));
  }

  /// Lets the source answer until nothing is asked any more.
  file_package_arrival::outcome serve(file_package_arrival& arrival, file_package_arrival::outcome first) {
    std::deque<file_package_arrival::ask> asked(first.asks.begin(), first.asks.end());
    auto last = std::move(first);
    while (!asked.empty() && !last.is_finished && !last.has_failed) {
      REQUIRE(asked.size() <= 8);
      const auto next = asked.front();
      asked.pop_front();
      auto chunk = or_throw(from->read_chunk(id, next.file_name, next.offset, next.size_bytes));
      last = arrival.on_chunk(next.file_name, next.offset, std::move(chunk), start);
      asked.insert(asked.end(), last.asks.begin(), last.asks.end());
    }
    return last;
  }

  temporary_directory here;
  temporary_directory there;
  std::shared_ptr<file_package_store> from = or_throw(file_package_store::open(here / "state"));
  std::shared_ptr<file_package_store> to = or_throw(file_package_store::open(there / "state"));
  package_manifest manifest;
  package_id id;
};

} // namespace

TEST_CASE("package arrival: 20 MiB and two small files travel from one store to another, byte for byte") {
  const std::vector<std::string> contents{random_bytes(1, (20u << 20) + 12'345), "", "library"};
  two_machines machines(contents);
  const auto arrival = or_throw(file_package_arrival::begin(machines.to, machines.manifest, {}, start));
  CHECK(arrival->package() == machines.id);

  const auto last = machines.serve(*arrival, arrival->on_source(start));

  REQUIRE(last.is_finished);
  CHECK_FALSE(last.has_failed);
  const auto place = or_throw(machines.to->use(machines.id));
  CHECK(place.main.rfind(machines.there.path.string(), 0) == 0);
  CHECK(read_text(place.main) == contents[0]);
  CHECK(or_throw(machines.to->read_chunk(machines.id, "file2", 0, 100)) == "library");
}

TEST_CASE("package arrival: the second store serves a third") {
  two_machines machines({random_bytes(2, 300'000)});
  const auto arrival = or_throw(file_package_arrival::begin(machines.to, machines.manifest, {}, start));
  REQUIRE(machines.serve(*arrival, arrival->on_source(start)).is_finished);
  machines.from = machines.to;
  temporary_directory third;
  const std::shared_ptr<file_package_store> last = or_throw(file_package_store::open(third / "state"));

  const auto next =
    or_throw(file_package_arrival::begin(last, *or_throw(machines.to->manifest_of(machines.id)), {}, start));

  CHECK(machines.serve(*next, next->on_source(start)).is_finished);
  CHECK(last->use(machines.id));
}

TEST_CASE("package arrival: a lost source pauses it, another ends it") {
  two_machines machines({random_bytes(3, 1'000'000)});
  const auto arrival = or_throw(file_package_arrival::begin(machines.to, machines.manifest, {}, start));
  CHECK(arrival->on_source(start).asks.size() == 8);

  CHECK(arrival->on_source_lost(start).asks.empty());
  const auto last = machines.serve(*arrival, arrival->on_source(start));

  CHECK(last.is_finished);
  CHECK(machines.to->use(machines.id));
}

TEST_CASE("package arrival: a source whose file has changed fails it, and nothing is left") {
  two_machines machines({random_bytes(4, 200'000)});
  write_text(machines.here / "file0", random_bytes(5, 200'000)); // A new build of the same size.
  const auto arrival = or_throw(file_package_arrival::begin(machines.to, machines.manifest, {}, start));

  const auto last = machines.serve(*arrival, arrival->on_source(start));

  REQUIRE(last.has_failed);
  CHECK(last.has_failed->code == errc::io);
  CHECK(last.has_failed->message.find("this happened twice") != std::string::npos);
  CHECK_FALSE(machines.to->has(machines.id));
  CHECK(machines.to->used_bytes() == 0);
  CHECK(boost::filesystem::is_empty(machines.there / "state/packages/incoming"));
}

TEST_CASE("package arrival: what the source refuses fails it") {
  two_machines machines({random_bytes(6, 200'000)});
  const auto arrival = or_throw(file_package_arrival::begin(machines.to, machines.manifest, {}, start));
  arrival->on_source(start);

  const auto last = arrival->on_refused("file0", 0, {errc::not_found, "gone"}, start);

  REQUIRE(last.has_failed);
  CHECK(*last.has_failed == error{errc::not_found, "file \"file0\" of the package: gone"});
  CHECK(machines.to->begin(machines.manifest)); // May come again.
}

TEST_CASE("package arrival: a disk error fails it") {
  two_machines machines({random_bytes(7, 200'000)});
  const auto arrival = or_throw(file_package_arrival::begin(machines.to, machines.manifest, {}, start));
  const auto first = arrival->on_source(start);
  boost::filesystem::remove_all(machines.there / "state/packages/incoming");

  const auto last = machines.serve(*arrival, first);

  REQUIRE(last.has_failed);
  CHECK(last.has_failed->message.find("cannot be written: No such file or directory") != std::string::npos);
  CHECK(machines.to->used_bytes() == 0);
}

TEST_CASE("package arrival: time goes on to the fetch; who gives it up before its end leaves nothing") {
  two_machines machines({random_bytes(8, 200'000)});
  {
    const auto arrival = or_throw(file_package_arrival::begin(machines.to, machines.manifest, {}, start));
    arrival->on_source(start);
    CHECK(arrival->wake_at() == start + 10s);
    CHECK(arrival->on_time(start + 10s).asks.size() == 4);
    CHECK(arrival->fetch().missing_bytes() == 200'000);
    CHECK(file_package_arrival::begin(machines.to, machines.manifest, {}, start).error().code == errc::already_exists);
  }

  CHECK(machines.to->used_bytes() == 0);
  CHECK(boost::filesystem::is_empty(machines.there / "state/packages/incoming"));
}

TEST_CASE("package arrival: a file that the store has in another package is not asked for") {
  two_machines machines({random_bytes(9, 200'000), random_bytes(10, 500'000)});
  const auto arrival = or_throw(file_package_arrival::begin(machines.to, machines.manifest, {}, start));
  REQUIRE(machines.serve(*arrival, arrival->on_source(start)).is_finished);
  auto rebuilt = machines.manifest;
  rebuilt.files[0].digest = digest_of("rebuilt");
  rebuilt.files[0].size_bytes = 7;

  const auto next = or_throw(file_package_arrival::begin(machines.to, rebuilt, {}, start));
  CHECK(next->on_source(start).asks.size() == 1);
  CHECK(next->on_chunk("file0", 0, "rebuilt", start).is_finished);
  CHECK(or_throw(machines.to->read_chunk(id_of(rebuilt), "file1", 499'992, 100)).size() == 8);
}
