#include "tune/trial/kept_checkpoints.hpp"

#include <cmath>

#include <doctest/doctest.h>

using namespace tune;

namespace {

enum class where { storage, on_its_way };

checkpoint_ref at(iteration_number iteration, where now = where::storage, attempt_number attempt = 1) {
  const auto name = std::to_string(iteration) + "." + std::to_string(attempt);
  const bool in_storage = now == where::storage;
  return {iteration, attempt, "node-1", (in_storage ? "/storage/" : "/node/") + name, in_storage, 10};
}

std::vector<iteration_number> iterations(const kept_checkpoints& all) {
  std::vector<iteration_number> found;
  for (const auto& each : all.all())
    found.push_back(each.at.iteration);
  return found;
}

std::vector<iteration_number> iterations(const std::vector<checkpoint_ref>& all) {
  std::vector<iteration_number> found;
  for (const auto& each : all)
    found.push_back(each.iteration);
  return found;
}

using list = std::vector<iteration_number>;

} // namespace

TEST_CASE("kept checkpoints: the newest and the best are kept") {
  kept_checkpoints all;
  all.count(at(1), {0.5, 0});
  all.count(at(2), {0.1, 0});
  all.count(at(3), {0.4, 0});

  CHECK(iterations(all.trim(2)) == list{1});
  CHECK(iterations(all) == list{2, 3});
  CHECK(all.newest()->iteration == 3);
  CHECK(all.best()->iteration == 2);
}

TEST_CASE("kept checkpoints: of two that are equally good the newer is kept, and is the best") {
  kept_checkpoints all;
  all.count(at(1), {0.1, 0});
  all.count(at(2), {0.1, 0});
  all.count(at(3), {0.4, 0});
  CHECK(all.best()->iteration == 2);

  CHECK(iterations(all.trim(2)) == list{1});
  CHECK(all.best()->iteration == 2);
}

TEST_CASE("kept checkpoints: while the newest is on its way the newest in the storage is kept beside the best") {
  kept_checkpoints all;
  all.count(at(1), {0.1, 0});
  all.count(at(2), {0.5, 0});
  all.count(at(3, where::on_its_way), {0.4, 0});
  CHECK(all.has_some_on_their_way());
  CHECK(all.trim(2).empty());
  CHECK(all.newest_in_storage()->iteration == 2);

  all.count(at(3), {0.9, 0});

  CHECK_FALSE(all.has_some_on_their_way());
  CHECK(all.newest()->directory == "/storage/3.1");
  CHECK(iterations(all.trim(2)) == list{2});
  CHECK(all.best()->iteration == 1); // The loss of the third is what it was when it was written.
}

TEST_CASE("kept checkpoints: as long as none is in the storage only the best wait beside the newest") {
  kept_checkpoints all;
  for (iteration_number i = 1; i <= 4; ++i)
    all.count(at(i, where::on_its_way), {i == 2 ? 0.1 : 0.5, 0});

  CHECK(iterations(all.trim(2)) == list{1, 3});
  CHECK(all.newest_in_storage() == nullptr);
}

TEST_CASE("kept checkpoints: with one alone it is the newest, or the newest in the storage until that has arrived") {
  kept_checkpoints all;
  all.count(at(1), {0.1, 0});
  all.count(at(2), {0.5, 0});
  CHECK(iterations(all.trim(1)) == list{1});
  all.count(at(3, where::on_its_way), {0.5, 0});
  CHECK(all.trim(1).empty());
  all.count(at(3), {0.5, 0});
  CHECK(iterations(all.trim(1)) == list{2});
}

TEST_CASE("kept checkpoints: an iteration that was done twice has two, which are not confused") {
  kept_checkpoints all;
  all.count(at(2, where::storage, 1), {0.1, 0});
  all.count(at(2, where::on_its_way, 2), {0.2, 0});

  CHECK(all.newest()->attempt == 2);
  CHECK(all.newest_in_storage()->attempt == 1);
  all.erase(2, 2);
  all.erase(9, 9); // It is not there.
  CHECK(all.newest()->attempt == 1);
  CHECK(all.newest_of(2)->attempt == 1);
  CHECK(all.newest_of(1) == nullptr);
}

TEST_CASE("kept checkpoints: one whose loss is not a number is the worst") {
  kept_checkpoints all;
  all.count(at(1), {std::nan(""), 0});
  CHECK(all.best() == nullptr);
  all.count(at(2), {5, 0});
  all.count(at(3), {std::nan(""), 0});

  CHECK(all.best()->iteration == 2);
  CHECK(iterations(all.trim(2)) == list{1});
}

TEST_CASE("kept checkpoints: what is lent stays beside those that are kept, until it is taken back") {
  kept_checkpoints all;
  all.count(at(1), {0.5, 0});
  all.lend(1, 1);
  all.lend(1, 1); // To two.
  all.count(at(2), {0.1, 0});
  all.count(at(3), {0.4, 0});
  all.count(at(4), {0.3, 0});

  CHECK(iterations(all.trim(2)) == list{3});
  CHECK(iterations(all) == list{1, 2, 4}); // The newest, the best, and what is lent.
  CHECK(all.has_lent());
  all.take_back(1, 1);
  CHECK(iterations(all.trim(2)).empty());
  all.take_back(1, 1);
  CHECK_FALSE(all.has_lent());
  CHECK(iterations(all.trim(2)) == list{1});

  all.lend(9, 1); // Not there.
  all.take_back(2, 1);
  CHECK_FALSE(all.has_lent());
}

TEST_CASE("kept checkpoints: what is lent and would be kept anyway takes nobody's place") {
  kept_checkpoints all;
  for (iteration_number i = 1; i <= 3; ++i)
    all.count(at(i), {1.0 / static_cast<double>(i), 0});
  all.lend(3, 1);

  CHECK(iterations(all.trim(2)) == list{1});
  CHECK(iterations(all) == list{2, 3});
}

TEST_CASE("kept checkpoints: those of a state that the trial has left are the first to go, and never the best") {
  kept_checkpoints all;
  all.count(at(1), {0.1, 0});
  all.count(at(2), {0.2, 0});
  all.become_old();

  CHECK(all.best() == nullptr);
  CHECK(all.newest()->iteration == 2);
  all.count(at(3), {0.9, 0});
  all.count(at(4), {0.8, 0});
  CHECK(iterations(all.trim(2)) == list{1, 2});
  CHECK(all.best()->iteration == 4);
}
