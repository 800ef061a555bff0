#pragma once

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/integration/program_under_test.hpp"

/// A head that may be restarted on its state, and nodes with two licences each, which trials take. Head, nodes and
/// drivers have copies of the token file of their own, as on machines of their own.
class licensed_cluster {
public:
  explicit licensed_cluster(const words& names = {"licensed"}) {
    std::filesystem::create_directories(journal_folder());
    start_head("0");
    for (const auto& name : names)
      start_node(name);
  }

  program_under_test start_driver(const words& more = {}, const std::string& count_to = "100",
                                  const std::string& max_failures = "0") {
    return {folder_,
            words{PROGRAM_THAT_COUNTS, "--address", address_, "--token-file", token_of("driver"), "--storage",
                  folder_ / "storage", "--json"} +
              more,
            {{"DIARY", diary()}, {"LICENCES", "2"}, {"COUNT_TO", count_to}, {"MAX_FAILURES", max_failures}}};
  }
  void kill_head() {
    head_->signal(SIGKILL);
    CHECK(head_->wait().code == 128 + SIGKILL);
  }
  void restart_node(const std::string& name) { ///< Killed, and at once begun again with its state.
    auto& node = nodes_.at(name);
    node.signal(SIGKILL);
    CHECK(node.wait().code == 128 + SIGKILL);
    nodes_.erase(name);
    start_node(name);
  }
  void drain_node(const std::string& name) { ///< Leaves in good order, and is begun again.
    auto& node = nodes_.at(name);
    node.signal(SIGTERM);
    node.wait();
    nodes_.erase(name);
    start_node(name);
  }
  void stop_node(const std::string& name) { nodes_.at(name).signal(SIGSTOP); } ///< Its workers run on.
  void continue_node(const std::string& name) { nodes_.at(name).signal(SIGCONT); }
  void restart_head() {
    std::filesystem::remove(folder_ / "head.ready");
    start_head(address_.substr(address_.find(':') + 1));
  }
  nlohmann::json ask(const char* what) {
    const auto end = run_program(folder_, {CAF_TUNE, what, folder_ / "storage/counts", "--json"});
    REQUIRE_MESSAGE(end.code == 0, end.err);
    return nlohmann::json::parse(end.out);
  }
  /// In an environment that knows nothing of the storage.
  program_end ask_by_name(words what) {
    return run_program(folder_,
                       words{CAF_TUNE} + std::move(what) + words{"--address", address_, "--token-file", token_});
  }
  void start_node(const std::string& name) {
    const auto ready = folder_ / (name + ".ready");
    std::filesystem::remove(ready);
    nodes_.emplace(name, program_under_test(folder_, joining(name))).first->second.wait_for_file(ready);
  }
  /// The end of a node that is expected not to be let in.
  program_end try_node(const std::string& name) { return run_program(folder_, joining(name)); }
  /// A copy of the token file, made when it is asked for first.
  std::string token_of(const std::string& name) {
    const auto copy = folder_ / (name + ".token");
    if (!std::filesystem::exists(copy))
      std::filesystem::copy_file(token_, copy); // With its mode.
    return copy;
  }
  /// caf-tune, with the copy of that name.
  program_end tool(words what, const std::string& name = "driver") { return start_tool(std::move(what), name).wait(); }
  program_under_test start_tool(words what, const std::string& name = "driver") {
    return {folder_, words{CAF_TUNE} + std::move(what) + words{"--address", address_, "--token-file", token_of(name)}};
  }
  program_under_test& head() { return *head_; }
  program_under_test& node(const std::string& name) { return nodes_.at(name); }
  std::string folder() const { return std::filesystem::path(token_).parent_path(); } ///< Of all files.
  std::string token() const { return token_; }                                       ///< The head's.
  std::string address() const { return address_; }
  std::string diary() const { return folder_ / "diary"; }
  std::string journal() const { return journal_folder() + "/000001.segment"; }
  std::string journal_folder() const { return folder_ / "storage/counts/journal"; }
  std::string mark() const { return "CAF_TUNE_TEST_MARK=" + diary(); }

private:
  void start_head(const std::string& port) {
    head_.emplace(folder_, words{CAF_TUNE_NODE,  "--head", "--host",       "127.0.0.1",
                                 "--port",       port,     "--name",       "head",
                                 "--cpus",       "1",      "--memory",     "0",
                                 "--gpus",       "0",      "--state",      folder_ / "head.state",
                                 "--token-file", token_,   "--ready-file", folder_ / "head.ready"});
    address_ = head_->wait_for_file(folder_ / "head.ready");
  }

  words joining(const std::string& name) {
    return {CAF_TUNE_NODE,
            "--address",
            address_,
            "--host",
            "127.0.0.1",
            "--token-file",
            token_of(name),
            "--state",
            folder_ / (name + ".state"),
            "--ready-file",
            folder_ / (name + ".ready"),
            "--name",
            name,
            "--cpus",
            "1",
            "--memory",
            "0",
            "--gpus",
            "0",
            "--resource",
            "licence=2"};
  }

  temporary_directory folder_;
  std::string token_ = folder_ / "token";
  std::string address_;
  std::optional<program_under_test> head_;
  std::map<std::string, program_under_test> nodes_;
};

using deed = std::tuple<std::string, int, int>; ///< Trial, number, process.

/// What trainables say that they did: how often each deed was done, and in which attempt.
inline std::map<deed, std::vector<int>> read_diary(const std::string& file) {
  std::map<deed, std::vector<int>> all;
  std::ifstream lines(file);
  std::string trial;
  for (int attempt = 0, number = 0, process = 0; lines >> trial >> attempt >> number >> process;)
    all[{trial, number, process}].push_back(attempt);
  return all;
}

/// Of 4 trials each number up to `wanted` is there once, in order, and was done by whom the result names.
inline void check_results(licensed_cluster& cluster, int wanted) {
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
    CHECK_MESSAGE(number == wanted, trial);
}

inline std::uintmax_t size_of(const std::string& file) {
  std::error_code none;
  const auto size = std::filesystem::file_size(file, none);
  return none ? 0 : size;
}
