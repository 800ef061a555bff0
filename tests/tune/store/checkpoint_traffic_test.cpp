#include "tune/store/checkpoint_traffic.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

using namespace tune;

namespace {

constexpr auto to_string(const checkpoint_traffic::work& what) {
  constexpr const char* names[] = {"restore", "bring in", "copy", "output", "forget", "clean"};
  return names[what.index()];
}

checkpoint_ref on_node(iteration_number iteration, const std::string& node = "a", attempt_number attempt = 1) {
  return {iteration, attempt, node, "/scratch/" + std::to_string(iteration), false, 10};
}

checkpoint_ref in_storage(checkpoint_ref checkpoint) {
  checkpoint.directory = "/storage" + checkpoint.directory;
  checkpoint.in_storage = true;
  return checkpoint;
}

/// Three nodes, and what the traffic hands out.
struct station {
  explicit station(bool second_node = true) : traffic({"7f3a91c2", second_node}) { traffic.on_nodes({"a", "b", "c"}); }

  void keep(std::uint64_t trial, const checkpoint_ref& what) { traffic.on_keep(trial_id{trial}, what, "/storage/t"); }
  /// All that may be done now, by name.
  std::vector<std::string> begin() {
    std::vector<std::string> names;
    while (auto job = traffic.next()) {
      names.emplace_back(to_string(job->what));
      jobs.push_back(std::move(*job));
    }
    return names;
  }
  template <class Kind>
  const checkpoint_traffic::job* job_of() const {
    for (const auto& each : jobs)
      if (std::holds_alternative<Kind>(each.what))
        return &each;
    return nullptr;
  }
  /// Of the first one of its kind that is under way.
  template <class Kind>
  Kind done(bool is_good = true) {
    const auto* found = job_of<Kind>();
    REQUIRE(found != nullptr);
    const auto job = *found;
    jobs.erase(jobs.begin() + (found - jobs.data()));
    traffic.on_done(job.number, is_good);
    return std::get<Kind>(job.what);
  }
  /// Does all that there is to do, and returns what nodes were told to forget, as "a:/scratch/1".
  std::vector<std::string> forgotten() {
    std::vector<std::string> all;
    for (;;) {
      (void)begin();
      if (jobs.empty())
        break;
      const auto job = jobs.back();
      jobs.pop_back();
      if (const auto* f = std::get_if<checkpoint_traffic::forget>(&job.what))
        all.push_back(f->what.node + ":" + f->what.directory);
      traffic.on_done(job.number, true);
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  checkpoint_traffic traffic;
  std::vector<checkpoint_traffic::job> jobs; ///< Under way.
};

using names = std::vector<std::string>;
using bring_in = checkpoint_traffic::bring_in;
using copy_to_node = checkpoint_traffic::copy_to_node;
using restore = checkpoint_traffic::restore;

} // namespace

TEST_CASE("checkpoint traffic: one is brought into the storage, and meanwhile to a second node") {
  station s;
  s.keep(1, on_node(1));

  CHECK(s.begin() == names{"bring in", "copy"});
  CHECK(std::get<copy_to_node>(s.job_of<copy_to_node>()->what).to.node != "a");
}

TEST_CASE("checkpoint traffic: there is no second node where none is wanted, and where there is none") {
  station unwanted(/*second_node=*/false);
  unwanted.keep(1, on_node(1));
  CHECK(unwanted.begin() == names{"bring in"});

  station alone;
  alone.traffic.on_nodes({"a"});
  alone.keep(1, on_node(1));
  CHECK(alone.begin() == names{"bring in"});
  (void)alone.done<bring_in>();
  CHECK(alone.traffic.is_empty());
}

TEST_CASE("checkpoint traffic: a copy waits until it is known which nodes there are") {
  station s;
  s.traffic.on_nodes({});
  s.keep(1, on_node(1));
  CHECK(s.begin() == names{"bring in"});
  CHECK(s.traffic.wants_nodes());

  s.traffic.on_nodes({"a", "b"});

  CHECK(s.begin() == names{"copy"});
}

TEST_CASE("checkpoint traffic: restores do not wait for copies, however many") {
  station s;
  for (std::uint64_t trial = 1; trial <= 10; ++trial)
    s.keep(trial, on_node(1));
  CHECK(s.begin() == names{"bring in", "copy"}); // One of a kind: a third thread is free.

  (void)s.traffic.on_restore(trial_id{20}, {trial_id{20}, in_storage(on_node(5))}, {"b", "/scratch/r"});

  CHECK(s.begin() == names{"restore"});
}

TEST_CASE("checkpoint traffic: what a trial waits for comes first, then what has ended, then the oldest") {
  station s(/*second_node=*/false);
  for (std::uint64_t trial = 1; trial <= 4; ++trial)
    s.keep(trial, on_node(1));
  (void)s.begin();
  s.traffic.on_trial_end(trial_id{4});
  s.traffic.on_wanted(trial_id{3}, on_node(1));

  CHECK(s.begin() == names{"bring in"}); // Beside the one that is under way.
  std::vector<std::uint64_t> order;
  while (!s.jobs.empty()) {
    order.push_back(s.done<bring_in>().trial.value);
    (void)s.begin();
  }
  CHECK(order == std::vector<std::uint64_t>{1, 3, 4, 2});
}

TEST_CASE("checkpoint traffic: only the newest of a trial goes to a second node, and only while it is not stored") {
  station s;
  s.keep(1, on_node(1));
  (void)s.begin();
  const auto first = s.job_of<copy_to_node>()->number;
  s.keep(1, on_node(2));
  CHECK_FALSE(s.traffic.is_wanted(first)); // A newer one has come.
  s.keep(1, on_node(3));
  (void)s.done<copy_to_node>(false);

  CHECK(s.begin() == names{"copy"});
  CHECK(std::get<copy_to_node>(s.job_of<copy_to_node>()->what).checkpoint.iteration == 3);
  const auto third = s.job_of<copy_to_node>()->number;
  CHECK(s.traffic.is_wanted(third));
  for (int i = 0; i < 3; ++i) {
    (void)s.done<bring_in>();
    (void)s.begin();
  }
  CHECK_FALSE(s.traffic.is_wanted(third)); // It is in the storage.
}

TEST_CASE("checkpoint traffic: a node that cannot take a copy is not asked again, another one is") {
  station s;
  s.keep(1, on_node(1));
  (void)s.begin();
  const auto first = s.done<copy_to_node>(false).to.node;

  CHECK(s.begin() == names{"copy"});
  const auto second = s.done<copy_to_node>(false).to.node;
  CHECK(second != first);
  CHECK(second != "a");
  CHECK(s.begin() == names{"forget"}); // What may be there of the first. It is not tried for ever.
}

TEST_CASE("checkpoint traffic: what is stored stays on its node for restores there, until a newer one comes") {
  station s;
  s.keep(1, on_node(1));
  (void)s.begin();
  const auto copy = s.done<copy_to_node>().to;
  (void)s.done<bring_in>();
  s.traffic.on_drop(trial_id{1}, on_node(1)); // As the record says where it is now.
  CHECK(s.forgotten().empty());

  (void)s.traffic.on_restore(trial_id{1}, {trial_id{1}, in_storage(on_node(1))}, {"a", "/scratch/r"});
  CHECK(s.begin() == names{"restore"});
  const auto there = s.done<restore>();
  REQUIRE(there.own);
  CHECK(there.own->directory == "/scratch/1");
  CHECK(there.others == std::vector<node_place>{copy});
  s.keep(1, on_node(2));

  CHECK(s.forgotten() == names{"a:/scratch/1", copy.node + ":" + copy.directory});
}

TEST_CASE("checkpoint traffic: what is lent is looked for among its donor's copies, not among the borrower's own") {
  station s;
  s.keep(1, on_node(1));
  auto own = on_node(1); // Of the same iteration and attempt.
  own.directory = "/scratch/own";
  s.keep(2, own);
  (void)s.traffic.on_restore(trial_id{2}, {trial_id{1}, in_storage(on_node(1))}, {"a", "/scratch/r"});
  s.traffic.on_trial_end(trial_id{1});
  CHECK(s.begin().front() == "restore");
  const auto there = s.done<restore>();
  CHECK(there.trial == trial_id{2});
  CHECK_FALSE(there.own); // To be copied: its donor may have it forgotten while it is read.
  REQUIRE(there.others.size() == 1);
  CHECK(there.others[0].directory == "/scratch/1");

  (void)s.traffic.on_restore(trial_id{2}, {trial_id{9}, in_storage(on_node(1))}, {"a", "/scratch/r2"});
  CHECK(s.begin().front() == "restore");
  CHECK(s.done<restore>().others.empty()); // Nothing is known of trial 9's.
}

TEST_CASE("checkpoint traffic: nodes forget what was dropped, and all of a trial that has ended and is stored") {
  station s;
  s.keep(1, on_node(1));
  s.keep(2, on_node(7));
  s.traffic.on_drop(trial_id{1}, on_node(1)); // Not even begun.
  CHECK(s.begin() == names{"bring in", "copy"});
  const auto copy = s.done<copy_to_node>().to;
  s.traffic.on_trial_end(trial_id{2});
  (void)s.done<bring_in>();
  s.traffic.on_drop(trial_id{2}, on_node(7));

  CHECK(s.forgotten() == names{"a:/scratch/1", "a:/scratch/7", copy.node + ":" + copy.directory});
  CHECK(s.traffic.is_empty());
}

TEST_CASE("checkpoint traffic: what is dropped while it is copied is not wanted any more") {
  station s;
  s.keep(1, on_node(1));
  (void)s.begin();
  const auto coming = s.job_of<bring_in>()->number;
  const auto copied = s.job_of<copy_to_node>()->number;

  s.traffic.on_drop(trial_id{1}, on_node(1));

  CHECK_FALSE(s.traffic.is_wanted(coming));
  CHECK_FALSE(s.traffic.is_wanted(copied));
  const auto to = s.done<copy_to_node>().to;
  (void)s.done<bring_in>();
  CHECK(s.forgotten() == names{"a:/scratch/1", to.node + ":" + to.directory});
}

TEST_CASE("checkpoint traffic: a later driver looks for copies where an earlier one has brought them") {
  station earlier;
  earlier.keep(1, on_node(1));
  (void)earlier.begin();
  const auto copy = earlier.done<copy_to_node>().to;

  station later;
  later.traffic.on_nodes({"d", "c", "b", "e", "f"}); // The node that wrote it is gone, others have come.
  const auto likely = later.traffic.copies_of(trial_id{1}, on_node(1));
  station same;
  same.traffic.on_nodes({"b", "c"});

  CHECK(same.traffic.copies_of(trial_id{1}, on_node(1)).front() == copy);
  CHECK(likely.size() == 3);
}

TEST_CASE("checkpoint traffic: a restore makes its node forget what the one before it has brought") {
  station s;
  (void)s.traffic.on_restore(trial_id{1}, {trial_id{1}, in_storage(on_node(1))}, {"b", "/scratch/r1"});
  CHECK(s.forgotten().empty());
  (void)s.traffic.on_restore(trial_id{1}, {trial_id{1}, in_storage(on_node(1))}, {"c", "/scratch/r2"});
  CHECK(s.forgotten() == names{"b:/scratch/r1"});
  s.traffic.on_trial_end(trial_id{1});
  CHECK(s.forgotten() == names{"c:/scratch/r2"});
}

TEST_CASE("checkpoint traffic: at its end nodes are left with nothing but what a later driver brings in") {
  station s;
  s.keep(1, on_node(1));
  (void)s.begin();
  const auto copy = s.done<copy_to_node>().to;
  s.traffic.on_node_used("z");
  s.traffic.on_finish();
  s.traffic.on_leave(trial_id{1}, on_node(1));
  (void)s.done<bring_in>(false);
  s.traffic.on_clean();

  std::map<std::string, std::vector<std::string>> kept;
  while (s.begin() == names{"clean"}) {
    const auto cleaned = s.done<checkpoint_traffic::clean>();
    kept[cleaned.node] = cleaned.keep;
  }
  CHECK(kept == decltype(kept){{"a", {"/scratch/1"}}, {copy.node, {copy.directory}}, {"z", {}}});
  CHECK(s.traffic.is_empty());
}

TEST_CASE("checkpoint traffic: what could not be brought in stays on its nodes for a later driver") {
  station s;
  s.keep(1, on_node(1));
  (void)s.begin();
  const auto copy = s.done<copy_to_node>().to;
  (void)s.done<bring_in>(false);
  s.traffic.on_finish();
  s.traffic.on_clean();

  std::map<std::string, std::vector<std::string>> kept;
  while (s.begin() == names{"clean"}) {
    const auto cleaned = s.done<checkpoint_traffic::clean>();
    kept[cleaned.node] = cleaned.keep;
  }
  CHECK(kept == decltype(kept){{"a", {"/scratch/1"}}, {copy.node, {copy.directory}}});
}

TEST_CASE("checkpoint traffic: what nodes are to forget does not wait for all copies, nor copies for that") {
  station s;
  for (std::uint64_t trial = 1; trial <= 3; ++trial) {
    s.keep(trial, on_node(1));
    s.keep(trial + 10, on_node(2));
    s.traffic.on_drop(trial_id{trial + 10}, on_node(2));
  }

  std::vector<std::string> order;
  for (int i = 0; i < 6; ++i) {
    (void)s.begin();
    order.emplace_back(s.job_of<copy_to_node>() != nullptr ? "copy" : "forget");
    if (order.back() == "copy")
      (void)s.done<copy_to_node>();
    else
      (void)s.done<checkpoint_traffic::forget>();
  }
  CHECK(order == names{"copy", "forget", "copy", "forget", "copy", "forget"});
}

TEST_CASE("checkpoint traffic: the end waits for nothing that nodes were to forget, as they forget it all then") {
  station s(/*second_node=*/false);
  s.keep(1, on_node(1));
  s.keep(1, on_node(2));
  s.traffic.on_drop(trial_id{1}, on_node(1));
  s.traffic.on_drop(trial_id{1}, on_node(2));
  CHECK_FALSE(s.traffic.is_empty());

  s.traffic.on_finish();

  CHECK(s.traffic.is_empty());
  s.traffic.on_clean();
  CHECK(s.begin() == names{"clean"});
}
