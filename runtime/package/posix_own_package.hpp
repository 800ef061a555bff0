#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.hpp"
#include "runtime/owner/package_source.hpp"
#include "runtime/package/manifest.hpp"

namespace runtime {

/// The package of the running program: its binary, as it was started even if it has been built anew since, and the
/// shared objects that the user names. Several threads may call it.
class posix_own_package : public package_source {
public:
  /// What is told when it has been made.
  struct content {
    package_id id;
    std::shared_ptr<const package_manifest> manifest;
    std::vector<std::string> paths; ///< In the manifest's order; what file_package_store::adopt() takes.
  };

  /// shared_objects: paths. Nothing is read yet.
  explicit posix_own_package(std::vector<std::string> shared_objects = {});
  ~posix_own_package() override;
  posix_own_package(const posix_own_package&) = delete;
  posix_own_package& operator=(const posix_own_package&) = delete;

  /// Made when first asked for, and once: reading every file takes about a second for each GB. An error is not kept:
  /// the next call tries again.
  [[nodiscard]] result<std::shared_ptr<const content>> get();
  [[nodiscard]] result<std::shared_ptr<const package_manifest>> own() override; ///< get()'s.

  /// not_found for another package or a file that it has not; io when
  /// the file has been changed since its digest was made.
  [[nodiscard]] result<std::string> read_chunk(const package_id& package, std::string_view file_name,
                                               std::uint64_t offset, std::uint32_t size_bytes) override;

private:
  struct making; // The content with its files, kept open.
  [[nodiscard]] result<std::shared_ptr<const making>> make() const;
  [[nodiscard]] result<std::shared_ptr<const making>> made();

  const std::vector<std::string> shared_objects_;
  std::mutex mutex_; // Held while digests are made, so that they are made once.
  std::shared_ptr<const making> made_;
};

} // namespace runtime
