#include "runtime/session.hpp"

#include "runtime/cluster.hpp"
#include "runtime/process/command_line.hpp"
#include "runtime/process/node_program.hpp"
#include "runtime/worker/posix_worker_process.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>

#include <CLI/CLI.hpp>

namespace runtime {
namespace {

std::string file_name(const char* path) {
  const std::string whole = path == nullptr ? "program" : path;
  return whole.substr(whole.rfind('/') + 1);
}

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string program_name = "program"; // For end_with_message(), which has nothing but this.

/// A failure that leaves main() is the program's last word, not a crash.
[[noreturn]] void end_with_message() {
  if (const auto thrown = std::current_exception()) {
    try {
      std::rethrow_exception(thrown);
    } catch (const failure& why) {
      std::fprintf(stderr, "%s: %s\n", program_name.c_str(), why.what());
      std::fflush(nullptr);
      std::_Exit(exit_failure);
    } catch (...) { // Anything else is a crash, whose core is wanted.
    }
  }
  std::abort();
}

} // namespace

void run_if_child_process() {
  if (is_worker_process())
    run_worker_process(program_registry::of_this_program());
  if (is_node_child_process())
    std::exit(run_node_child_process());
}

session::session(int argc, char** argv, unknown_flags unknown, const std::string& own_help)
  : options_(std::make_unique<cluster_options>()) {
  run_if_child_process();
  options_->program_name = file_name(argc > 0 ? argv[0] : nullptr);
  program_name = options_->program_name;
  std::set_terminate(end_with_message);
  options_->address = from_environment("CAF_TUNE_ADDRESS");
  options_->token_file = from_environment("CAF_TUNE_TOKEN_FILE");

  CLI::App app("", options_->program_name);
  std::string cpus;
  app.add_option("--address", options_->address,
                 "HOST:PORT of a cluster's head (default: $CAF_TUNE_ADDRESS, or a cluster of this machine)");
  app.add_option("--token-file", options_->token_file,
                 "the cluster's secret (default: $CAF_TUNE_TOKEN_FILE, or the one that a head of this user made)");
  app.add_option("--cpus", cpus, "cpus of the cluster of this machine (default: what it has)");
  app.add_option("--log-level", options_->log_level, "of the runtime: trace, debug, info, warn, error or off");
  app.footer(own_help);
  app.allow_extras(unknown == unknown_flags::keep);
  read_command_line(app, argc, argv);
  arguments_ = app.remaining();

  std::vector<std::string> mistakes;
  if (const auto declared = program_registry::of_this_program().check(); !declared)
    mistakes.push_back(declared.error().message);
  if (!options_->address.empty())
    if (const auto address = parse_address(options_->address); !address)
      mistakes.push_back("--address: " + address.error().message);
  if (!cpus.empty()) {
    if (const auto value = parse_amount(cpus); !value)
      mistakes.push_back("--cpus: " + value.error().message);
    else
      options_->cpus = value->to_double();
  }
  end_if_wrong(options_->program_name, mistakes);
}

session::~session() = default;

cluster& session::cluster() {
  if (!cluster_) {
    auto connected = runtime::cluster::connect(*options_);
    if (!connected) {
      std::fprintf(stderr, "%s: %s\n", options_->program_name.c_str(), connected.error().message.c_str());
      std::exit(exit_failure);
    }
    cluster_ = std::make_unique<runtime::cluster>(std::move(*connected));
  }
  return *cluster_;
}

} // namespace runtime
