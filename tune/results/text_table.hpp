#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace tune {

/// Rows under a header, in columns as wide as their widest cell; for a terminal.
class text_table {
public:
  explicit text_table(std::vector<std::string> header) : rows_{std::move(header)} {}

  /// Cells that are missing are empty. Control characters are shown as "?", so that no name of somebody else's can
  /// move the cursor; an empty cell is shown as "-", so that a row splits into as many words as there are columns.
  void add(std::vector<std::string> row);
  std::string to_string() const; ///< Each line ends with a newline and without spaces.

private:
  std::vector<std::vector<std::string>> rows_; ///< The header first.
};

/// One line without anything that moves a terminal's cursor: control characters become "?", newlines blanks.
std::string printable(std::string text);

/// At most so many characters of it, whole ones.
std::string clipped(const std::string& text, std::size_t width);

/// How many characters of a terminal a UTF-8 text takes; each code point counts as one.
std::size_t width_of(const std::string& text) noexcept;

} // namespace tune
