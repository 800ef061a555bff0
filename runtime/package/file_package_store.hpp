#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.hpp"
#include "runtime/owner/package_source.hpp"
#include "runtime/package/manifest.hpp"
#include "runtime/package/package_cache.hpp"

namespace runtime {

/// Where a package lies on this machine.
struct package_location {
  std::string main;                             ///< The path to be started.
  std::vector<std::string> library_directories; ///< Where its shared objects lie, for LD_LIBRARY_PATH.
};

/// The packages of one machine, on disk. Several threads may call it; every call may block on the disk, and those that
/// make digests take about a second for each GB.
///
///   <state>/packages/<id>/<files>             complete packages; .manifest beside the files holds canonical_encoding()
///   <state>/packages/incoming/<id>/<files>    packages on their way; removed when the store is opened
///
/// A package is seen whole or not at all: its files are written and synced under incoming/, then the directory is
/// renamed.
class file_package_store : public package_source {
public:
  /// Makes the directories if there are none. Packages that are damaged as far as names and sizes tell are removed.
  [[nodiscard]] static result<std::unique_ptr<file_package_store>> open(const std::string& state_directory,
                                                                        package_cache_options options = {});
  file_package_store(const file_package_store&) = delete;
  file_package_store& operator=(const file_package_store&) = delete;

  /// Those that use() would find, as far as names and sizes tell; adopted ones are among them.
  std::vector<package_id> packages() const;
  bool has(const package_id& package) const;
  /// not_found if the store has it not.
  [[nodiscard]] result<std::shared_ptr<const package_manifest>> manifest_of(const package_id& package) const;

  /// Takes files where they lie as a package, without copying: paths in the order of the manifest's files. They are
  /// trusted to be what the manifest says, and never removed. A package that the store has already stays as it is.
  [[nodiscard]] result<package_id> adopt(const package_manifest& package, const std::vector<std::string>& paths);

  /// Where the package is, verified (sizes each time, digests at the first time in this process's life), and pinned
  /// until release(). not_found if the store has it not or it was damaged: then it is gone and has to be fetched again.
  [[nodiscard]] result<package_location> use(const package_id& package);
  void release(const package_id& package);

  /// not_found if the store has not that package or file.
  [[nodiscard]] result<std::string> read_chunk(const package_id& package, std::string_view file_name,
                                               std::uint64_t offset, std::uint32_t size_bytes) override;
  [[nodiscard]] result<std::shared_ptr<const package_manifest>> own() override; ///< Always not_found.

  /// A package begins to arrive: makes room and says for each file of the manifest whether it is there already, because
  /// another package has the same. already_exists if the package is there or on its way.
  [[nodiscard]] result<std::vector<bool>> begin(const package_manifest& package);
  [[nodiscard]] result<void> write(const package_id& package, std::size_t file, std::uint64_t offset,
                                   std::string_view bytes);
  [[nodiscard]] result<sha256> hash_arrived(const package_id& package, std::size_t file);
  /// Every file is written and verified: makes the package durable and visible. After an error: abandon() it.
  [[nodiscard]] result<void> complete(const package_id& package);
  void abandon(const package_id& package); ///< Removes what has arrived. Not on its way: nothing.

  std::uint64_t used_bytes() const; ///< Without adopted packages.

private:
  struct stored_package {
    std::shared_ptr<const package_manifest> manifest;
    std::vector<std::string> paths; // In the order of the manifest's files.
    bool adopted = false;
    bool verified = false; // Its digests, by this process.
  };
  struct arrival {
    std::shared_ptr<const package_manifest> manifest;
    std::vector<bool> linked; // Those of its files that another package has, too: never written.
  };
  file_package_store(std::string directory, package_cache_options options)
    : directory_(std::move(directory)),
      cache_(options) {}

  [[nodiscard]] result<void> find_packages();
  [[nodiscard]] result<stored_package> load(const package_id& package) const;
  [[nodiscard]] result<stored_package> find(const package_id& package) const;
  std::vector<bool> link_known_files(const package_manifest& package, const std::string& directory);
  std::optional<std::string> find_twin(const package_file& wanted) const;
  [[nodiscard]] result<std::string> arriving_path(const package_id& package, std::size_t file) const;
  [[nodiscard]] result<void> make_durable(const package_id& package, const arrival& arriving) const;
  void evict(const package_cache::evictions& packages);
  void remove(const package_id& package);
  std::string path_of(const package_id& package) const;
  std::string arrival_path_of(const package_id& package) const;

  const std::string directory_; // <state>/packages
  mutable std::mutex mutex_;    // For what follows; never held while a file is read or written.
  package_cache cache_;
  std::map<package_id, stored_package> packages_;
  std::map<package_id, arrival> arrivals_;
};

} // namespace runtime
