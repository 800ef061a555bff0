#include "digits.hpp"

#include "embedded_file.hpp"

#include <cstdlib>
#include <stdexcept>

EMBED_FILE(digits_file, CAF_TUNE_EXAMPLE_DATA "/digits.csv.gz");

namespace {

/// The numbers of one line, all of them in 0..16.
std::vector<std::uint8_t> read_row(const char* text, std::size_t line) {
  std::vector<std::uint8_t> row;
  for (char* end = nullptr;; text = end + 1) {
    const long value = std::strtol(text, &end, 10);
    if (end == text || value < 0 || value > 16)
      throw std::runtime_error("digits.csv.gz:" + std::to_string(line) + ": expected numbers from 0 to 16");
    row.push_back(static_cast<std::uint8_t>(value));
    if (*end != ',')
      break;
  }
  if (row.size() != digits::pixels + 1 || row.back() >= digits::classes)
    throw std::runtime_error("digits.csv.gz:" + std::to_string(line) + ": expected 64 pixels and a digit");
  return row;
}

} // namespace

digits load_digits() {
  const auto text = unzipped(digits_file_begin, digits_file_end);
  digits all;
  std::size_t line = 0;
  for (std::size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1) {
    const auto row = read_row(text.c_str() + begin, ++line);
    all.images.insert(all.images.end(), row.begin(), row.end() - 1);
    all.labels.push_back(row.back());
    if (text.find('\n', begin) == std::string::npos)
      break;
  }
  return all;
}
