#include "runtime/process/node_flags.hpp"

#include "runtime/process/command_line.hpp"
#include "runtime/resources/resource_stock.hpp"

#include <optional>
#include <set>
#include <tuple>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace runtime {
namespace {

constexpr const char* program = "caf-tune-node";

/// The words as they came, before they are checked.
struct words {
  bool head = false;
  std::optional<std::string> address, host, port, node_port, liveness_port, token_file, state, name, cpus, gpus, memory,
    package_cache, ready_file, log_level;
  std::vector<std::string> resources, labels;
};

void declare(CLI::App& app, words& w) {
  app.add_flag("--head", w.head, "start a cluster: this process is its head, and a node");
  app.add_option("--address", w.address, "join the cluster whose head is at HOST:PORT");
  app.add_option("--host", w.host,
                 "address to listen on, and where others reach this process (default: it listens on all,\n"
                 "and is reached at this machine's)");
  app.add_option("--port", w.port, "port to listen on, 0 for any (default: 6390 with --head, otherwise any)");
  app.add_option("--node-port", w.node_port, "with --head: port of the node manager on this machine (default: any)");
  app.add_option("--liveness-port", w.liveness_port, "with --head: port for the nodes' heartbeats (default: any)");
  app.add_option("--token-file", w.token_file,
                 "the cluster's secret (default: $CAF_TUNE_TOKEN_FILE, or ~/.local/state/caf-tune/token);\n"
                 "--head makes one if there is none");
  app.add_option("--state", w.state, "directory for what outlives this process (default: in ~/.local/state/caf-tune)");
  app.add_option("--name", w.name, "the node's name, one of its kind in the cluster (default: the machine's)");
  app.add_option("--cpus", w.cpus, "cpus to offer (default: what the machine has)");
  app.add_option("--gpus", w.gpus, "GPUs to offer (default: what the machine has)");
  app.add_option("--memory", w.memory, "memory to offer, for example 16GiB (default: what the machine has)");
  app.add_option("--resource", w.resources, "another resource to offer, NAME=AMOUNT; may be repeated");
  app.add_option("--label", w.labels, "a label that demands can require, NAME=VALUE; may be repeated");
  app.add_option(
    "--package-cache", w.package_cache,
    fmt::format("disk space for the programs that drivers bring, in the state directory (default: {})",
                memory_to_string(amount::whole(static_cast<std::int64_t>(node_flags().packages.most_bytes)))));
  app.add_option("--ready-file", w.ready_file, "file to write HOST:PORT to when leases can be granted");
  app.add_option("--log-level", w.log_level, "trace, debug, info, warn, error, critical or off (default: info)");
  app.footer("On the first machine:  caf-tune-node --head\n"
             "On each other one:     caf-tune-node --address HOST:6390 --token-file FILE\n"
             "SIGTERM lets what runs here end first, a second one ends it at once.");
}

class checker {
public:
  explicit checker(const words& w) : words_(w) {}

  node_flags check() {
    check_role();
    check_host();
    check_ports();
    check_paths();
    check_name();
    check_amounts();
    check_labels();
    check_package_cache();
    check_log_level();
    end_if_wrong(program, mistakes_);
    return flags_;
  }

private:
  void wrong(const std::string& flag, const std::string& what) {
    mistakes_.push_back(fmt::format("{}: {}", flag, what));
  }

  void expect(const std::string& flag, const result<void>& good) {
    if (!good)
      wrong(flag, good.error().message);
  }

  void check_role() {
    flags_.head = words_.head;
    if (words_.head == words_.address.has_value())
      mistakes_.push_back(words_.head ? "--head and --address exclude each other: a head starts a cluster of its own"
                                      : "say --head to start a cluster, or --address HOST:PORT to join one");
    if (!words_.address)
      return;
    flags_.address = *words_.address;
    if (const auto parsed = parse_address(*words_.address); !parsed)
      wrong("--address", parsed.error().message);
  }

  void check_host() {
    if (!words_.host)
      return;
    if (auto host = parse_host(*words_.host))
      flags_.host = std::move(*host);
    else
      wrong("--host", host.error().message);
  }

