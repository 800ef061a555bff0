#include "runtime/process/node_program.hpp"

#include "runtime/net/caf_error.hpp"
#include "runtime/net/file_token.hpp"
#include "runtime/net/own_address.hpp"
#include "runtime/net/tcp_socket.hpp"
#include "runtime/node/file_node_state.hpp"
#include "runtime/process/command_line.hpp"
#include "runtime/process/file_ready.hpp"
#include "runtime/process/head_part.hpp"
#include "runtime/process/log.hpp"
#include "runtime/process/machine_offer.hpp"
#include "runtime/process/node_events.hpp"
#include "runtime/process/node_flags.hpp"
#include "runtime/process/node_part.hpp"
#include "runtime/process/posix_random.hpp"

#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <unistd.h>
#include <vector>

#include <boost/filesystem.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/type_id.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace runtime {
namespace {

std::string machine_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "node";
}

std::string token_file_of(const node_flags& flags) {
  if (!flags.token_file.empty())
    return flags.token_file;
  if (const char* set = std::getenv("CAF_TUNE_TOKEN_FILE"); set && *set)
    return set;
  return or_throw(default_token_file());
}

/// Beside the user's token, for each role.
[[nodiscard]] result<std::string> default_state_directory(const char* role) {
  return default_token_file()
    .map([&](const std::string& token) { return token.substr(0, token.rfind('/') + 1) + role; })
    .map_error([](const error& why) {
      return error{why.code, "no home directory to keep state in; name a directory with --state"};
    });
}

/// How long a head that is perhaps not the first of its cluster waits for the nodes of the earlier one: as long as for
/// the owners of their leases, since a demand that comes first must not be refused for want of a node that is about to
/// come.
const auto settling_of_restarted_head = head_options().adoption_grace;

/// Until the head answers, or 5 s are over: who starts a node a moment before its head is not turned away.
[[nodiscard]] result<void> reach_head(cluster_process& process, const std::string& host, std::uint16_t port) {
  using namespace std::chrono;
  const auto patience = seconds(5);
  const auto begin = steady_clock::now();
  for (;;) {
    caf::scoped_actor self{process.system(), true};
    result<void> reached = fail(errc::timed_out, fmt::format("no answer from {}:{} within 5 s", host, port));
    self->request(process.switchboard(), patience + seconds(1), caf::connect_atom_v, host, port)
      .receive([&](const caf::node_id&, const caf::strong_actor_ptr&, const std::set<std::string>&) { reached = {}; },
               [&](const caf::error& why) { reached = fail(from_caf_error(why)); });
    if (reached || reached.error().code != errc::unreachable)
      return reached;
    if (steady_clock::now() - begin > patience)
      return fail(
        within(fmt::format("the head at {} does not answer within {} s", endpoint_text(host, port), patience.count()),
               std::move(reached.error())));
    self->delayed_send(self, milliseconds(200), caf::ok_atom_v);
    self->receive([](caf::ok_atom) {});
  }
}

/// One caf-tune-node from its start to its end.
class node_program {
public:
  explicit node_program(node_flags flags) : flags_(std::move(flags)), log_(make_log(flags_.log_level)) {}

  result<void> run() {
    return prepare().and_then([this] { return start(); }).and_then([this] { return live(); });
  }

private:
  result<void> prepare() {
    if (flags_.name.empty())
      flags_.name = machine_name();
    token_file_ = token_file_of(flags_);
    boost::system::error_code unreadable; // load_tokens() says why.
    had_token_ = boost::filesystem::exists(token_file_, unreadable);
    const auto tokens = flags_.head ? create_or_load_tokens(token_file_) : load_tokens(token_file_);
    if (!tokens)
      return fail(tokens.error());
    cluster_ = tokens->cluster();
    if (flags_.state.empty())
      flags_.state = or_throw(default_state_directory(flags_.head ? "head" : "node"));
    flags_.state = boost::filesystem::absolute(flags_.state).string(); // Workers live in directories of their own.
    auto state = file_node_state::open(flags_.state);
    if (!state)
      return fail(state.error());
    state_ = std::move(*state);
    if (!state_->cluster().empty() && state_->cluster() != cluster_)
      return fail(errc::incompatible,
                  fmt::format("state directory {} belongs to cluster {}, but the token in {} is that of cluster {}; "
                              "choose another directory with --state, or another token with --token-file{}",
                              flags_.state, state_->cluster(), token_file_, cluster_,
                              tokens->knows_cluster() ? ""
                                                      : "; of a cluster whose token was rotated, copy the whole "
                                                        "token file of the head's machine"));
    if (!flags_.ready_file.empty()) // Not before: the state directory is nobody else's now.
      if (const auto good = prepare_ready_file(flags_.ready_file); !good)
        return good;
    const auto offer = offer_of_this_machine(flags_.given);
    if (!offer)
      return fail(offer.error());
    offer_ = *offer;
    network_ = std::make_shared<const tls_context>(std::make_shared<token_holder>(*tokens),
                                                   identity_of(*tokens, flags_.head ? "head" : "node", flags_.name));
    return {};
  }

  result<void> start() {
    cluster_process_options process;
    process.network = network_;
    process.log = log_;
    process_.emplace(std::move(process));
    log_->info("starting role={} name={} state={} offers=\"{}\"", flags_.head ? "head" : "node", flags_.name,
               flags_.state, offer_.resources);
    return flags_.head ? start_head() : join();
  }

  /// Where others reach this process; `peer`: one of them, or "" for any.
  std::string advertised_host(const std::string& peer) const {
    return flags_.host.empty() || is_wildcard(flags_.host) ? own_address_towards(peer) : flags_.host;
  }

