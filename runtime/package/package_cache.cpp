#include "runtime/package/package_cache.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace runtime {

package_cache::evictions package_cache::on_found(const package_id& package, std::uint64_t bytes) {
  if (has(package))
    return {};
  entries_[package] = {bytes, ++uses_, /*pins=*/0};
  used_bytes_ += bytes;
  return evict_until(options_.most_bytes);
}

result<package_cache::evictions> package_cache::make_room(const package_id& package, std::uint64_t bytes) {
  if (has(package)) {
    pin(package);
    return evictions{};
  }
  if (bytes > options_.most_bytes)
    return fail(errc::too_large, fmt::format("the package takes {} bytes, more than the package cache may hold ({}); "
                                             "give this node a larger one with --package-cache",
                                             bytes, options_.most_bytes));
  const auto in_use = used_bytes_ - unpinned_bytes();
  if (in_use > options_.most_bytes - bytes)
    return fail(errc::refused, fmt::format("the package takes {} bytes, but of the {} that the package cache may hold "
                                           "{} are of packages in use; wait for their end, or give this node a larger "
                                           "one with --package-cache",
                                           bytes, options_.most_bytes, in_use));
  auto evicted = evict_until(options_.most_bytes - bytes);
  entries_[package] = {bytes, ++uses_, /*pins=*/1};
  used_bytes_ += bytes;
  return evicted;
}

void package_cache::pin(const package_id& package) {
  const auto found = entries_.find(package);
  if (found == entries_.end())
    return;
  ++found->second.pins;
  found->second.last_use = ++uses_;
}

void package_cache::unpin(const package_id& package) {
  const auto found = entries_.find(package);
  if (found == entries_.end() || found->second.pins == 0)
    return;
  --found->second.pins;
  found->second.last_use = ++uses_; // Its use ends only now.
}

void package_cache::forget(const package_id& package) {
  const auto found = entries_.find(package);
  if (found == entries_.end())
    return;
  used_bytes_ -= found->second.bytes;
  entries_.erase(found);
}

bool package_cache::is_pinned(const package_id& package) const {
  const auto found = entries_.find(package);
  return found != entries_.end() && found->second.pins > 0;
}

std::vector<package_id> package_cache::packages() const {
  std::vector<package_id> order;
  for (const auto& [package, _] : entries_)
    order.push_back(package);
  std::sort(order.begin(), order.end(), [&](const package_id& a, const package_id& b) {
    return entries_.at(a).last_use < entries_.at(b).last_use; // Never equal.
  });
  return order;
}

package_cache::evictions package_cache::evict_until(std::uint64_t bytes) {
  evictions out;
  if (used_bytes_ <= bytes)
    return out;
  for (const auto& package : packages()) {
    if (used_bytes_ <= bytes)
      break;
    if (is_pinned(package))
      continue;
    forget(package);
    out.push_back(package);
  }
  return out;
}

std::uint64_t package_cache::unpinned_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& [_, kept] : entries_)
    if (kept.pins == 0)
      sum += kept.bytes;
  return sum;
}

} // namespace runtime
