#include "tests/integration/fault_cluster.hpp"

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <utility>

fault_cluster::fault_cluster(program_place of_head) : place_of_head_(std::move(of_head)) {
  start_head("0");
}

void fault_cluster::start_head(const std::string& port) {
  boost::filesystem::remove(ready_file());
  const auto state = place_of_head_.state.empty() ? folder_ / "head.state" : place_of_head_.state;
  head_ = std::make_unique<program_under_test>(
    folder_, place_of_head_.before + words{CAF_TUNE_NODE,  "--head",     "--host",       place_of_head_.host,
                                           "--port",       port,         "--name",       "head",
                                           "--cpus",       "2",          "--memory",     "0",
                                           "--gpus",       "0",          "--state",      state,
                                           "--token-file", token_file(), "--ready-file", ready_file()});
  address_ = head_->wait_for_file(ready_file());
}

void fault_cluster::kill_head() {
  head_->signal(SIGKILL);
  head_->wait();
}

program_under_test& fault_cluster::start_node(const std::string& name, program_place where) {
  const auto ready = folder_ / (name + ".ready");
  boost::filesystem::remove(ready);
  const auto state = where.state.empty() ? folder_ / (name + ".state") : where.state;
  auto& node = nodes_[name];
  node = std::make_unique<program_under_test>(
    folder_, where.before + words{CAF_TUNE_NODE, "--address",  address_,   "--host",       where.host, "--token-file",
                                  token_file(),  "--state",    state,      "--ready-file", ready,      "--name",
                                  name,          "--cpus",     "1",        "--memory",     "0",        "--gpus",
                                  "0",           "--resource", "licence=2"});
  node->wait_for_file(ready);
  return *node;
}

void fault_cluster::kill_node(const std::string& name) {
  node(name).signal(SIGKILL);
  node(name).wait();
}

runtime::cluster& fault_cluster::driver() {
  if (!driver_) {
    runtime::cluster_options how;
    how.address = address_;
    how.token_file = token_file();
    how.log_level = "off";
    driver_ = std::make_unique<runtime::cluster>(runtime::or_throw(runtime::cluster::connect(std::move(how))));
  }
  return *driver_;
}

void fault_cluster::wait_for_node(const std::string& name) {
  wait_for(name, true);
}

void fault_cluster::wait_for_no_node(const std::string& name) {
  wait_for(name, false);
}

/// Asks again and again: each question is a message's way to the head and back, so that these are many seconds.
void fault_cluster::wait_for(const std::string& name, bool is_there) {
  for (int look = 0; look != 200'000; ++look) {
    const auto state = driver().state();
    if (!state)
      continue; // Its head is gone for a moment.
    const bool is = std::any_of(state->nodes.begin(), state->nodes.end(),
                                [&](const auto& each) { return each.name == name && each.state == "alive"; });
    if (is == is_there)
      return;
  }
  throw std::runtime_error("node " + name + (is_there ? " does not join" : " does not leave") + "\n--- head\n" +
                           head().error_text() + "--- node\n" + node(name).error_text());
}
