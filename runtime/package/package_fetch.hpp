#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/base/instant.hpp"
#include "runtime/base/result.hpp"
#include "runtime/package/manifest.hpp"

namespace runtime {

/// Small chunks with few on their way: as fast as large ones, and a round trip beside them stays near 1 ms.
struct package_fetch_options {
  std::uint32_t chunk_bytes = 64u << 10; ///< 1 to 1 MiB.
  std::size_t most_in_flight = 8;        ///< Chunks asked for and not yet answered; at least 1.
  core_clock::duration chunk_patience = std::chrono::seconds(10); ///< Then a chunk is asked for again.
  core_clock::duration give_up_after = std::chrono::seconds(60);  ///< Without anything new, with or without a source.
};
[[nodiscard]] result<void> validate(const package_fetch_options& options);

/// The receiving side of one package: which chunk to ask for, when to ask again, when a file is whole.
///
/// Nothing happens before the first on_source(). A chunk that comes twice, late, or was never asked for changes
/// nothing. A file whose size or digest turns out wrong is asked for from its beginning again; when that happens twice
/// with one source, the fetch has failed. After finished or failed every event changes nothing.
/// Whoever drives it passes on only what the present source sends.
class package_fetch {
public:
  /// Files are told by their index in the manifest.
  struct ask_chunk {
    std::size_t file;
    std::uint64_t offset;
    std::uint32_t size_bytes;
  };
  struct write_chunk {
    std::size_t file;
    std::uint64_t offset;
    std::string bytes;
  };
  /// All of the file is written (nothing, if it is empty): answer with on_verified.
  struct verify_file {
    std::size_t file;
    int round; ///< To be given back.
  };
  /// The source has it not: on_source_lost() and, with another one, on_source(); or on_local_error() with this.
  struct source_refused {
    error why;
  };
  /// It sent nothing for chunk_patience, or something wrong: another one may do better. It goes on with this one.
  struct source_doubted {};
  struct finished {}; ///< Every file is there and verified.
  struct failed {
    error why;
  };
  using action = std::variant<ask_chunk, write_chunk, verify_file, source_refused, source_doubted, finished, failed>;
  using actions = std::vector<action>; ///< To be performed in this order.

  /// have[i]: the manifest's file i is there already, verified. A valid manifest and valid options only.
  package_fetch(std::shared_ptr<const package_manifest> package, const std::vector<bool>& have,
                package_fetch_options options, instant now);

  /// There is somebody to ask: the first, or another after on_source_lost(), who continues where that one was.
  actions on_source(instant now);
  actions on_source_lost(instant now); ///< Pauses.
  actions on_chunk(std::string_view file_name, std::uint64_t offset, std::string bytes, instant now);
  /// The source has it not, or cannot read it.
  actions on_refused(std::string_view file_name, std::uint64_t offset, error why, instant now);
  actions on_verified(std::size_t file, int round, const sha256& found, instant now);
  actions on_local_error(error why);      ///< A write or a verification could not be done: the fetch has failed.
  actions on_time(instant now);           ///< Too early or twice: changes nothing.
  std::optional<instant> wake_at() const; ///< When on_time() is due next, if ever.

  bool is_over() const noexcept { return state_ == state::over; }
  std::size_t in_flight() const noexcept { return in_flight_.size(); }
  std::uint64_t missing_bytes() const noexcept; ///< Not yet received; for people.
  const package_manifest& package() const noexcept { return *package_; }

private:
  enum class state { without_source, with_source, over };
  enum class file_state { missing, verifying, done };
  struct file_progress {
    file_state at = file_state::missing;
    int round = 1;                   // Of being asked for from its beginning.
    int wrong = 0;                   // How often it was, with the present source. The second time is the last.
    std::uint64_t next_offset = 0;   // Up to here everything was asked for in this round.
    std::uint64_t missing_bytes = 0; // Of this round.
  };
  using chunk_key = std::pair<std::size_t, std::uint64_t>; // File and offset.

  std::uint32_t size_of(const chunk_key& chunk) const;
  std::optional<std::size_t> index_of(std::string_view name) const;
  bool counts(const chunk_key& chunk) const;
  bool waits_for_source() const;
  std::optional<chunk_key> next_chunk();
  void ask_what_is_free(actions& out, instant now);
  void verify_what_is_whole(actions& out);
  void tell_doubt(actions& out);
  void note_progress(instant now);
  void fetch_again(actions& out, std::size_t file, std::string what);
  void end(actions& out, action last);
  std::string place(std::size_t file) const;

  std::shared_ptr<const package_manifest> package_;
  package_fetch_options options_;
  state state_ = state::without_source;
  std::vector<file_progress> files_;
  std::map<chunk_key, instant> in_flight_; // When each is asked for again.
  std::set<chunk_key> to_ask_again_;       // Asked of a source that was lost.
  instant give_up_at_;
  bool doubts_ = false; // The source, and has not said so.
};

} // namespace runtime
