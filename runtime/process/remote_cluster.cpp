#include "runtime/process/remote_cluster.hpp"

#include "runtime/cluster.hpp"
#include "runtime/net/file_token.hpp"
#include "runtime/process/command_line.hpp"
#include "runtime/process/log.hpp"
#include "runtime/process/own_program.hpp"

#include <utility>

namespace runtime {
namespace {

class remote_cluster : public cluster_access {
public:
  remote_cluster(cluster_process_options process, const cluster_options& options, const std::string& token_file,
                 std::string host, std::uint16_t port)
    : log_(process.log),
      network_(process.network),
      process_(std::move(process)),
      learner_(process_.learn_tokens(network_, token_file, "driver/" + options.program_name)),
      host_(std::move(host)),
      port_(port),
      address_(options.address),
      program_(std::make_shared<own_program>(options.shared_objects)) {}

  cluster_process& process() override { return process_; }
  const std::string& head_host() const override { return host_; }
  std::uint16_t head_port() const override { return port_; }
  const std::string& address() const override { return address_; }
  std::shared_ptr<package_source> program() override { return program_; }
  std::shared_ptr<spdlog::logger> log() override { return log_; }
  caf::actor token_learner() override { return learner_; }

private:
  std::shared_ptr<spdlog::logger> log_;
  std::shared_ptr<const tls_context> network_;
  cluster_process process_;
  caf::actor learner_;
  std::string host_;
  std::uint16_t port_;
  std::string address_;
  std::shared_ptr<own_program> program_;
};

} // namespace

result<std::unique_ptr<cluster_access>> reach_cluster(const cluster_options& options) {
  const auto address = parse_address(options.address);
  if (!address)
    return fail(address.error());
  const auto file = options.token_file.empty() ? default_token_file() : options.token_file;
  const auto tokens = file.and_then([](const std::string& path) { return load_tokens(path); });
  if (!tokens)
    return fail(tokens.error());
  cluster_process_options process;
  process.network = std::make_shared<const tls_context>(std::make_shared<token_holder>(*tokens),
                                                        identity_of(*tokens, "driver", options.program_name));
  process.log = make_log(options.log_level);
  process.program = &program_registry::of_this_program();
  return std::make_unique<remote_cluster>(std::move(process), options, *file, address->first, address->second);
}

} // namespace runtime
