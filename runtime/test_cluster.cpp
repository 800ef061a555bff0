#include "runtime/test_cluster.hpp"

#include "runtime/limits.hpp"
#include "runtime/net/file_token.hpp"
#include "runtime/process/cluster_access.hpp"
#include "runtime/process/command_line.hpp"
#include "runtime/process/file_scratch_directory.hpp"
#include "runtime/process/head_part.hpp"
#include "runtime/process/log.hpp"
#include "runtime/process/node_part.hpp"
#include "runtime/process/own_program.hpp"
#include "runtime/process/posix_child_nodes.hpp"
#include "runtime/process/posix_event.hpp"
#include "runtime/process/posix_random.hpp"

#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <spdlog/logger.h>

namespace runtime {
namespace {

const std::string loopback = "127.0.0.1";
const std::string name_of_head = "head"; // Of the node beside it, which no other node may have.
constexpr std::chrono::seconds patience(60);

/// The head in this process, with a node that offers nothing: it keeps the packages of detached actors.
class test_head : public cluster_access {
public:
  static result<std::unique_ptr<test_head>> start(const std::string& directory, const std::string& token_file,
                                                  std::function<void()> on_event) {
    cluster_process_options process;
    const auto tokens = create_or_load_tokens(token_file);
    if (!tokens)
      return fail(tokens.error());
    process.network = std::make_shared<const tls_context>(std::make_shared<token_holder>(*tokens), "head/test");
    process.log = make_log("warn");
    process.program = &program_registry::of_this_program();
    auto made = std::make_unique<test_head>(std::move(process));
    return made->start_parts(directory, token_file, std::move(on_event)).map([&] { return std::move(made); });
  }

  explicit test_head(cluster_process_options options)
    : network_(options.network),
      log_(options.log),
      process_(std::move(options)) {}

  cluster_process& process() override { return process_; }
  const std::string& head_host() const override { return head_->host(); }
  std::uint16_t head_port() const override { return head_->port(); }
  const std::string& address() const override { return address_; }
  std::shared_ptr<package_source> program() override { return program_; }
  std::shared_ptr<spdlog::logger> log() override { return log_; }

private:
  result<void> start_parts(const std::string& directory, const std::string& token_file,
                           std::function<void()> on_event) {
    head_part_options head;
    head.core.cluster = network_->tokens()->now()->cluster();
    head.token_file = token_file;
    head.host = loopback;
    head.listen_host = loopback;
    head.network = network_;
    head.log = log_;
    head.on_event = std::move(on_event);
    auto started = head_part::start(process_, std::move(head));
    if (!started)
      return fail(started.error());
    head_ = std::move(*started);
    address_ = fmt::format("{}:{}", head_->host(), head_->port());
    return start_store(directory);
  }

  result<void> start_store(const std::string& directory) {
    node_part_options node;
    node.core.node = {node_id{random_number()}, incarnation{random_number()}, name_of_head, loopback, 0, {}, {}};
    node.state_directory = directory;
    node.head_host = head_->host();
    node.head_port = head_->port();
    node.listen_host = loopback;
    node.network = network_;
    node.log = log_;
    auto started = node_part::start(process_, std::move(node));
    if (!started)
      return fail(started.error());
    node_ = std::move(*started);
    program_ = std::make_shared<own_program>(std::vector<std::string>{}, node_->store());
    head_->add_custodian(process_, node_->store(), node_->packages());
    return {};
  }

  std::shared_ptr<const tls_context> network_;
  std::shared_ptr<spdlog::logger> log_;
  cluster_process process_;
  std::shared_ptr<own_program> program_;
  std::unique_ptr<head_part> head_;
  std::unique_ptr<node_part> node_;
  std::string address_;
};

} // namespace

class test_cluster::implementation {
public:
  implementation(scratch_directory directory, resource_set each)
    : directory_(std::move(directory)),
      each_(std::move(each)),
      token_file_(directory_.path() + "/token") {}
  ~implementation() {
    if (log_)
      log_->set_level(spdlog::level::off); // That a test's end ends its nodes is no event.
  }
  implementation(const implementation&) = delete;
  implementation& operator=(const implementation&) = delete;

  void start(std::size_t nodes) {
    auto head =
      or_throw(test_head::start(directory_.path() + "/head", token_file_, [changed = changed_] { changed->raise(); }));
    address_ = head->address();
    log_ = head->log();
    cluster_options options;
    options.program_name = "test";
    driver_.emplace(or_throw(cluster::over(std::move(head), std::move(options))));
    std::vector<std::string> names;
    for (std::size_t i = 0; i < nodes; ++i) // All at once: a start is waiting, mostly.
      names.push_back(start_node({}));
    for (const auto& name : names)
      wait_for_node(name);
  }

  std::string add_node(test_node_options options) {
    auto name = start_node(std::move(options));
    wait_for_node(name);
    return name;
  }

  std::string start_node(test_node_options options) {
    if (options.resources.empty())
      options.resources = each_;
    or_throw(check(options));
    options.name = free_name(options.name);
    children_.forget(options.name);
    if (directories_.count(options.name) != 0) // Else the earlier one would be taken for it until it is missed.
      wait_until(
        fmt::format("the earlier node \"{}\" is missed", options.name),
        [&](const cluster_state& state) { return !has(state, options.name); }, patience);
    const auto number = directories_.emplace(options.name, directories_.size() + 1).first->second;
    or_throw(children_.start({options.name, address_, token_file_, fmt::format("{}/node.{}", directory_.path(), number),
                              options.resources, options.labels}));
    return options.name;
  }

