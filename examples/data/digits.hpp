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

/// All of digits.csv.gz. The file is part of the program, so that nodes of a cluster need not have it.
digits load_digits();
