#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// What a fuzzer is made of. README.md beside this says how they are run.
namespace fuzz {

using inputs = std::vector<std::string>;

/// One thing that reads what comes from outside. Each `<name>_fuzz.cpp` has one, at namespace scope.
class target {
public:
  /// `name`: its file's path below tests/fuzz/, without "_fuzz.cpp". `run` reads one input, throws when something that
  /// must hold does not, and leaves nothing behind. `seeds` are real inputs, made by the code that writes such ones:
  /// what the fuzzer starts from beside the files in corpus/<name>/.
  target(const char* name, void (*run)(std::string_view input), inputs (*seeds)());

  const char* name() const noexcept { return name_; }
  void run(std::string_view input) const { run_(input); }
  inputs seeds() const { return seeds_(); }

private:
  const char* name_;
  void (*run_)(std::string_view);
  inputs (*seeds_)();
};

/// All that are linked into this program.
const std::vector<const target*>& targets();

/// What must hold, whatever was read.
inline void require(bool holds, const char* what) {
  if (!holds)
    throw std::logic_error(what);
}

/// Takes an input apart from its front. What is not there any more is 0 or empty.
class parts {
public:
  explicit parts(std::string_view input) : rest_(input) {}

  std::uint8_t byte() {
    const auto taken = text(1);
    return taken.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(taken[0]);
  }
  std::string_view text(std::size_t most) {
    const auto taken = rest_.substr(0, most);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  /// A length in two bytes, little endian, and as many bytes. put_piece() is its other half.
  std::string_view piece() {
    const auto low = byte();
    return text(low | std::size_t{byte()} << 8);
  }
  std::string_view rest() const noexcept { return rest_; }
  bool empty() const noexcept { return rest_.empty(); }

private:
  std::string_view rest_;
};

/// For seeds: at most 65535 bytes.
inline void put_piece(std::string& to, std::string_view piece) {
  to += static_cast<char>(piece.size() & 0xff);
  to += static_cast<char>(piece.size() >> 8);
  to += piece;
}

/// For seeds: an input whose first byte says what the rest is.
inline std::string of_kind(std::size_t kind, std::string_view bytes) {
  return std::string(1, static_cast<char>(kind)).append(bytes);
}

} // namespace fuzz
