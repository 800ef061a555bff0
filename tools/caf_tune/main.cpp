// caf-tune: looks at clusters and experiments from the command line.
#include "runtime/cluster.hpp"
#include "runtime/process/command_line.hpp"
#include "runtime/process/node_flags.hpp"
#include "tools/caf_tune/ask_tell_command.hpp"
#include "tools/caf_tune/cluster_report.hpp"
#include "tools/caf_tune/experiment_commands.hpp"
#include "tools/caf_tune/simulate_command.hpp"
#include "tools/caf_tune/token_command.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace {

const std::string default_address = fmt::format("127.0.0.1:{}", runtime::default_head_port);

struct command {
  const char* name;
  const char* help;
  nlohmann::ordered_json (*json)(const runtime::cluster_state&);
  std::string (*text)(const runtime::cluster_state&);
};

constexpr std::array commands{
  command{"status", "the cluster: its nodes, and what waits for resources", tools::status_json, tools::status_text},
  command{"nodes", "each node, what it has and how much of it is used", tools::nodes_json, tools::nodes_text},
  command{"actors", "each remote actor, where it runs, or why it ended", tools::actors_json, tools::actors_text},
  command{"leases", "each lease, who holds it and where", tools::leases_json, tools::leases_text},
};

struct request {
  const command* what = nullptr;
  tools::chosen_command of_experiment; ///< Instead of it: one that needs no cluster.
  std::string address;
  std::string token_file;
  bool json = false;
  tools::cluster_wish named; ///< By flags before the command's name, or in the environment.
};

std::string from_environment(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

/// The flags that each command takes, also before its name: "caf-tune --json nodes" and "caf-tune nodes --json".
void declare_flags(CLI::App& app, request& wanted) {
  app.add_option("--address", wanted.address,
                 fmt::format("HOST:PORT of the cluster's head (default: $CAF_TUNE_ADDRESS, or {})", default_address));
  app.add_option("--token-file", wanted.token_file,
                 "the cluster's secret (default: $CAF_TUNE_TOKEN_FILE, or the one that a head of this user made)");
  app.add_flag("--json", wanted.json, "one JSON document instead of a table");
}

std::vector<std::string> mistakes_in(const CLI::App& app, const CLI::App& command, const request& wanted) {
  std::vector<std::string> mistakes;
  for (const char* flag : {"--address", "--token-file"})
    if (app.count(flag) + command.count(flag) > 1)
      mistakes.push_back(fmt::format("{}: it is given more than once", flag));
  if (const auto address = runtime::parse_address(wanted.address); !address)
    mistakes.push_back("--address: " + address.error().message);
  if (app.count("--token-file") + command.count("--token-file") > 0)
    if (const auto path = runtime::check_path(wanted.token_file); !path)
      mistakes.push_back("--token-file: " + path.error().message);
  return mistakes;
}

request read_request(int argc, char** argv) {
  request wanted;
  wanted.address = from_environment("CAF_TUNE_ADDRESS", default_address);
  wanted.token_file = from_environment("CAF_TUNE_TOKEN_FILE", "");
  CLI::App app("Shows what a caf-tune cluster is doing, and what experiments have found.", "caf-tune");
  app.require_subcommand(0, 1); // None is told below, with the help.
  declare_flags(app, wanted);
  for (const auto& each : commands) {
    auto& one = *app.add_subcommand(each.name, each.help);
    declare_flags(one, wanted);
    one.callback([&wanted, &each] { wanted.what = &each; });
  }
  tools::add_experiment_commands(app, wanted.of_experiment, wanted.json, wanted.named);
  tools::add_ask_tell_command(app, wanted.of_experiment, wanted.json);
  tools::add_simulate_command(app, wanted.of_experiment, wanted.json);
  tools::add_token_commands(app, wanted.of_experiment, wanted.json, wanted.named, default_address);
  runtime::read_command_line(app, argc, argv);
  if (wanted.of_experiment) {
    wanted.named.address = app.count("--address") > 0 ? wanted.address : from_environment("CAF_TUNE_ADDRESS", "");
    wanted.named.token_file = wanted.token_file;
    return wanted;
  }
  if (wanted.what == nullptr) {
    std::fputs(app.help().c_str(), stderr);
    std::exit(runtime::exit_wrong_usage);
  }
  runtime::end_if_wrong("caf-tune", mistakes_in(app, *app.get_subcommand(wanted.what->name), wanted));
  return wanted;
}

[[nodiscard]] runtime::result<runtime::cluster_state> ask(const request& wanted) {
  runtime::cluster_options options;
  options.address = wanted.address;
  options.token_file = wanted.token_file;
  options.program_name = "caf-tune";
  options.log_level = "off"; // What goes wrong is said once, at the end.
  return runtime::cluster::connect(std::move(options)).and_then([](runtime::cluster cluster) {
    return cluster.state();
  });
}

int run(const request& wanted) {
  if (wanted.of_experiment)
    return wanted.of_experiment();
  const auto state = ask(wanted);
  if (!state) {
    fmt::print(stderr, "caf-tune: {}\n", state.error().message);
    return runtime::exit_failure;
  }
  // What others named may be no UTF-8; a document with a hole is better than none.
  const auto text = wanted.json
                      ? wanted.what->json(*state).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n'
                      : wanted.what->text(*state);
  std::fputs(text.c_str(), stdout);
  if (std::fflush(stdout) == 0)
    return EXIT_SUCCESS;
  fmt::print(stderr, "caf-tune: standard output cannot be written\n");
  return runtime::exit_failure;
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run(read_request(argc, argv));
  } catch (const std::exception& wrong) {
    fmt::print(stderr, "caf-tune: {}\n", wrong.what());
    return runtime::exit_failure;
  }
}
