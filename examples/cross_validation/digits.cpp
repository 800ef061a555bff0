#include "digits.hpp"

#include <cstdlib>
#include <memory>
#include <stdexcept>

#include <zlib.h>

namespace {

[[noreturn]] void complain(const std::string& file, std::size_t line, const std::string& what) {
  throw std::runtime_error(file + ":" + std::to_string(line) + ": " + what);
}

/// The numbers of one line, all of them in 0..16.
std::vector<std::uint8_t> read_row(const char* text, const std::string& file, std::size_t line) {
  std::vector<std::uint8_t> row;
  for (char* end = nullptr;; text = end + 1) {
    const long value = std::strtol(text, &end, 10);
    if (end == text || value < 0 || value > 16)
      complain(file, line, "expected numbers from 0 to 16, separated by commas");
    row.push_back(static_cast<std::uint8_t>(value));
    if (*end != ',')
      break;
  }
  if (row.size() != digits::pixels + 1 || row.back() >= digits::classes)
    complain(file, line, "expected 64 pixels and a digit, but there are " + std::to_string(row.size()) + " numbers");
  return row;
}

} // namespace

digits load_digits(const std::string& file) {
  const std::unique_ptr<gzFile_s, decltype(&gzclose)> stream{gzopen(file.c_str(), "rb"), gzclose};
  if (!stream)
    throw std::runtime_error(file + ": cannot be read");
  digits all;
  char text[1024];
  for (std::size_t line = 1; gzgets(stream.get(), text, sizeof text) != nullptr; ++line) {
    const auto row = read_row(text, file, line);
    all.images.insert(all.images.end(), row.begin(), row.end() - 1);
    all.labels.push_back(row.back());
  }
  if (all.size() == 0)
    throw std::runtime_error(file + ": holds no images");
  return all;
}
