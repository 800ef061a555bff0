#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tune/vocabulary.hpp"

namespace tune {

/// What a checkpoint consists of. It is the file "manifest.json" in the checkpoint's directory, written last: where
/// there is none, there is no checkpoint. The sizes of its parts make it easy to see whether all of it is there.
///
///   {"format": 1, "written_by": "caf-tune 0.1.0", "iteration": 7, "attempt": 2,
///    "files": [{"path": "weights.bin", "size_bytes": 4096, "crc32c": "e3069283"}]}
struct checkpoint_manifest {
  struct file {
    std::string path; ///< From the checkpoint's directory, with slashes.
    std::uint64_t size_bytes = 0;
    std::uint32_t crc32c = 0;

    friend bool operator==(const file& a, const file& b) {
      return a.path == b.path && a.size_bytes == b.size_bytes && a.crc32c == b.crc32c;
    }
  };

  std::string written_by; ///< For people.
  std::optional<iteration_number> iteration;
  std::optional<attempt_number> attempt;
  std::vector<file> files; ///< Sorted by path.

  std::uint64_t size_bytes() const noexcept; ///< Of all files.
};

inline constexpr char manifest_file[] = "manifest.json";

[[nodiscard]] std::string to_json(const checkpoint_manifest& manifest); ///< Several lines.
/// incompatible: a newer version wrote it. invalid_argument: it is not whole, or a path leads out of the directory.
[[nodiscard]] result<checkpoint_manifest> parse_manifest(std::string_view text);

/// Whether a checkpoint may have a file of this name: UTF-8, relative, without "..", and not the manifest.
[[nodiscard]] result<void> check_manifest_path(const std::string& path);

/// "checkpoint_000007.attempt-2", as an attempt writes it, and "checkpoint_000007", as the experiment shows it.
[[nodiscard]] std::string checkpoint_name(iteration_number iteration, attempt_number attempt);
[[nodiscard]] std::string checkpoint_name(iteration_number iteration);
struct named_checkpoint {
  iteration_number iteration = 0;
  std::optional<attempt_number> attempt;
};
[[nodiscard]] std::optional<named_checkpoint> parse_checkpoint_name(std::string_view name);

} // namespace tune
