#include "tools/caf_tune/token_command.hpp"

#include "runtime/cluster.hpp"
#include "runtime/process/command_line.hpp"
#include "runtime/process/driver.hpp"
#include "runtime/process/remote_cluster.hpp"
#include "tools/caf_tune/cluster_report.hpp"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tools {
namespace {

struct wishes_on_command_line {
  std::string address;
  std::string token_file;
  bool json = false;
  std::string fingerprint;
  bool force = false;
};

using report = runtime::result<runtime::cluster_tokens>;
using order = std::function<report(runtime::driver&, const wishes_on_command_line&)>;

constexpr std::size_t fewest_digits = 4;

void check(const wishes_on_command_line& line, bool wants_fingerprint) {
  std::vector<std::string> mistakes;
  if (const auto address = runtime::parse_address(line.address); !address)
    mistakes.push_back("--address: " + address.error().message);
  const auto& digits = line.fingerprint;
  if (wants_fingerprint && digits.empty())
    mistakes.emplace_back("token end: the fingerprint is missing; caf-tune token list shows those that there are");
  else if (wants_fingerprint && (digits.size() < fewest_digits || digits.size() > 16 ||
                                 digits.find_first_not_of("0123456789abcdef") != std::string::npos))
    mistakes.push_back(fmt::format("token end: \"{}\" is no fingerprint; use the first {} to 16 digits of one that "
                                   "caf-tune token list shows",
                                   digits, fewest_digits));
  runtime::end_if_wrong("caf-tune", mistakes);
}

/// As a driver of the cluster, for a moment.
[[nodiscard]] report ask(const wishes_on_command_line& line, const order& what) {
  runtime::cluster_options options;
  options.address = line.address;
  options.token_file = line.token_file;
  options.program_name = "caf-tune";
  options.log_level = "off"; // What goes wrong is said once, at the end.
  const auto access = runtime::reach_cluster(options);
  if (!access)
    return runtime::fail(access.error());
  runtime::driver_options own;
  own.name = options.program_name;
  own.head_host = (**access).head_host();
  own.head_port = (**access).head_port();
  own.head_address = (**access).address();
  own.program = (**access).program();
  own.log = (**access).log();
  own.token_learner = (**access).token_learner();
  const auto driver = runtime::driver::connect((**access).process(), std::move(own));
  if (!driver)
    return runtime::fail(driver.error());
  return what(**driver, line);
}

int run(const wishes_on_command_line& line, const order& what) {
  const auto told = ask(line, what);
  if (!told) {
    fmt::print(stderr, "caf-tune: {}\n", told.error().message);
    return runtime::exit_failure;
  }
  const auto text = line.json ? tokens_json(*told).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n'
                              : tokens_text(*told);
  std::fputs(text.c_str(), stdout);
  if (std::fflush(stdout) == 0)
    return EXIT_SUCCESS;
  fmt::print(stderr, "caf-tune: standard output cannot be written\n");
  return runtime::exit_failure;
}

} // namespace

void add_token_commands(CLI::App& app, chosen_command& chosen, const bool& json, const cluster_wish& cluster,
                        const std::string& default_address) {
  auto& token = *app.add_subcommand("token", "the cluster's tokens: list, rotate, end");
  token.require_subcommand(1);
  const auto add = [&](const char* name, const char* help,
                       const order& what) -> std::pair<CLI::App*, std::shared_ptr<wishes_on_command_line>> {
    const auto line = std::make_shared<wishes_on_command_line>();
    auto& one = *token.add_subcommand(name, help);
    one.add_option("--address", line->address,
                   fmt::format("HOST:PORT of the cluster's head (default: $CAF_TUNE_ADDRESS, or {})", default_address));
    one.add_option("--token-file", line->token_file,
                   "the cluster's secret (default: $CAF_TUNE_TOKEN_FILE, or the one that a head of this user made)");
    one.add_flag("--json", line->json, "one JSON document instead of text");
    const bool wants_fingerprint = std::string(name) == "end";
    one.callback([&chosen, &json, &cluster, default_address, line, what, wants_fingerprint] {
      chosen = [&json, &cluster, default_address, line, what, wants_fingerprint] {
        line->json = line->json || json;
        if (line->address.empty())
          line->address = cluster.address.empty() ? default_address : cluster.address;
        if (line->token_file.empty())
          line->token_file = cluster.token_file;
        check(*line, wants_fingerprint);
        return run(*line, what);
      };
    });
    return {&one, line};
  };
  add("list", "the tokens that are good, by their fingerprints, and who does not know the newest yet",
      [](runtime::driver& of, const wishes_on_command_line&) { return of.tokens(); });
  add("rotate", "makes one more token, which nodes and drivers learn over their links; the old one stays good",
      [](runtime::driver& of, const wishes_on_command_line&) { return of.rotate_token(); });
  const auto [end, line] =
    add("end", "has a token let in nobody any more", [](runtime::driver& of, const wishes_on_command_line& wanted) {
      return of.end_token(wanted.fingerprint,
                          wanted.force ? runtime::peers_behind::are_left : runtime::peers_behind::forbid_it);
    });
  end->add_option("FINGERPRINT", line->fingerprint, "the token's, or its first digits");
  end->add_flag("--force", line->force, "also when nodes or drivers that do not know a newer one are shut out by it");
}

} // namespace tools
