#include "runtime/session.hpp"

#include "runtime/cluster.hpp"
#include "runtime/process/command_line.hpp"
#include "runtime/process/node_program.hpp"
#include "runtime/worker/posix_worker_process.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

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
  std::optional<std::string> address, token_file, cpus, log_level;
  app.add_option("--address", address,
                 "HOST:PORT of a cluster's head (default: $CAF_TUNE_ADDRESS, or a cluster of this machine)");
  app.add_option("--token-file", token_file,
                 "the cluster's secret (default: $CAF_TUNE_TOKEN_FILE, or the one that a head of this user made)");
  app.add_option("--cpus", cpus, "cpus of the cluster of this machine (default: what it has)");
  app.add_option("--log-level", log_level,
                 "of the runtime: trace, debug, info, warn, error, critical or off (default: warn)");
  app.footer(own_help);
  app.allow_extras(unknown == unknown_flags::keep);
  read_command_line(app, argc, argv);
  arguments_ = app.remaining();

  std::vector<std::string> mistakes;
  if (const auto declared = program_registry::of_this_program().check(); !declared)
    mistakes.push_back(declared.error().message);
  const auto expect = [&mistakes](const char* flag, const auto& good) {
    if (!good)
      mistakes.push_back(fmt::format("{}: {}", flag, good.error().message));
    return good.has_value();
  };
  options_->address = address.value_or(options_->address);
  if (address || !options_->address.empty())
    expect("--address", parse_address(options_->address));
  if (token_file && expect("--token-file", check_path(*token_file)))
    options_->token_file = *token_file;
  if (log_level && expect("--log-level", check_log_level(*log_level)))
    options_->log_level = *log_level;
  if (cpus) {
    const auto value = parse_amount(*cpus);
    if (expect("--cpus", value))
      options_->cpus = value->to_double();
    if (!options_->address.empty())
      mistakes.push_back(fmt::format("--cpus: it is for a cluster of this machine, but {} says to use the one at {}",
                                     address ? "--address" : "CAF_TUNE_ADDRESS", options_->address));
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
