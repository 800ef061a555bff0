#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.hpp"
#include "runtime/package/sha256.hpp"

namespace runtime {

struct package_file {
  std::string name; ///< A plain file name: every file of a package lies in one directory.
  std::uint64_t size_bytes = 0;
  sha256 digest;
  bool executable = false;

  friend bool operator==(const package_file& a, const package_file& b) {
    return a.name == b.name && a.size_bytes == b.size_bytes && a.digest == b.digest && a.executable == b.executable;
  }
  friend bool operator!=(const package_file& a, const package_file& b) { return !(a == b); }
};

/// What a worker is started from: the driver's own binary and the shared objects that it names.
struct package_manifest {
  std::vector<package_file> files;
  std::string main; ///< The name of the file that is started.

  friend bool operator==(const package_manifest& a, const package_manifest& b) {
    return a.files == b.files && a.main == b.main;
  }
  friend bool operator!=(const package_manifest& a, const package_manifest& b) { return !(a == b); }
};

/// The SHA-256 of canonical_encoding(); made by id_of() in file_digest.hpp. Two packages of one id are the same.
using package_id = sha256;

struct manifest_limits {
  std::uint64_t most_bytes = std::uint64_t{4} << 30; ///< Of all files together.
  std::size_t most_files = 256;
};

/// Names everything that is wrong with it: no files, too many or too large, a name that is no plain file name (empty,
/// more than 255 bytes, a '/', a control character, a '.' in front) or comes twice, a file without a digest, a main
/// file that is not there or not executable.
[[nodiscard]] result<void> validate(const package_manifest& package, const manifest_limits& limits = {});

/// The one text for all manifests that say the same, whatever the order of their files. Of a valid manifest only.
/// A store keeps it beside the files, so this format is never changed, only followed by another first line:
///
///   caf-tune package 1
///   main <name>
///   <64 hexadecimal digits> <size in bytes> x|- <name>       each file, in the order of their names' bytes
[[nodiscard]] std::string canonical_encoding(const package_manifest& package);

/// What canonical_encoding() gave, and nothing else; validated with the default limits.
[[nodiscard]] result<package_manifest> parse_manifest(std::string_view text);

/// Null if there is none of that name.
[[nodiscard]] const package_file* find_file(const package_manifest& package, std::string_view name);

[[nodiscard]] std::uint64_t total_bytes(const package_manifest& package); ///< Of a valid manifest.

} // namespace runtime
