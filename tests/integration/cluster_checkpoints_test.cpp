#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "runtime/test_cluster.hpp"
#include "runtime/worker_place.hpp"
#include "tests/runtime/package/temporary_directory.hpp"
#include "tune/driver/cluster_checkpoints.hpp"
#include "tune/store/file_checkpoint.hpp"
#include "tune/tune.hpp"
#include "tune/worker/posix_attempt_place.hpp"

// Checkpoints on the disks of nodes, which are processes of their own, and a storage that these do not see.

using namespace std::chrono_literals;
using namespace tune;

namespace {

/// A program with a trainable has all that it takes to keep checkpoints on nodes.
const tune::trainable printing("printing", [](tune::trial& trial) {
  std::cout << "attempt " << trial.attempt() << " is heard" << std::endl;
  std::cerr << "and complains" << std::endl;
  if (trial.attempt() == 1)
    throw std::runtime_error("once");
  (void)trial.report({{"x", 1}});
});

path directory_here() {
  return directory_for_experiments(runtime::this_worker_place()->directory);
}

/// A whole checkpoint below the node's directory for experiments: where it lies. With a number of bytes its file has so
/// many, and it takes long to be copied.
const runtime::task_type write_checkpoint("write_checkpoint", [](const std::string& name, std::uint64_t bytes) {
  const auto directory = directory_here() / "7f3a91c2" / name;
  std::filesystem::create_directories(directory);
  std::ofstream(directory / "state") << name;
  (void)or_throw(seal_checkpoint(directory, named_checkpoint{1, 1}));
  if (bytes > 0)
    std::filesystem::resize_file(directory / "state", bytes);
  return directory.string();
});
const runtime::task_type is_there("is_there", [](const std::string& name) {
  return std::filesystem::exists(directory_here() / "7f3a91c2" / name);
});

template <class Task, class... Arguments>
auto on(runtime::test_cluster& cluster, const std::string& node, const Task& task, const Arguments&... arguments) {
  return cluster.driver().submit(task, runtime::task_options().on_node(node), arguments...).get();
}

/// What is told of keep()s.
class told {
public:
  void add(trial_id trial, const checkpoint_ref& checkpoint, const result<void>& how) {
    {
      std::lock_guard guard(mutex_);
      all_.push_back({trial, checkpoint, how});
    }
    changed_.notify_all();
  }
  struct one {
    trial_id trial;
    checkpoint_ref checkpoint;
    result<void> how;
  };
  one wait_for(trial_id trial) {
    std::unique_lock lock(mutex_);
    const one* found = nullptr;
    REQUIRE(changed_.wait_for(lock, 60s, [&] {
      for (const auto& each : all_)
        if (each.trial == trial)
          found = &each;
      return found != nullptr;
    }));
    return *found;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<one> all_;
};

std::string text_of(const path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct fixture {
  fixture() {
    for (std::uint64_t trial = 1; trial <= 2; ++trial)
      checkpoints->set_directory(trial_id{trial}, directory_of(trial));
  }
  path directory_of(std::uint64_t trial) const { return path(folder / "storage") / std::to_string(trial); }
  checkpoint_ref written(const std::string& node, const std::string& name, std::uint64_t bytes = 0) {
    return {1, 1, node, on(cluster, node, write_checkpoint, name, bytes), false, bytes};
  }
  checkpoint_ref stored(std::uint64_t trial, const checkpoint_ref& checkpoint) {
    checkpoints->keep(trial_id{trial}, checkpoint);
    const auto how = news.wait_for(trial_id{trial});
    REQUIRE_MESSAGE(how.how.has_value(), how.how.error().message);
    return how.checkpoint;
  }
  result<std::string> provide(std::uint64_t trial, const checkpoint_ref& checkpoint, const node_place& to) {
    std::promise<result<std::string>> promise;
    checkpoints->provide(trial_id{trial}, {trial_id{trial}, checkpoint}, to,
                         [&](const auto& where) { promise.set_value(where); });
    return promise.get_future().get();
  }
  const temporary_directory folder;
  runtime::test_cluster cluster{2, runtime::cpus(1)};
  told news;
  std::unique_ptr<cluster_checkpoints> checkpoints =
    std::make_unique<cluster_checkpoints>(cluster.driver(), checkpoint_traffic_options{"7f3a91c2", true},
                                          [this](trial_id trial, const checkpoint_ref& checkpoint,
                                                 const result<void>& how) { news.add(trial, checkpoint, how); });
};

constexpr std::uint64_t gigabytes = 8ull << 30; // Sparse there; here it is given up long before that.

} // namespace

TEST_CASE("checkpoints of nodes: killed before its checkpoint is in the storage, a node has left it on a second one") {
  fixture f;
  f.cluster.add_node({runtime::cpus(1), {}, "third"});
  const auto large = f.written("node-1", "large", gigabytes); // The storage is busy with it.
  f.checkpoints->keep(trial_id{1}, large);
  f.checkpoints->forget(trial_id{1}); // Of a trial that has ended: there is no second copy.
  const auto newest = f.written("node-2", "newest");
  f.checkpoints->keep(trial_id{2}, newest);
  const std::string copy = "copies/2/checkpoint_000001.attempt-1/manifest.json";
  for (int looks = 0; !on(f.cluster, "node-1", is_there, copy) && !on(f.cluster, "third", is_there, copy); ++looks)
    REQUIRE(looks < 50'000); // Each is a task there.

  f.cluster.kill_node("node-2");
  f.cluster.wait_for_no_node("node-2");
  f.checkpoints->drop(trial_id{1}, large);

  const auto how = f.news.wait_for(trial_id{2});
  REQUIRE_MESSAGE(how.how.has_value(), how.how.error().message);
  CHECK(how.checkpoint.in_storage);
  CHECK(check_checkpoint(how.checkpoint.directory).has_value());
}

TEST_CASE("checkpoints of nodes: one is restored from its own node, from the storage, or from another node") {
  fixture f;
  const auto written = f.written("node-1", "written");
  const auto stored = f.stored(2, written);
  f.checkpoints->drop(trial_id{2}, written); // As the record says where it is now.

  const auto own = f.provide(2, stored, {"node-1", "7f3a91c2/restored/1"});
  REQUIRE_MESSAGE(own.has_value(), own.error().message);
  CHECK(*own == written.directory);
  CHECK_FALSE(on(f.cluster, "node-1", is_there, "restored/1"));

  const auto sent = f.provide(2, stored, {"node-2", "7f3a91c2/restored/2"});
  REQUIRE_MESSAGE(sent.has_value(), sent.error().message);
  CHECK(*sent == "7f3a91c2/restored/2");
  CHECK(on(f.cluster, "node-2", is_there, "restored/2/manifest.json"));

  std::ofstream(path(stored.directory) / "state") << "damaged in the storage";
  const auto other = f.provide(2, stored, {"node-2", "7f3a91c2/restored/3"});
  REQUIRE_MESSAGE(other.has_value(), other.error().message);
  CHECK(on(f.cluster, "node-2", is_there, "restored/3/manifest.json"));
}

TEST_CASE("checkpoints of nodes: a restore does not wait for a copy that takes long") {
  fixture f;
  const auto stored = f.stored(2, f.written("node-2", "small"));
  const auto large = f.written("node-1", "large", gigabytes);
  f.checkpoints->keep(trial_id{1}, large);

  const auto sent = f.provide(2, stored, {"node-1", "7f3a91c2/restored/1"});

  CHECK(sent.has_value());
  CHECK_FALSE(std::filesystem::exists(f.directory_of(1) / "large")); // It is still on its way.
  f.checkpoints->drop(trial_id{1}, large);
}

TEST_CASE("checkpoints of nodes: at its end nodes have nothing of the experiment, but for what is left there") {
  fixture f;
  const auto stored = f.stored(2, f.written("node-2", "stored"));
  (void)f.provide(2, stored, {"node-1", "7f3a91c2/restored/1"});
  (void)f.written("node-1", "nobody-knows");
  const auto left = f.written("node-2", "left/behind");
  f.checkpoints->leave(trial_id{1}, left);

  f.checkpoints->finish();

  CHECK_FALSE(on(f.cluster, "node-1", is_there, ""));
  CHECK_FALSE(on(f.cluster, "node-2", is_there, "stored"));
  CHECK(on(f.cluster, "node-2", is_there, "left/behind/manifest.json"));
}

TEST_CASE("checkpoints of nodes: what trials print where the storage is not seen is in their directories in the end") {
  const temporary_directory folder;
  runtime::test_cluster cluster(1, runtime::cpus(1));
  tune::session session(cluster);
  tune::experiment experiment("prints", printing);
  experiment.metric = tune::maximize("x");
  experiment.max_failures = 1;
  experiment.checkpoints.local_first = true;
  experiment.storage = folder / "storage";

  const auto results = session.start(experiment).wait();

  const auto trial = results.trials().at(0);
  CHECK(trial.state() == trial_state::terminated);
  CHECK(text_of(trial.path() / "stdout") == "attempt 1 is heard\nattempt 2 is heard\n");
  CHECK(text_of(trial.path() / "stderr") == "and complains\nand complains\n");
  CHECK_FALSE(std::filesystem::exists(trial.path() / "stdout.attempt-1"));
}
