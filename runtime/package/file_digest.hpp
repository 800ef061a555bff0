#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/result.hpp"
#include "runtime/package/manifest.hpp"
#include "runtime/package/sha256.hpp"

namespace runtime {

class posix_file;

/// Makes a SHA-256 from pieces.
class digest_maker {
public:
  digest_maker();
  ~digest_maker();
  digest_maker(const digest_maker&) = delete;
  digest_maker& operator=(const digest_maker&) = delete;
  void add(std::string_view piece);
  [[nodiscard]] sha256 finish(); ///< Once, last.

private:
  struct context;
  std::unique_ptr<context> context_;
};

[[nodiscard]] sha256 digest_of(std::string_view bytes);
[[nodiscard]] package_id id_of(const package_manifest& package); ///< Of a valid manifest.

/// Of a whole file: about 1 s for 1 GB.
[[nodiscard]] result<sha256> hash_file(const std::string& path);
[[nodiscard]] result<sha256> hash_file(const posix_file& file);

} // namespace runtime
