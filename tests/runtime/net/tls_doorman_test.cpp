#include "runtime/net/tls_doorman.hpp"

#include "tests/runtime/net/net_peers.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <vector>

namespace {

/// Every descriptor that this process may have.
class all_descriptors {
public:
  all_descriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit few{std::min<rlim_t>(before_.rlim_cur, 512), before_.rlim_max}; // Else these are many.
    ::setrlimit(RLIMIT_NOFILE, &few);
    for (int taken = 0; (taken = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;)
      all_.emplace_back(taken);
  }
  ~all_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  all_descriptors(const all_descriptors&) = delete;
  all_descriptors& operator=(const all_descriptors&) = delete;

private:
  rlimit before_{};
  std::vector<runtime::socket_handle> all_;
};

/// Without a word; after 30 s, which only a failure takes, it is not ended.
bool is_ended(const runtime::socket_handle& socket) {
  const timeval patience{30, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  char word = 0;
  return ::recv(socket.get(), &word, 1, 0) == 0;
}

} // namespace

TEST_CASE("tls doorman: whom there is no descriptor for is turned away at once, and served when there is one") {
  peers::process head(1, "head/h"), node(1, "node/n1");
  const auto port = head.publish();
  REQUIRE(port);
  const auto to = *runtime::parse_address("127.0.0.1", *port);
  std::vector<runtime::socket_handle> sockets;
  for (int i = 0; i < 3; ++i)
    sockets.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));

  {
    const all_descriptors taken;
    for (const auto& each : sockets) {
      REQUIRE(::connect(each.get(), reinterpret_cast<const sockaddr*>(&to.bytes), to.length) == 0);
      CHECK(is_ended(each));
    }
  }
  CHECK(head.log->says("too many open files"));
  CHECK(head.log->text().find("token") == std::string::npos); // Nobody came so far as to be asked for it.
  const auto to_head = node.dial("127.0.0.1", *port);

  REQUIRE(to_head);
  CHECK(node.round_trip(*to_head, 7) == 7);
}
