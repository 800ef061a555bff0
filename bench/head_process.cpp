#include "bench/head_process.hpp"

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace bench {
namespace {

using namespace std::chrono_literals;

std::string first_line(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

} // namespace

head_process::head_process(const std::string& cpus)
  : directory_(runtime::or_throw(runtime::scratch_directory::make("caf-tune-bench"))) {
  const auto ready = directory_.path() + "/ready";
  const auto start = std::chrono::steady_clock::now();
  process_.emplace(std::vector<std::string>{
    CAF_TUNE_NODE_PROGRAM, "--head", "--host", "127.0.0.1", "--port", "0", "--cpus", cpus, "--token-file", token_file(),
    "--state", directory_.path() + "/state", "--ready-file", ready, "--log-level", "error"});
  while ((address_ = first_line(ready)).empty()) { // Written whole: it is there or it is not.
    if (process_->has_ended())
      throw std::runtime_error("caf-tune-node ended before it was ready");
    if (std::chrono::steady_clock::now() - start > 30s)
      throw std::runtime_error("caf-tune-node was not ready within 30 s");
    std::this_thread::sleep_for(200us);
  }
  started_in_ms_ = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

} // namespace bench
