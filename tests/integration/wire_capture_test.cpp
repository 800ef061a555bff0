#include "tests/integration/program_under_test.hpp"

#include <fcntl.h>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

#include "runtime/node/posix_descriptor.hpp"
#include "tests/support/packet_capture.hpp"
#include "tests/support/tcp_relay.hpp"
#include "tests/support/tls_records.hpp"

// A head, a node and a driver with tasks, and somebody who reads all that is said between them.

namespace {

/// An address of this machine that no other process uses, so that what is said there is known to be of this test.
std::string loopback_of_this_process() {
  const auto number = static_cast<unsigned>(::getpid());
  return "127." + std::to_string(128 + (number >> 16) % 64) + "." + std::to_string(number >> 8 & 255) + "." +
         std::to_string(number & 255);
}

std::string content_of(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The bytes that hexadecimal digits stand for.
std::string bytes_of(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return bytes;
}

class watched_cluster {
public:
  explicit watched_cluster(const std::string& host)
    : host_(host),
      head_(folder_, words{CAF_TUNE_NODE,  "--head", "--host",       host,
                           "--port",       "0",      "--name",       "head-of-the-test",
                           "--cpus",       "1",      "--memory",     "0",
                           "--gpus",       "0",      "--state",      folder_ / "head.state",
                           "--token-file", token_,   "--ready-file", folder_ / "head.ready"}) {
    address_ = head_.wait_for_file(folder_ / "head.ready");
    REQUIRE(::mkfifo(gate_.c_str(), 0600) == 0);
  }

  /// A node and a driver that know the head by this address; the driver's tasks run on the node.
  void run_tasks(const std::string& address) {
    program_under_test node(folder_, {CAF_TUNE_NODE,
                                      "--address",
                                      address,
                                      "--token-file",
                                      token_,
                                      "--state",
                                      folder_ / "node.state",
                                      "--ready-file",
                                      folder_ / "node.ready",
                                      "--name",
                                      "node-of-the-test",
                                      "--host",
                                      host_,
                                      "--cpus",
                                      "1",
                                      "--memory",
                                      "0",
                                      "--gpus",
                                      "0",
                                      "--resource",
                                      "licence=3"});
    node.wait_for_file(folder_ / "node.ready");
    program_under_test driver(folder_, {PROGRAM_WITH_HELD_TASKS, "--address", address, "--token-file", token_},
                              {{"GATE", gate_}});
    driver.wait_for_file(gate_ + ".0");
    const runtime::posix_descriptor both_ends(::open(gate_.c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(both_ends);
    const auto end = driver.wait();
    CHECK_MESSAGE(end.code == 0, end.err);
  }

  std::uint16_t port() const { return static_cast<std::uint16_t>(std::stoi(address_.substr(address_.find(':') + 1))); }
  const std::string& address() const { return address_; }
  /// What nobody may read: the token, names of machines, of programs, of tasks and of resources, what tasks are given.
  std::vector<std::string> secrets() const {
    const auto digits = content_of(token_).substr(0, 64);
    return {digits,        bytes_of(digits), "head-of-the-test",        "node-of-the-test", gate_,
            "held_square", "licence",        "program_with_held_tasks", "caf_tune.runtime"};
  }

private:
  temporary_directory folder_;
  std::string host_;
  std::string token_ = folder_ / "token";
  std::string gate_ = folder_ / "gate";
  program_under_test head_;
  std::string address_;
};

} // namespace

TEST_CASE("wire capture: whoever sits between a head and its nodes and drivers sees nothing but TLS") {
  watched_cluster cluster("127.0.0.1");
  const tcp_relay relay(cluster.port());

  cluster.run_tasks("127.0.0.1:" + std::to_string(relay.port()));

  const auto records = relay.records();
  CHECK(records.size() >= 2); // Of the node and of the driver.
  for (const auto& [there, back] : records)
    for (auto said : {there, back}) {
      CHECK_FALSE(tls_records(said).all.empty());
      said.resize(said.size() - tls_records(said).rest); // Of a process that ended in the middle of a record.
      CHECK(tls_records(said).is_hello_and_then_encrypted());
      for (const auto& secret : cluster.secrets())
        CHECK_MESSAGE(said.find(secret) == std::string::npos, secret);
    }
}

TEST_CASE("wire capture: on the wire itself no link of a cluster shows anything but TLS") {
  const auto host = loopback_of_this_process();
  const packet_capture capture(host);
  if (!capture.is_allowed()) {
    MESSAGE("skipped: this user may not open packet sockets");
    return;
  }
  watched_cluster cluster(host);

  cluster.run_tasks(cluster.address());

  const auto streams = capture.streams();
  CHECK(streams.size() >= 8); // Node and driver to the head, heartbeats, driver to node: each both ways.
  std::size_t bytes = 0;
  for (const auto& [ends, said] : streams) {
    CAPTURE(ends);
    bytes += said.size();
    const tls_records records(said);
    REQUIRE_FALSE(records.all.empty());
    CHECK(records.all[0].what == tls_record::type::handshake);
    for (const auto& secret : cluster.secrets())
      CHECK_MESSAGE(said.find(secret) == std::string::npos, secret);
  }
  CHECK(bytes > 100'000); // The driver's program has gone to the node.
}
