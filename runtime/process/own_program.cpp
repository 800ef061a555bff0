#include "runtime/process/own_program.hpp"

namespace runtime {

result<std::shared_ptr<const package_manifest>> own_program::own() {
  const auto content = package_.get();
  if (!content)
    return fail(content.error());
  if (adopted_by_)
    if (const auto adopted = adopted_by_->adopt(*(*content)->manifest, (*content)->paths); !adopted)
      return fail(adopted.error());
  return (*content)->manifest;
}

result<std::string> own_program::read_chunk(const package_id& package, std::string_view file_name, std::uint64_t offset,
                                            std::uint32_t size_bytes) {
  return package_.read_chunk(package, file_name, offset, size_bytes);
}

} // namespace runtime
