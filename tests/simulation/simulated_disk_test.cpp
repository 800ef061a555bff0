#include "tests/simulation/simulated_disk.hpp"

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"
#include "tune/store/file_checkpoint.hpp"

using namespace tune;

namespace {

struct fixture {
  explicit fixture(seed s) : storage(s), store(storage.view(alive)), journal(storage.journal(alive, "/journal")) {
    REQUIRE(!store->make_directories("/journal"));
    REQUIRE(store->sync_directory("/"));
  }
  std::string content_of(const path& file) {
    return or_throw(or_throw(storage.view(nullptr)->open_for_reading(file))->read_at(0, 1u << 20));
  }
  void lose_power() {
    storage.lose_power();
    storage.restore_power();
  }

  sim::disk storage;
  std::shared_ptr<sim::process> alive = std::make_shared<sim::process>();
  std::unique_ptr<store_disk> store;
  std::unique_ptr<journal_disk> journal;
};

} // namespace

TEST_CASE("simulated disk: what was synced survives a power loss, what was not may be torn") {
  std::size_t kept = 0;
  std::size_t torn = 0;
  for_each_seed(200, [&](seed s) {
    fixture x(s);
    auto file = or_throw(x.journal->create("a"));
    REQUIRE(file->append(std::string(200, 'a')));
    REQUIRE(file->sync());
    REQUIRE(x.journal->sync_directory());
    REQUIRE(file->append(std::string(200, 'b')));
    x.lose_power();

    const auto left = x.content_of("/journal/a");
    CHECK(left.substr(0, 200) == std::string(200, 'a'));
    kept += left.size() > 200 ? 1 : 0; // Some of it.
    torn += left.find('\0') != std::string::npos ? 1 : 0;
  });
  CHECK(kept > 0);
  CHECK(torn > 0);
}

TEST_CASE("simulated disk: a name survives a power loss when its directory was synced, and renames are whole") {
  std::size_t lost = 0;
  for_each_seed(100, [&](seed s) {
    fixture x(s);
    REQUIRE(or_throw(x.store->open_for_writing("/journal/old"))->sync());
    REQUIRE(x.store->sync_directory("/journal"));
    REQUIRE(!x.store->rename("/journal/old", "/journal/new"));
    x.lose_power();

    const bool is_old = x.store->is_there("/journal/old");
    CHECK(is_old != x.store->is_there("/journal/new"));
    lost += is_old ? 1 : 0;
  });
  CHECK(lost > 0);
  CHECK(lost < 100);
}

TEST_CASE("simulated disk: what a sync failed to write is said to be clean, and is lost with the power") {
  fixture x(1);
  auto file = or_throw(x.journal->create("a"));
  REQUIRE(x.journal->sync_directory());
  REQUIRE(file->append("lost"));
  x.storage.faults.sync_errors = 1;
  CHECK(!file->sync());
  x.storage.faults.sync_errors = 0;
  CHECK(file->sync());
  CHECK(x.content_of("/journal/a") == "lost"); // As long as there is power.
  x.lose_power();

  CHECK(x.content_of("/journal/a") == std::string(4, '\0'));
}

TEST_CASE("simulated disk: nothing that a dead process does changes anything") {
  fixture x(1);
  x.alive->is_alive = false;

  CHECK(!x.store->open_for_writing("/journal/a"));
  CHECK(x.store->make_directories("/more"));
  CHECK(!x.storage.view(nullptr)->is_there("/more"));
}

TEST_CASE("simulated disk: a process that dies while it writes a checkpoint leaves none") {
  std::size_t died = 0;
  for_each_seed(40, [&](seed s) {
    fixture x(s);
    x.alive->dies_after = s;
    file_checkpoint_files files({}, *x.store);
    const auto written = files.write("/trial/checkpoint_000001.attempt-1", [&](const path& into) {
      if (auto file = x.store->open_for_writing(into / "state"))
        (void)(*file)->write_at(0, "state");
    });
    x.lose_power();

    const auto whole = check_checkpoint("/trial/checkpoint_000001.attempt-1", *x.storage.view(nullptr));
    if (written)
      CHECK(whole);
    died += written ? 0 : 1;
  });
  CHECK(died > 5);
  CHECK(died < 40);
}

TEST_CASE("simulated disk: a full one writes a part, and says so") {
  fixture x(1);
  x.storage.faults.is_full = true;
  const auto made = x.store->open_for_writing("/journal/a");

  REQUIRE(!made);
  CHECK(made.error().message == "/journal/a cannot be written: No space left on device; make room there");
}

TEST_CASE("simulated disk: a bit that rots is another one for good, and found by the checkpoint's checksum") {
  fixture x(1);
  file_checkpoint_files files({}, *x.store);
  REQUIRE(files.write("/trial/checkpoint_000001.attempt-1",
                      [&](const path& into) { REQUIRE(or_throw(x.store->open_for_writing(into / "state"))->sync()); }));
  CHECK(files.check("/trial/checkpoint_000001.attempt-1"));
  runtime::random_stream random(1);

  const auto file = x.storage.rot("checkpoint_", random);

  CHECK(file == "/trial/checkpoint_000001.attempt-1/manifest.json");
  CHECK(x.storage.is_rotten("/trial/checkpoint_000001.attempt-1"));
  CHECK_FALSE(x.storage.is_rotten("/journal"));
}
