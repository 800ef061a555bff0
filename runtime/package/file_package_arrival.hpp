#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/instant.hpp"
#include "runtime/base/result.hpp"
#include "runtime/package/package_fetch.hpp"

namespace runtime {

class file_package_store;

/// One package on its way into a store: does what package_fetch decides, as far as the disk is concerned, and hands out
/// what is to be asked of the source. Its events are package_fetch's. One thread, which may block: a file that is whole
/// is verified within the event that brought its last chunk (about a second for each GB).
class file_package_arrival {
public:
  struct ask {
    std::string file_name;
    std::uint64_t offset;
    std::uint32_t size_bytes;
  };
  struct outcome {
    std::vector<ask> asks;           ///< To be sent to the source.
    bool is_finished = false;        ///< The package is in the store: use() it.
    std::optional<error> has_failed; ///< And nothing is left of it.
  };

  /// What file_package_store::begin() may refuse.
  [[nodiscard]] static result<std::unique_ptr<file_package_arrival>> begin(std::shared_ptr<file_package_store> store,
                                                                           const package_manifest& package,
                                                                           package_fetch_options options, instant now);
  ~file_package_arrival(); ///< Abandons it, unless it is over.
  file_package_arrival(const file_package_arrival&) = delete;
  file_package_arrival& operator=(const file_package_arrival&) = delete;

  const package_id& package() const noexcept { return package_; }
  outcome on_source(instant now);
  outcome on_source_lost(instant now);
  outcome on_chunk(std::string_view file_name, std::uint64_t offset, std::string bytes, instant now);
  outcome on_refused(std::string_view file_name, std::uint64_t offset, error why, instant now);
  outcome on_time(instant now);
  std::optional<instant> wake_at() const { return fetch_.wake_at(); }
  const package_fetch& fetch() const noexcept { return fetch_; }

private:
  file_package_arrival(std::shared_ptr<file_package_store> store, const package_id& package, package_fetch fetch)
    : store_(std::move(store)),
      package_(package),
      fetch_(std::move(fetch)) {}
  outcome perform(package_fetch::actions actions, instant now);
  package_fetch::actions perform(package_fetch::action& next, outcome& out, instant now);

  std::shared_ptr<file_package_store> store_;
  package_id package_;
  package_fetch fetch_;
};

} // namespace runtime
