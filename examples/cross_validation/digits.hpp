#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// Images of handwritten digits: 64 pixels in 0..16 each, row by row, and the digit that each shows.
struct digits {
  static constexpr int pixels = 64;
  static constexpr int classes = 10;

  std::vector<std::uint8_t> images; ///< One after the other.
  std::vector<std::uint8_t> labels;

  std::size_t size() const { return labels.size(); }
};

template <class Inspector>
auto inspect(Inspector& f, digits& x) {
  return f(x.images, x.labels);
}

/// Reads a gzipped file of lines with 64 pixels and the digit. Throws std::runtime_error with file and line.
digits load_digits(const std::string& file);
