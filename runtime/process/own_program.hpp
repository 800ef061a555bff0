#pragma once

#include "runtime/owner/package_source.hpp"
#include "runtime/package/file_package_store.hpp"
#include "runtime/package/posix_own_package.hpp"

#include <memory>
#include <string>
#include <vector>

namespace runtime {

/// The running program as the package that its tasks and actors are run from.
class own_program : public package_source {
public:
  /// `adopted_by`: the store of a node in this process, which takes the program's files where they lie; null: none.
  explicit own_program(std::vector<std::string> shared_objects,
                       std::shared_ptr<file_package_store> adopted_by = nullptr)
    : package_(std::move(shared_objects)),
      adopted_by_(std::move(adopted_by)) {}

  [[nodiscard]] result<std::shared_ptr<const package_manifest>> own() override;
  [[nodiscard]] result<std::string> read_chunk(const package_id& package, std::string_view file_name,
                                               std::uint64_t offset, std::uint32_t size_bytes) override;

private:
  posix_own_package package_;
  std::shared_ptr<file_package_store> adopted_by_;
};

} // namespace runtime