  void wait_until(const std::string& what, const std::function<bool(const cluster_state&)>& is_so,
                  std::chrono::milliseconds deadline, const std::string& node = {}) {
    if (deadline < deadline.zero() || deadline > most_deadline)
      throw failure(
        {errc::invalid_argument, fmt::format("{}: a deadline of {} ms; use 0 to {} ms", what, deadline.count(),
                                             std::chrono::milliseconds(most_deadline).count())});
    const auto last = std::chrono::steady_clock::now() + deadline;
    for (;;) {
      changed_->clear();
      const auto state = or_throw(driver_->state());
      if (is_so(state))
        return;
      switch (changed_->wait_until(last, node.empty() ? -1 : children_.process_descriptor(node))) {
      case posix_event::cause::raised: break;
      case posix_event::cause::process_ended:
        throw failure(
          {errc::node_lost, fmt::format("{}: its process has ended; its log:\n{}", what, children_.log_of(node))});
      case posix_event::cause::too_late:
        throw failure({errc::timed_out, fmt::format("{}: not within {} ms; the head knows:\n{}", what, deadline.count(),
                                                    describe(state))});
      }
    }
  }

  void wait_for_node(const std::string& name) {
    wait_until(
      fmt::format("node \"{}\" joins", name), [&](const cluster_state& state) { return has(state, name); }, patience,
      name);
  }

  std::string free_name(const std::string& asked) {
    const auto is_taken = [this](const std::string& name) { return name == name_of_head || children_.is_in_use(name); };
    if (!asked.empty() && is_taken(asked))
      throw failure({errc::already_exists,
                     fmt::format("node \"{}\": this test cluster has a node of this name already; choose another, or "
                                 "leave it empty",
                                 asked)});
    auto name = asked;
    while (name.empty() || (asked.empty() && is_taken(name)))
      name = fmt::format("node-{}", ++last_);
    return name;
  }

  static result<void> check(const test_node_options& options) {
    if (!options.name.empty())
      if (const auto good = check_word(options.name, "a node's name"); !good)
        return good;
    for (const auto& [name, value] : options.labels)
      for (const auto& [word, what] : {std::pair{name, "a label's name"}, std::pair{value, "a label's value"}})
        if (const auto good = check_word(word, what); !good)
          return good;
    return validate_capacity(options.resources);
  }

  static bool has(const cluster_state& state, const std::string& name) {
    for (const auto& node : state.nodes)
      if (node.name == name && node.state == "alive")
        return true;
    return false;
  }

  std::string describe(const cluster_state& state) const {
    std::string text;
    for (const auto& node : state.nodes)
      text += fmt::format("  node \"{}\" is {}: {} of {} used\n", node.name, node.state, node.used, node.total);
    for (const auto& waiting : state.queue)
      text += fmt::format("  \"{}\" waits for {}: {}\n", waiting.owner, waiting.wants, waiting.why);
    for (const auto& name : children_.names())
      text += fmt::format("log of {}:\n{}", name, children_.log_of(name));
    return text;
  }

  scratch_directory directory_;
  resource_set each_;
  std::string token_file_;
  std::string address_;
  std::shared_ptr<spdlog::logger> log_; ///< The head's.
  std::size_t last_ = 0;
  std::map<std::string, std::size_t> directories_; ///< By name: a node that is started again finds its state.
  std::shared_ptr<posix_event> changed_ = std::make_shared<posix_event>(); ///< The head may know something new.
  std::optional<cluster> driver_;
  child_nodes children_; // Ends first.
};

test_cluster::test_cluster(std::size_t nodes, resource_set each)
  : how_(std::make_unique<implementation>(or_throw(scratch_directory::make("caf-tune-test")), std::move(each))) {
  how_->start(nodes);
}

test_cluster::~test_cluster() = default;

cluster& test_cluster::driver() {
  return *how_->driver_;
}

const std::string& test_cluster::address() const {
  return how_->address_;
}

const std::string& test_cluster::token_file() const {
  return how_->token_file_;
}

std::vector<std::string> test_cluster::nodes() const {
  return how_->children_.names();
}

std::string test_cluster::add_node(test_node_options options) {
  return how_->add_node(std::move(options));
}

void test_cluster::kill_node(const std::string& name) {
  or_throw(how_->children_.kill(name));
}

void test_cluster::stop_node(const std::string& name) {
  or_throw(how_->children_.stop(name));
}

void test_cluster::continue_node(const std::string& name) {
  or_throw(how_->children_.go_on(name));
}

void test_cluster::drain_node(const std::string& name) {
  or_throw(how_->children_.drain(name));
}

void test_cluster::wait_until(const std::string& what, const std::function<bool(const cluster_state&)>& is_so,
                              std::chrono::milliseconds deadline) {
  how_->wait_until(what, is_so, deadline);
}

void test_cluster::wait_for_node(const std::string& name) {
  how_->wait_for_node(name);
}

void test_cluster::wait_for_no_node(const std::string& name) {
  how_->wait_until(
    fmt::format("node \"{}\" is given up", name),
    [&](const cluster_state& state) {
      for (const auto& node : state.nodes)
        if (node.name == name)
          return false;
      return true;
    },
    patience);
}

std::string test_cluster::log_of(const std::string& node) const {
  return how_->children_.log_of(node);
}

} // namespace runtime
