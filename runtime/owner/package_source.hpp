#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/result.hpp"
#include "runtime/package/manifest.hpp"

namespace runtime {

/// The packages that an owner can give to nodes: a driver's own program, or the head's package store. Called by one
/// thread that may block.
class package_source {
public:
  virtual ~package_source() = default;

  /// The owner's own package; made when it is first asked for. not_found for an owner that has none.
  [[nodiscard]] virtual result<std::shared_ptr<const package_manifest>> own() = 0;
  /// At most size_bytes; fewer only at the file's end.
  [[nodiscard]] virtual result<std::string> read_chunk(const package_id& package, std::string_view file_name,
                                                       std::uint64_t offset, std::uint32_t size_bytes) = 0;
};

} // namespace runtime
