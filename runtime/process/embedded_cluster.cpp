#include "runtime/process/embedded_cluster.hpp"

#include "runtime/cluster.hpp"
#include "runtime/process/file_scratch_directory.hpp"
#include "runtime/process/head_part.hpp"
#include "runtime/process/log.hpp"
#include "runtime/process/machine_offer.hpp"
#include "runtime/process/node_part.hpp"
#include "runtime/process/own_program.hpp"
#include "runtime/process/posix_random.hpp"

#include <fmt/format.h>

#include <chrono>
#include <future>
#include <mutex>
#include <utility>

namespace runtime {
namespace {

// Names of endpoints that exist in this process only.
const std::string here = "embedded";
constexpr std::uint16_t head_port_here = 1;
constexpr std::uint16_t node_port_here = 2;

constexpr std::chrono::seconds welcome_deadline{10}; // It takes milliseconds; a machine that is busy takes longer.

class embedded_cluster : public cluster_access {
public:
  embedded_cluster(scratch_directory state, cluster_process_options process)
    : state_(std::move(state)),
      process_(std::in_place, std::move(process)) {}

  result<void> start(const cluster_options& options, const machine_offer& offer,
                     const std::shared_ptr<spdlog::logger>& log) {
    log_ = log;
    head_part_options head;
    head.host = here;
    head.port = head_port_here;
    head.log = log;
    auto started_head = head_part::start(*process_, std::move(head));
    if (!started_head)
      return fail(started_head.error());
    head_ = std::move(*started_head);
    node_part_options node;
    node.core.node = {
      node_id{random_number()}, incarnation{random_number()}, "local", here, node_port_here, offer.resources, {}};
    node.core.gpu_names = offer.gpu_names;
    node.state_directory = state_.path();
    node.head_host = here;
    node.head_port = head_port_here;
    node.log = log;
    // Whoever asks for a lease before the node is known is told that nothing fits.
    const auto welcomed = std::make_shared<std::promise<void>>();
    const auto once = std::make_shared<std::once_flag>(); // It says hello again and again.
    node.events.on_welcomed = [welcomed, once](const std::string&, std::uint16_t) {
      std::call_once(*once, [&] { welcomed->set_value(); });
    };
    auto started_node = node_part::start(*process_, std::move(node));
    if (!started_node)
      return fail(started_node.error());
    node_ = std::move(*started_node);
    program_ = std::make_shared<own_program>(options.shared_objects, node_->store());
    head_->add_custodian(*process_, node_->store(), node_->packages());
    if (welcomed->get_future().wait_for(welcome_deadline) != std::future_status::ready)
      return fail(errc::timed_out, fmt::format("the embedded cluster's own node was not registered within {} s; is "
                                               "this machine overloaded?",
                                               welcome_deadline.count()));
    return {};
  }

  cluster_process& process() override { return *process_; }
  const std::string& head_host() const override { return here; }
  std::uint16_t head_port() const override { return head_port_here; }
  const std::string& address() const override { return here; }
  std::shared_ptr<package_source> program() override { return program_; }
  std::shared_ptr<spdlog::logger> log() override { return log_; }

private:
  scratch_directory state_;
  std::optional<cluster_process> process_;
  std::unique_ptr<head_part> head_;
  std::unique_ptr<node_part> node_;
  std::shared_ptr<own_program> program_;
  std::shared_ptr<spdlog::logger> log_;
};

} // namespace

result<std::unique_ptr<cluster_access>> start_embedded_cluster(const cluster_options& options) {
  std::map<std::string, amount> given;
  if (options.cpus) {
    const auto cpus = amount::from_double(*options.cpus);
    if (!cpus)
      return fail(within("cpus", cpus.error()));
    given.emplace("cpu", *cpus);
  }
  const auto offer = offer_of_this_machine(given);
  if (!offer)
    return fail(offer.error());
  auto state = scratch_directory::make("caf-tune");
  if (!state)
    return fail(state.error());
  const auto log = make_log(options.log_level);
  cluster_process_options process;
  process.log = log;
  process.program = &program_registry::of_this_program();
  auto made = std::make_unique<embedded_cluster>(std::move(*state), std::move(process));
  if (const auto started = made->start(options, *offer, log); !started)
    return fail(started.error());
  return made;
}

} // namespace runtime
