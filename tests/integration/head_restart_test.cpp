#include "tests/integration/program_under_test.hpp"

#include <csignal>
#include <fcntl.h>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <boost/filesystem.hpp>
#include <doctest/doctest.h>

namespace {

/// An address of this machine that no other process uses: a port on it that was free stays free while its program is
/// away.
std::string loopback_of_this_process() {
  const auto number = static_cast<unsigned>(::getpid());
  return "127." + std::to_string(64 + (number >> 16) % 64) + "." + std::to_string(number >> 8 & 255) + "." +
         std::to_string(number & 255);
}

/// A head, a node that has three licences, and drivers whose tasks need one each and are held until release().
class restarted_cluster {
public:
  restarted_cluster() : host_(loopback_of_this_process()), head_(start_head("0")) {
    REQUIRE(::mkfifo(gate_.c_str(), 0600) == 0);
    wait_for_head();
    first_port_ = port();
    node_.emplace(folder_, words{CAF_TUNE_NODE,
                                 "--address",
                                 address_,
                                 "--token-file",
                                 token_,
                                 "--state",
                                 folder_ / "node.state",
                                 "--ready-file",
                                 folder_ / "node.ready",
                                 "--name",
                                 "licensed",
                                 "--host",
                                 "127.0.0.1",
                                 "--cpus",
                                 "1",
                                 "--memory",
                                 "0",
                                 "--gpus",
                                 "0",
                                 "--resource",
                                 "licence=3"});
    node_->wait_for_file(folder_ / "node.ready");
  }
  ~restarted_cluster() {
    if (open_ >= 0)
      ::close(open_);
  }
  restarted_cluster(const restarted_cluster&) = delete;
  restarted_cluster& operator=(const restarted_cluster&) = delete;

  program_under_test start_driver() {
    return {folder_, {PROGRAM_WITH_HELD_TASKS, "--address", address_, "--token-file", token_}, {{"GATE", gate_}}};
  }
  /// The id of the process that runs this task, once it does.
  std::string worker_of(program_under_test& driver, int task) {
    return driver.wait_for_file(gate_ + "." + std::to_string(task));
  }
  void restart_head() { restart_head(first_port_); } ///< Where it was at first.
  void restart_head(const std::string& port) {
    head().signal(SIGKILL);
    CHECK(head().wait().code == 128 + SIGKILL);
    boost::filesystem::remove(ready_);
    head_again_.emplace(start_head(port));
    wait_for_head();
  }
  std::string port() const { return address_.substr(address_.find(':') + 1); }
  program_end status() {
    return run_program(folder_, {CAF_TUNE, "status", "--address", address_, "--token-file", token_});
  }
  /// What waits in the head's queue is said to wait, and for which node.
  void wait_for_queued_tasks() {
    program_end last;
    for (int look = 0; look != 500; ++look) { // Each is a program's start and end, so that these are many seconds.
      last = status();
      if (last.out.find("licence=1") != std::string::npos)
        return;
    }
    FAIL("no task waits for a licence; the last status:\n", last.out, last.err, "--- head\n", head().error_text(),
         "--- node\n", node().error_text());
  }
  program_under_test& head() { return head_again_ ? *head_again_ : head_; }
  program_under_test& node() { return *node_; }
  void release() { // For reading, too: then it stays open for tasks that come later.
    open_ = ::open(gate_.c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(open_ >= 0);
  }

private:
  program_under_test start_head(const std::string& port) {
    return {folder_,
            {CAF_TUNE_NODE,  "--head", "--host",       host_, "--port", port, "--name",  "head",
             "--cpus",       "1",      "--memory",     "0",   "--gpus", "0",  "--state", folder_ / "head.state",
             "--token-file", token_,   "--ready-file", ready_}};
  }
  void wait_for_head() { address_ = head().wait_for_file(ready_); }

  temporary_directory folder_;
  std::string token_ = folder_ / "token";
  std::string ready_ = folder_ / "head.ready";
  std::string gate_ = folder_ / "gate";
  std::string address_, first_port_;
  std::string host_;
  program_under_test head_;
  std::optional<program_under_test> head_again_;
  std::optional<program_under_test> node_;
  int open_ = -1;
};

const std::string squares = "0 1 4 9 16 25 ";

} // namespace

TEST_CASE(
  "head restart: what runs when the head is killed runs on, what waits runs later, and a new driver is served") {
  restarted_cluster cluster;
  auto driver = cluster.start_driver();
  std::vector<std::string> workers;
  for (int task = 0; task < 3; ++task)
    workers.push_back(cluster.worker_of(driver, task));

  cluster.restart_head();
  cluster.head().wait_for_error("node joined node=");
  cluster.wait_for_queued_tasks();
  for (int task = 0; task < 3; ++task) // A second attempt would have written another process.
    CHECK(cluster.worker_of(driver, task) == workers[static_cast<std::size_t>(task)]);
  cluster.release();

  const auto end = driver.wait();
  CHECK_MESSAGE(end.code == 0, end.err);
  CHECK(end.out == squares);
  const auto another = cluster.start_driver().wait();
  CHECK_MESSAGE(another.code == 0, another.err);
  CHECK(another.out == squares);
}

TEST_CASE("head restart: a driver that is back before the node that its tasks need waits for it") {
  restarted_cluster cluster;
  auto driver = cluster.start_driver();
  for (int task = 0; task < 3; ++task)
    cluster.worker_of(driver, task);

  cluster.node().signal(SIGSTOP);
  cluster.restart_head();
  cluster.wait_for_queued_tasks();
  cluster.node().signal(SIGCONT);
  cluster.release();

  const auto end = driver.wait();
  CHECK_MESSAGE(end.code == 0, end.err);
  CHECK(end.out == squares);
}

TEST_CASE("head restart: one on another port is followed by nobody, and what runs is not disturbed; on its own it is") {
  restarted_cluster cluster;
  auto driver = cluster.start_driver();
  std::vector<std::string> workers;
  for (int task = 0; task < 3; ++task)
    workers.push_back(cluster.worker_of(driver, task));
  const auto own_port = cluster.port();

  cluster.restart_head("0");
  REQUIRE(cluster.port() != own_port);
  cluster.node().wait_for_error("head lost");
  const auto elsewhere = cluster.status();
  CHECK_MESSAGE(elsewhere.code == 0, elsewhere.err);
  CHECK_MESSAGE(elsewhere.out.find("licensed") == std::string::npos, elsewhere.out);

  cluster.restart_head();
  cluster.wait_for_queued_tasks();
  for (int task = 0; task < 3; ++task)
    CHECK(cluster.worker_of(driver, task) == workers[static_cast<std::size_t>(task)]);
  cluster.release();
  const auto end = driver.wait();
  CHECK_MESSAGE(end.code == 0, end.err);
  CHECK(end.out == squares);
}
