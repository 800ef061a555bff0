#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "runtime/base/result.hpp"
#include "runtime/package/manifest.hpp"

namespace runtime {

struct package_cache_options {
  std::uint64_t most_bytes = std::uint64_t{16} << 30; ///< Of all packages together, those on their way included.
};

/// Which packages a machine keeps, and which one makes room for the next: the one whose last use is longest ago. What
/// is pinned (a worker runs it, or it is just being fetched) is never evicted.
class package_cache {
public:
  using evictions = std::vector<package_id>; ///< To be removed now, in this order.

  explicit package_cache(package_cache_options options) : options_(options) {}

  /// A package that was found when the store was opened: the first told is taken for the one used longest ago.
  evictions on_found(const package_id& package, std::uint64_t bytes);
  /// Makes room for a package and pins it once. too_large if it could never fit; refused while too much is in use. A
  /// package that is there already is only pinned once more.
  [[nodiscard]] result<evictions> make_room(const package_id& package, std::uint64_t bytes);
  void pin(const package_id& package);    ///< A use. One that is not there: nothing.
  void unpin(const package_id& package);  ///< One that is not pinned: nothing.
  void forget(const package_id& package); ///< It is gone from the disk, pinned or not.

  bool has(const package_id& package) const { return entries_.count(package) != 0; }
  bool is_pinned(const package_id& package) const;
  std::uint64_t used_bytes() const noexcept { return used_bytes_; }
  std::vector<package_id> packages() const; ///< The one used longest ago first.

private:
  struct entry {
    std::uint64_t bytes = 0;
    std::uint64_t last_use = 0; // Counted, not timed.
    int pins = 0;
  };
  evictions evict_until(std::uint64_t bytes);
  std::uint64_t unpinned_bytes() const;

  package_cache_options options_;
  std::map<package_id, entry> entries_;
  std::uint64_t used_bytes_ = 0;
  std::uint64_t uses_ = 0;
};

} // namespace runtime
