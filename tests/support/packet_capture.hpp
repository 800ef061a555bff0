#pragma once

#include "runtime/net/tcp_socket.hpp"

#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <cstring>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <map>
#include <mutex>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thread>

/// All that TCP carries on the loopback device to or from one address, as a machine on the network would see it. Needs
/// the right to open packet sockets (root).
class packet_capture {
public:
  explicit packet_capture(const std::string& address)
    : address_(::inet_addr(address.c_str())),
      socket_(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IP))),
      stop_(::eventfd(0, EFD_CLOEXEC)) {
    if (!socket_)
      return;
    const int bytes = 256 << 20; // Of what comes while this thread waits for a processor.
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
    sockaddr_ll loopback{};
    loopback.sll_family = AF_PACKET;
    loopback.sll_protocol = htons(ETH_P_IP);
    loopback.sll_ifindex = static_cast<int>(::if_nametoindex("lo"));
    ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&loopback), sizeof loopback);
    thread_ = std::thread([this] { run(); });
  }
  ~packet_capture() {
    ::eventfd_write(stop_.get(), 1);
    if (thread_.joinable())
      thread_.join();
  }
  packet_capture(const packet_capture&) = delete;
  packet_capture& operator=(const packet_capture&) = delete;

  bool is_allowed() const { return static_cast<bool>(socket_); }

  /// By the two ends: what one has said to the other until now, in the order of the packets.
  std::map<std::string, std::string> streams() const {
    std::lock_guard guard(mutex_);
    return streams_;
  }

private:
  void run() {
    std::string packet(1 << 17, '\0');
    for (;;) {
      pollfd both[] = {{stop_.get(), POLLIN, 0}, {socket_.get(), POLLIN, 0}};
      if (::poll(both, 2, -1) > 0 && both[0].revents != 0)
        return;
      sockaddr_ll from{};
      socklen_t length = sizeof from;
      const auto size = ::recvfrom(socket_.get(), packet.data(), packet.size(), MSG_DONTWAIT,
                                   reinterpret_cast<sockaddr*>(&from), &length);
      if (size > 0 && from.sll_pkttype != PACKET_OUTGOING) // Each is seen twice there.
        keep(packet.data(), static_cast<std::size_t>(size));
    }
  }

  void keep(const char* packet, std::size_t size) {
    iphdr ip{};
    if (size < sizeof ip)
      return;
    std::memcpy(&ip, packet, sizeof ip);
    if (ip.protocol != IPPROTO_TCP || (ip.saddr != address_ && ip.daddr != address_))
      return;
    const std::size_t ip_size = ip.ihl * 4u;
    tcphdr tcp{};
    if (size < ip_size + sizeof tcp)
      return;
    std::memcpy(&tcp, packet + ip_size, sizeof tcp);
    const auto begin = ip_size + tcp.doff * 4u;
    if (begin >= size)
      return;
    const auto end_of = [](std::uint32_t address, std::uint16_t port) {
      return std::to_string(address) + ":" + std::to_string(ntohs(port));
    };
    std::lock_guard guard(mutex_);
    streams_[end_of(ip.saddr, tcp.source) + ">" + end_of(ip.daddr, tcp.dest)].append(packet + begin, size - begin);
  }

  const std::uint32_t address_;
  const runtime::socket_handle socket_;
  const runtime::socket_handle stop_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> streams_;
  std::thread thread_;
};
