#include "tests/support/network_link.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include "tests/support/own_namespaces.hpp"

namespace {

// Written down at both ends, so that neither asks for the other's.
constexpr const char* our_hardware = "02:00:00:00:00:01";
constexpr const char* their_hardware = "02:00:00:00:00:02";
constexpr const char* nobodys_hardware = "02:00:00:00:00:09"; ///< What is sent there, whoever hears it throws away.

runtime::posix_descriptor network_of_this_thread() {
  runtime::posix_descriptor network(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!network)
    throw std::runtime_error(fmt::format("/proc/thread-self/ns/net: {}", std::strerror(errno)));
  return network;
}

/// The network stays as long as the descriptor, or a process in it.
runtime::posix_descriptor make_network() {
  const auto ours = network_of_this_thread();
  if (::unshare(CLONE_NEWNET) != 0)
    throw std::runtime_error(fmt::format("no second network: {}", std::strerror(errno)));
  auto made = network_of_this_thread();
  if (::setns(ours.get(), CLONE_NEWNET) != 0)
    throw std::runtime_error(fmt::format("no way back into the own network: {}", std::strerror(errno)));
  return made;
}

void run(const std::string& command) {
  if (std::system((command + " >/dev/null 2>&1").c_str()) != 0)
    throw std::runtime_error("failed: " + command);
}

} // namespace

network_link::network_link() {
  if (const auto& why_not = enter_own_namespaces(); !why_not.empty())
    throw std::runtime_error(why_not);
  static int count = 0;
  ++count;
  our_device_ = fmt::format("ours{}", count);
  their_device_ = fmt::format("theirs{}", count);
  our_host_ = fmt::format("10.77.{}.1", count % 256);
  their_host_ = fmt::format("10.77.{}.2", count % 256);
  their_network_ = make_network();
  const auto theirs = path_of_their_network();
  run(fmt::format("ip link add {} address {} type veth peer name {} address {} netns {}", our_device_, our_hardware,
                  their_device_, their_hardware, theirs));
  run(fmt::format("ip addr add {}/24 dev {} && ip link set {} up", our_host_, our_device_, our_device_));
  run(fmt::format("nsenter --net={} sh -c 'ip link set lo up && ip addr add {}/24 dev {} && ip link set {} up'", theirs,
                  their_host_, their_device_, their_device_));
  restore();
}

std::string network_link::path_of_their_network() const {
  return fmt::format("/proc/{}/fd/{}", ::getpid(), their_network_.get());
}

std::vector<std::string> network_link::over_there() const {
  return {"/usr/bin/nsenter", "--net=" + path_of_their_network(), "--"};
}

void network_link::ours_go_to(const std::string& hardware) const {
  run(fmt::format("ip neigh replace {} lladdr {} dev {} nud permanent", their_host_, hardware, our_device_));
}

void network_link::theirs_go_to(const std::string& hardware) const {
  run(fmt::format("nsenter --net={} ip neigh replace {} lladdr {} dev {} nud permanent", path_of_their_network(),
                  our_host_, hardware, their_device_));
}

void network_link::lose_ours() {
  ours_go_to(nobodys_hardware);
}

void network_link::lose_theirs() {
  theirs_go_to(nobodys_hardware);
}

void network_link::lose_all() {
  lose_ours();
  lose_theirs();
}

void network_link::restore() {
  ours_go_to(their_hardware);
  theirs_go_to(our_hardware);
}
