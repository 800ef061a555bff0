#include "tests/integration/program_under_test.hpp"

#include <algorithm>
#include <csignal>
#include <optional>
#include <string>

#include <boost/filesystem.hpp>
#include <doctest/doctest.h>

namespace {

/// A head without room for the counter, and a node with it.
class cluster_with_counter {
public:
  cluster_with_counter() {
    start_head("0");
    start_node();
  }

  std::string count() {
    const auto counted = run_program(folder_, {COUNTER, "--address", address_, "--token-file", token_});
    return counted.code == 0 ? counted.out : counted.err;
  }
  std::string actors() {
    return run_program(folder_, {CAF_TUNE, "actors", "--address", address_, "--token-file", token_, "--json"}).out;
  }
  void restart_head(int signal) {
    head_->signal(signal);
    head_->wait();
    boost::filesystem::remove(ready_);
    start_head(address_.substr(address_.find(':') + 1));
  }
  void restart_node() {
    node_->signal(SIGKILL);
    node_->wait();
    boost::filesystem::remove(node_ready_);
    start_node();
  }

private:
  void start_head(const std::string& port) {
    head_.emplace(folder_, words{CAF_TUNE_NODE,  "--head", "--host",       "127.0.0.1",
                                 "--port",       port,     "--name",       "head",
                                 "--cpus",       "0.1",    "--memory",     "0",
                                 "--gpus",       "0",      "--state",      folder_ / "head.state",
                                 "--token-file", token_,   "--ready-file", ready_});
    address_ = head_->wait_for_file(ready_);
  }
  void start_node() {
    node_.emplace(folder_, words{CAF_TUNE_NODE, "--address", address_, "--token-file", token_, "--name", "n1", "--host",
                                 "127.0.0.1", "--cpus", "1", "--memory", "0", "--gpus", "0", "--state",
                                 folder_ / "node.state", "--ready-file", node_ready_});
    node_->wait_for_file(node_ready_);
  }

  temporary_directory folder_;
  std::string token_ = folder_ / "token";
  std::string ready_ = folder_ / "head.ready";
  std::string node_ready_ = folder_ / "node.ready";
  std::string address_;
  std::optional<program_under_test> head_, node_;
};

} // namespace

TEST_CASE("detached actor: it outlives its drivers and its head, killed or ended in good order, with its state") {
  cluster_with_counter cluster;
  CHECK(cluster.count() == "hits: 1\n");
  CHECK(cluster.count() == "hits: 2\n");

  cluster.restart_head(SIGKILL);
  CHECK(cluster.count() == "hits: 3\n");
  cluster.restart_head(SIGTERM);
  CHECK(cluster.count() == "hits: 4\n");

  const auto actors = cluster.actors();
  const std::string name = "\"hits\"";
  CHECK(std::search(actors.begin(), actors.end(), name.begin(), name.end()) != actors.end());
  CHECK(actors.find(name) == actors.rfind(name)); // One, and no second instance.
}

TEST_CASE("detached actor: one that died while no head was there is not taken for alive") {
  cluster_with_counter cluster;
  CHECK(cluster.count() == "hits: 1\n");
  cluster.restart_node(); // It must not be restarted, so it has ended, and its name is free.
  CHECK(cluster.count() == "hits: 1\n");
  cluster.restart_head(SIGKILL);
  CHECK(cluster.count() == "hits: 2\n"); // The second one.
}