  void check_ports() {
    flags_.port = flags_.head ? default_head_port : std::uint16_t{0};
    check_port("--port", words_.port, flags_.port);
    for (const auto& [flag, word, into] : {std::tuple{"--node-port", &words_.node_port, &flags_.node_port},
                                           std::tuple{"--liveness-port", &words_.liveness_port, &flags_.liveness_port}})
      if (*word && !flags_.head)
        wrong(flag, "only a head has this port; a node listens on --port alone");
      else
        check_port(flag, *word, *into);
  }

  void check_port(const char* flag, const std::optional<std::string>& word, std::uint16_t& into) {
    if (!word)
      return;
    if (const auto port = parse_port(*word))
      into = *port;
    else
      wrong(flag, port.error().message);
  }

  void check_paths() {
    const auto path = [this](const char* flag, const std::optional<std::string>& word, std::string& into) {
      if (word)
        expect(flag, runtime::check_path(*word));
      into = word.value_or("");
    };
    path("--token-file", words_.token_file, flags_.token_file);
    path("--state", words_.state, flags_.state);
    path("--ready-file", words_.ready_file, flags_.ready_file);
  }

  void check_name() {
    flags_.name = words_.name.value_or("");
    if (words_.name)
      expect("--name", check_word(*words_.name, "a name"));
  }

  void check_amounts() {
    const auto amounts = [this](const char* flag, const char* name, const std::optional<std::string>& word,
                                result<amount> (*parse)(std::string_view)) {
      if (word)
        set(flag, name, parse(*word));
    };
    amounts("--cpus", "cpu", words_.cpus, parse_amount);
    amounts("--gpus", "gpu", words_.gpus, parse_amount);
    amounts("--memory", "memory", words_.memory, parse_memory);
    for (const auto& word : words_.resources) {
      const auto pair = parse_name_and_value(word);
      if (!pair)
        wrong("--resource", pair.error().message + ", for example --resource licence=2");
      else if (const auto good = validate_resource_name(pair->first); !good)
        wrong("--resource", good.error().message);
      else
        set("--resource", pair->first,
            pair->first == "memory" ? parse_memory(pair->second) : parse_amount(pair->second));
    }
  }

  void set(const std::string& flag, const std::string& name, const result<amount>& value) {
    if (!seen_.insert(name).second)
      wrong(flag, fmt::format("\"{}\" is given twice", name));
    else if (!value)
      wrong(flag, value.error().message);
    else if (const auto possible = validate_capacity(only(name, *value)); !possible)
      wrong(flag, possible.error().message);
    else
      flags_.given.emplace(name, *value);
  }

  static resource_set only(const std::string& name, amount value) {
    resource_set one;
    one.set(name, value);
    return one;
  }

  void check_labels() {
    for (const auto& word : words_.labels) {
      const auto pair = parse_name_and_value(word);
      if (!pair)
        wrong("--label", pair.error().message + ", for example --label disk=ssd");
      else if (const auto name = check_word(pair->first, "a label's name"); !name)
        wrong("--label", name.error().message);
      else if (const auto value = check_word(pair->second, "a label's value"); !value)
        wrong("--label", value.error().message);
      else if (!flags_.labels.insert(*pair).second)
        wrong("--label", fmt::format("\"{}\" is given twice", pair->first));
    }
  }

  void check_package_cache() {
    if (!words_.package_cache)
      return;
    const auto size = parse_memory(*words_.package_cache);
    if (!size)
      wrong("--package-cache", size.error().message);
    else if (size->is_zero())
      wrong("--package-cache", "a node that keeps no program can run none; use more than 0, for example 16GiB");
    else
      flags_.packages.most_bytes = static_cast<std::uint64_t>(size->units() / amount::steps_in_one);
  }

  void check_log_level() {
    if (!words_.log_level)
      return;
    flags_.log_level = *words_.log_level;
    expect("--log-level", runtime::check_log_level(flags_.log_level));
  }

  const words& words_;
  node_flags flags_;
  std::set<std::string> seen_;
  std::vector<std::string> mistakes_;
};

} // namespace

node_flags read_node_flags(int argc, char** argv) {
  CLI::App app("A machine's part of a caf-tune cluster: the head, or a node that joins it.", program);
  words given;
  declare(app, given);
  read_command_line(app, argc, argv);
  return checker(given).check();
}

} // namespace runtime
