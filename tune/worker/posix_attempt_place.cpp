#include "tune/worker/posix_attempt_place.hpp"

#include <array>
#include <fstream>
#include <iterator>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>

namespace tune {
namespace {

std::string find_ip() {
  ifaddrs* all = nullptr;
  std::string found = "127.0.0.1";
  if (::getifaddrs(&all) != 0)
    return found;
  for (const auto* each = all; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET || (each->ifa_flags & IFF_LOOPBACK) != 0 ||
        (each->ifa_flags & IFF_UP) == 0)
      continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    const auto* address = reinterpret_cast<const sockaddr_in*>(each->ifa_addr); // As getifaddrs gives it.
    if (::inet_ntop(AF_INET, &address->sin_addr, text.data(), text.size()) != nullptr) {
      found = text.data();
      break;
    }
  }
  ::freeifaddrs(all);
  return found;
}

std::string find_hostname() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

} // namespace

path directory_for_experiments(const path& of_worker) {
  return of_worker.parent_path();
}

std::string output_suffix(attempt_number attempt) {
  return fmt::format(".attempt-{}", attempt);
}

bool holds(const std::string& file, const std::string& content) {
  std::ifstream in(file, std::ios::binary);
  if (!in)
    return false;
  std::string read(content.size() + 1, '\0'); // One more than it may be.
  in.read(read.data(), static_cast<std::streamsize>(read.size()));
  read.resize(static_cast<std::size_t>(in.gcount()));
  return read == content;
}

result<attempt_place> place_of(const attempt_order& order, const path& node_directory) {
  const path storage(order.storage_directory);
  if (!storage.is_absolute() || !storage.has_filename())
    return fail(errc::invalid_argument,
                fmt::format("the trial's directory \"{}\" is not an absolute path", order.storage_directory));
  if (!order.marker.empty() && holds(order.marker_file, order.marker))
    return attempt_place{true, storage};
  if (node_directory.empty())
    return fail(errc::not_found, fmt::format("{}: not seen from here, for there is no {} with what the driver wrote; "
                                             "and this worker's node gave it no directory of its own",
                                             order.storage_directory, order.marker_file));
  return attempt_place{false, node_directory / order.experiment / storage.filename()};
}

const std::string& own_hostname() {
  static const std::string name = find_hostname();
  return name;
}

const std::string& own_ip() {
  static const std::string ip = find_ip();
  return ip;
}

} // namespace tune