  /// Where it listens so that it is reached there: "::" takes IPv4 connections, too.
  std::string listen_host(const std::string& advertised) const {
    if (!flags_.host.empty() && !is_wildcard(flags_.host))
      return flags_.host;
    return flags_.host == "::" || advertised.find(':') != std::string::npos ? "::" : "0.0.0.0";
  }

  result<void> start_head() {
    const auto epoch = state_->next_epoch();
    if (!epoch)
      return fail(epoch.error());
    head_part_options head;
    head.core.cluster = cluster_;
    head.core.epoch = epoch->number;
    if (!epoch->is_first || had_token_) // With the token of a head whose state is lost its nodes may come back, too.
      head.core.settling = settling_of_restarted_head;
    head.host = advertised_host("");
    head.port = flags_.port;
    head.liveness_port = flags_.liveness_port;
    head.listen_host = listen_host(head.host);
    head.network = network_;
    head.token_file = token_file_;
    head.log = log_;
    auto started = head_part::start(*process_, std::move(head));
    if (!started)
      return fail(started.error());
    head_ = std::move(*started);
    const auto node = start_node(head_->host(), head_->port(), head_->host(), flags_.node_port);
    if (node)
      head_->add_custodian(*process_, node_->store(), node_->packages(), flags_.state + "/detached");
    return node;
  }

  result<void> join() {
    const auto [host, port] = or_throw(parse_address(flags_.address));
    if (const auto reached = reach_head(*process_, host, port); !reached)
      return reached;
    return start_node(host, port, advertised_host(host), flags_.port);
  }

  result<void> start_node(const std::string& head_host, std::uint16_t head_port, const std::string& own_host,
                          std::uint16_t own_port) {
    node_part_options node;
    node.is_own_process = true;
    node.core.node = {state_->id(), incarnation{random_number()}, flags_.name, own_host, own_port, offer_.resources,
                      flags_.labels};
    node.core.cluster = state_->cluster(); // Empty in a new directory: the head's welcome writes it there.
    node.core.gpu_names = offer_.gpu_names;
    node.state_directory = flags_.state;
    node.packages = flags_.packages;
    node.head_host = head_host;
    node.head_port = head_port;
    if (flags_.head)
      node.port_flag = "--node-port";
    node.listen_host = listen_host(own_host);
    node.state = state_;
    node.network = network_;
    if (!flags_.head)
      node.token_file = token_file_;
    node.log = log_;
    node.events.on_welcomed = [this](const std::string&, std::uint16_t) { events_.put(node_event::welcomed); };
    node.events.on_refused = [this](const error& why) { events_.put_refused(why); };
    node.events.on_left = [this] { events_.put(node_event::left); };
    auto started = node_part::start(*process_, std::move(node));
    if (!started)
      return fail(started.error());
    node_ = std::move(*started);
    return {};
  }

  result<void> live() {
    bool ready = false;
    for (int signals = 0;;) {
      switch (events_.take()) {
      case node_event::welcomed:
        if (!ready)
          if (const auto said = say_ready(); !said)
            return said;
        ready = true;
        break;
      case node_event::refused: return fail(events_.why_refused());
      case node_event::left: return {};
      case node_event::signal:
        if (++signals > 2) // It was told to go at once, and does not.
          return {};
        log_->info("leaving how={}", signals == 1 ? "\"in good order\"" : "\"at once\"");
        node_->drain();
        break;
      }
    }
  }

  result<void> say_ready() {
    const auto own =
      flags_.head ? endpoint_text(head_->host(), head_->port()) : endpoint_text(node_->host(), node_->port());
    if (flags_.head)
      fmt::print("caf-tune head at {}, cluster {}, offering {}\n"
                 "to add a machine, copy {} to it and run there:\n"
                 "  caf-tune-node --address {} --token-file FILE\n",
                 own, cluster_, offer_.resources, token_file_, own);
    else
      fmt::print("caf-tune node \"{}\" joined {}, offering {}\n", flags_.name, flags_.address, offer_.resources);
    std::fflush(stdout);
    return flags_.ready_file.empty() ? result<void>{} : write_ready_file(flags_.ready_file, own);
  }

  node_flags flags_;
  std::shared_ptr<spdlog::logger> log_;
  std::string token_file_;
  bool had_token_ = false; ///< The token's file was there before this start.
  std::string cluster_;
  std::shared_ptr<file_node_state> state_;
  machine_offer offer_;
  std::shared_ptr<const tls_context> network_;
  node_events events_; // Above what tells it.
  std::optional<cluster_process> process_;
  std::unique_ptr<head_part> head_;
  std::unique_ptr<node_part> node_;
};

} // namespace

int run_node_program(int argc, char** argv) {
  node_events::take_signals(); // Before the first thread: all of them inherit it.
  auto flags = read_node_flags(argc, argv);
  try {
    const auto lived = node_program(std::move(flags)).run();
    if (lived)
      return EXIT_SUCCESS;
    fmt::print(stderr, "caf-tune-node: {}\n", lived.error().message);
  } catch (const std::exception& e) {
    fmt::print(stderr, "caf-tune-node: {}\n", e.what());
  }
  return exit_failure;
}

namespace {
constexpr const char* node_arguments = "CAF_TUNE_NODE_ARGUMENTS"; // One a line.
}

bool is_node_child_process() {
  return std::getenv(node_arguments) != nullptr;
}

int run_node_child_process() {
  std::vector<std::string> words{"caf-tune-node"};
  std::string line;
  for (const char* c = std::getenv(node_arguments); *c != '\0'; ++c)
    if (*c == '\n')
      words.push_back(std::exchange(line, {}));
    else
      line += *c;
  ::unsetenv(node_arguments); // Its workers are no nodes.
  std::vector<char*> argv;
  for (auto& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  return run_node_program(static_cast<int>(words.size()), argv.data());
}

} // namespace runtime
