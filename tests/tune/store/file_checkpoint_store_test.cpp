#include "tune/store/file_checkpoint_store.hpp"

#include <fstream>
#include <future>
#include <mutex>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/scratch_directory.hpp"
#include "tune/store/file_checkpoint.hpp"

using namespace tune;
namespace fs = std::filesystem;

namespace {

struct fixture {
  scratch_directory place;
  path trial = place / "trial";
  std::mutex mutex;
  std::vector<result<void>> heard;
  file_checkpoint_store store{[this](trial_id, const checkpoint_ref&, result<void> how) {
    const std::lock_guard<std::mutex> hold(mutex);
    heard.push_back(std::move(how));
  }};

  checkpoint_ref write(iteration_number iteration, attempt_number attempt) {
    const auto directory = trial / checkpoint_name(iteration, attempt);
    file_checkpoint_files files(file_checkpoint_options{0});
    const auto bytes =
      or_throw(files.write(directory, [&](const path& into) { std::ofstream(into / "who") << attempt; }));
    return {iteration, attempt, "node-1", directory.string(), true, *bytes};
  }
  std::string who(const path& directory) {
    std::string text;
    std::ifstream(directory / "who") >> text;
    return text;
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "file checkpoint store: a checkpoint gets its final name, and stays where it was") {
  const auto first = write(7, 1);
  store.keep(trial_id(1), first);
  store.wait();

  REQUIRE(heard.size() == 1);
  CHECK(heard[0]);
  CHECK(check_checkpoint(trial / "checkpoint_000007"));
  CHECK(check_checkpoint(first.directory));

  store.keep(trial_id(1), write(7, 2)); // A later attempt has come as far.
  store.drop(trial_id(1), first);
  store.wait();
  CHECK(who(trial / "checkpoint_000007") == "2");
  CHECK_FALSE(fs::exists(first.directory));
}

TEST_CASE_FIXTURE(fixture, "file checkpoint store: what is dropped goes with its final name, twice as once") {
  const auto old = write(7, 1);
  store.keep(trial_id(1), old);
  store.drop(trial_id(1), old);
  store.drop(trial_id(1), old);
  store.wait();

  CHECK(fs::is_empty(trial));
}

TEST_CASE_FIXTURE(fixture, "file checkpoint store: one that is not there is said to be missing") {
  store.keep(trial_id(1), {7, 1, "node-1", (trial / "checkpoint_000007.attempt-1").string(), true, 10});
  store.wait();

  REQUIRE(heard.size() == 1);
  CHECK(heard[0].error().code == errc::not_found);
  CHECK(heard[0].error().message ==
        (trial / "checkpoint_000007.attempt-1").string() + " is no checkpoint: it has no manifest.json");
}

TEST_CASE_FIXTURE(fixture, "file checkpoint store: what killed writers left in all trials is swept") {
  const auto whole = write(7, 1);
  fs::create_directories(trial / "checkpoint_000008.attempt-1.tmp");
  fs::create_directories(place / "another" / "checkpoint_000001.attempt-1.tmp");

  store.sweep(place.path());
  store.wait();

  CHECK_FALSE(fs::exists(trial / "checkpoint_000008.attempt-1.tmp"));
  CHECK(fs::is_empty(place / "another"));
  CHECK(check_checkpoint(whole.directory));
}

TEST_CASE_FIXTURE(fixture, "file checkpoint store: what an attempt writes after the sweep began is not swept") {
  std::promise<void> may_go_on;
  file_checkpoint_store slow{
    [&](trial_id, const checkpoint_ref&, const result<void>&) { may_go_on.get_future().wait(); }};
  fs::create_directories(trial / "checkpoint_000007.attempt-2.tmp");
  slow.keep(trial_id(1), {6, 1, "node-1", (trial / "checkpoint_000006.attempt-1").string(), true, 1});
  slow.sweep(place.path()); // Removes nothing yet.

  const auto directory = trial / checkpoint_name(7, 2);
  file_checkpoint_files files(file_checkpoint_options{0});
  const auto written = files.write(directory, [&](const path& into) {
    std::ofstream(into / "first") << 1;
    may_go_on.set_value();
    slow.wait(); // Now it has.
    std::ofstream(into / "second") << 2;
  });

  REQUIRE(written);
  CHECK(or_throw(check_checkpoint(directory)).files.size() == 2);
  CHECK(std::distance(fs::directory_iterator(trial), fs::directory_iterator()) == 1); // What was left is gone.
}

TEST_CASE_FIXTURE(fixture, "file checkpoint store: a manifest that cannot be looked at is not one that is not there") {
  const auto kept = write(7, 1);
  const path directory(kept.directory);
  fs::remove_all(directory);
  fs::create_symlink(directory.filename(), directory); // Leads to itself for ever.

  store.keep(trial_id(1), kept);
  store.wait();

  REQUIRE(heard.size() == 1);
  REQUIRE(!heard[0]);
  CHECK(heard[0].error().message ==
        (directory / "manifest.json").string() + " cannot be read: Too many levels of symbolic links");
}
