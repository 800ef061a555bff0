#include "tests/integration/program_under_test.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <tuple>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "runtime/base/random_stream.hpp"
#include "tests/support/marked_processes.hpp"

// A search on a head and a node that are programs of their own: the head or the driver is killed in the middle.

using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// A head that may be restarted on its state, and a node with the two licences that trials take.
class licensed_cluster {
public:
  licensed_cluster() {
    fs::create_directories(journal_folder());
    start_head("0");
    node_.emplace(folder_, words{CAF_TUNE_NODE,
                                 "--address",
                                 address_,
                                 "--host",
                                 "127.0.0.1",
                                 "--token-file",
                                 token_,
                                 "--state",
                                 folder_ / "node.state",
                                 "--ready-file",
                                 folder_ / "node.ready",
                                 "--name",
                                 "licensed",
                                 "--cpus",
                                 "1",
                                 "--memory",
                                 "0",
                                 "--gpus",
                                 "0",
                                 "--resource",
                                 "licence=2"});
    node_->wait_for_file(folder_ / "node.ready");
  }

  program_under_test start_driver(const words& more = {}) {
    return {folder_,
            words{PROGRAM_THAT_COUNTS, "--address", address_, "--token-file", token_, "--storage", folder_ / "storage",
                  "--json"} +
              more,
            {{"DIARY", diary()}, {"LICENCES", "2"}}};
  }
  void kill_head() {
    head_->signal(SIGKILL);
    CHECK(head_->wait().code == 128 + SIGKILL);
  }
  void restart_head() {
    fs::remove(folder_ / "head.ready");
    start_head(address_.substr(address_.find(':') + 1));
  }
  json ask(const char* what) {
    const auto end = run_program(folder_, {CAF_TUNE, what, folder_ / "storage/counts", "--json"});
    REQUIRE_MESSAGE(end.code == 0, end.err);
    return json::parse(end.out);
  }
  std::string diary() const { return folder_ / "diary"; }
  std::string journal() const { return journal_folder() + "/000001.segment"; }
  std::string mark() const { return "CAF_TUNE_TEST_MARK=" + diary(); }

private:
  std::string journal_folder() const { return folder_ / "storage/counts/journal"; }
  void start_head(const std::string& port) {
    head_.emplace(folder_, words{CAF_TUNE_NODE,  "--head", "--host",       "127.0.0.1",
                                 "--port",       port,     "--name",       "head",
                                 "--cpus",       "1",      "--memory",     "0",
                                 "--gpus",       "0",      "--state",      folder_ / "head.state",
                                 "--token-file", token_,   "--ready-file", folder_ / "head.ready"});
    address_ = head_->wait_for_file(folder_ / "head.ready");
  }

  temporary_directory folder_;
  std::string token_ = folder_ / "token";
  std::string address_;
  std::optional<program_under_test> head_;
  std::optional<program_under_test> node_;
};

using deed = std::tuple<std::string, int, int>; ///< Trial, number, process.

/// What trainables say that they did: how often each deed was done, and in which attempt.
std::map<deed, std::vector<int>> read_diary(const std::string& file) {
  std::map<deed, std::vector<int>> all;
  std::ifstream lines(file);
  std::string trial;
  for (int attempt = 0, number = 0, process = 0; lines >> trial >> attempt >> number >> process;)
    all[{trial, number, process}].push_back(attempt);
  return all;
}

/// Of 4 trials each number up to 100 is there once, in order, and was done by whom the result names.
void check_results(licensed_cluster& cluster) {
  const auto done = read_diary(cluster.diary());
  std::map<std::string, int> last;
  for (const auto& each : cluster.ask("results")) {
    const auto trial = each.at("trial_id").get<std::string>();
    const auto number = each.at("training_iteration").get<int>();
    CHECK(each.at("count").get<int>() == number);
    CHECK(number == last[trial] + 1);
    last[trial] = number;
    CHECK(done.count({trial, number, each.at("pid").get<int>()}) == 1);
  }
  CHECK(last.size() == 4);
  for (const auto& [trial, number] : last)
    CHECK_MESSAGE(number == 100, trial);
}

std::uintmax_t size_of(const std::string& file) {
  std::error_code none;
  const auto size = fs::file_size(file, none);
  return none ? 0 : size;
}

} // namespace

TEST_CASE("experiment: while the head is gone its trials report, and with the head on its state it ends well") {
  licensed_cluster cluster;
  auto driver = cluster.start_driver();
  driver.wait_for_size(cluster.diary(), 200);
  const auto second = cluster.start_driver().wait(); // Nothing is wrong with its command: 1, not 2.
  CHECK(second.code == 1);
  CHECK_MESSAGE(second.err.find("has it open; end that first") != std::string::npos, second.err);

  cluster.kill_head();
  driver.wait_for_size(cluster.diary(), size_of(cluster.diary()) + 400);
  driver.wait_for_size(cluster.journal(), size_of(cluster.journal()) + 1'000);
  cluster.restart_head();
  const auto end = driver.wait();

  REQUIRE_MESSAGE(end.code == 0, end.err);
  const auto said = json::parse(end.out);
  CHECK(said.at("trials").at("terminated") == 4);
  CHECK(said.at("results") == 400);
  for (const auto& each : cluster.ask("trials")) {
    CHECK(each.at("state") == "terminated");
    CHECK_MESSAGE(each.at("attempts").size() == 1, each.dump()); // Nothing was begun again.
    CHECK(each.at("attempts")[0].at("node") == "licensed");
  }
  check_results(cluster);
  for (const auto& [what, attempts] : read_diary(cluster.diary()))
    CHECK_MESSAGE(attempts == std::vector<int>{1}, std::get<0>(what), " ", std::get<1>(what));
  CHECK(left_after(10s, cluster.mark()).empty());
}

TEST_CASE("experiment: a driver that is killed leaves no worker on the node, and --resume finishes what it began") {
  licensed_cluster cluster;
  runtime::random_stream random(11);
  for (int round = 0; round < 4; ++round) {
    CAPTURE(round);
    auto driver = cluster.start_driver(round == 0 ? words{} : words{"--resume"});
    if (round == 0)
      driver.wait_for_size(cluster.diary(), 1);
    driver.wait_for_size(cluster.journal(), size_of(cluster.journal()) + 500 + random.below(3'000));
    if (round == 0)
      CHECK_FALSE(processes_with(cluster.mark()).empty()); // The check below sees them.
    driver.signal(SIGKILL);
    CHECK(driver.wait().code == 128 + SIGKILL);

    CHECK(left_after(5s, cluster.mark()).empty());
  }

  const auto end = cluster.start_driver({"--resume"}).wait();

  REQUIRE_MESSAGE(end.code == 0, end.err);
  const auto said = json::parse(end.out);
  CHECK(said.at("trials").at("terminated") == 4);
  CHECK(said.at("results") == 400);
  check_results(cluster);
  for (const auto& [what, attempts] : read_diary(cluster.diary()))
    CHECK_MESSAGE(attempts.size() == 1, std::get<0>(what), " ", std::get<1>(what)); // No process did one twice.
  for (const auto& each : cluster.ask("trials"))
    for (std::size_t i = 0; i + 1 < each.at("attempts").size(); ++i)
      CHECK(each.at("attempts")[i].at("cause") == "driver ended");
}
