#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tune/spec/spec_document.hpp"

namespace tune {

/// Puts a document together from what a parser finds, in order.
class document_builder {
public:
  static constexpr std::size_t most_depth = 64; ///< Deeper is nobody's file; it may be one that contains itself.
  static constexpr std::size_t most_values = 1'000'000; ///< Aliases of aliases can mean more than memory holds.

  void key(const std::string& name, std::size_t line);
  void value(nlohmann::ordered_json what, std::size_t line); ///< Whole; a list's element has this line.
  void begin(nlohmann::ordered_json::value_t object_or_array, std::size_t line);
  const nlohmann::ordered_json* end(); ///< What has ended; null if it was left out. Good until the next call.

  bool wants_key() const noexcept; ///< In an object, where no key is open.
  void mistake(std::size_t line, std::string text);
  void give_up(std::size_t line, std::string text); ///< A mistake after which nothing can be made sense of.
  bool has_given_up() const noexcept { return has_given_up_; }

  spec_document finish() &&;

private:
  struct level {
    nlohmann::ordered_json container;
    std::string path;
    std::optional<std::string> open_key;
    bool is_repeated = false; ///< The open key.
    std::set<std::string> keys;
  };
  std::string path_of_next() const;
  const nlohmann::ordered_json* put(nlohmann::ordered_json what);
  void note(const std::string& path, std::size_t line);

  spec_document made_;
  std::vector<level> levels_;
  std::size_t values_ = 0;
  bool has_given_up_ = false;
};

} // namespace tune
