#include "tune/results/text_table.hpp"

#include <algorithm>
#include <cstddef>

namespace tune {
namespace {

constexpr std::size_t gap = 2; // Between columns: one space may be part of a cell.

std::string shown(std::string cell) {
  return cell.empty() ? "-" : printable(std::move(cell));
}

} // namespace

std::string printable(std::string text) {
  for (auto& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f')
      c = c == '\n' ? ' ' : '?';
  return text;
}

std::string clipped(const std::string& text, std::size_t width) {
  if (width_of(text) <= width)
    return text;
  std::size_t end = 0;
  for (std::size_t characters = 0; end < text.size(); ++end)
    if ((static_cast<unsigned char>(text[end]) & 0xc0) != 0x80 && characters++ == width)
      break;
  return text.substr(0, end);
}

std::size_t width_of(const std::string& text) noexcept {
  return static_cast<std::size_t>(
    std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

void text_table::add(std::vector<std::string> row) {
  row.resize(rows_.front().size());
  std::transform(row.begin(), row.end(), row.begin(), shown);
  rows_.push_back(std::move(row));
}

std::string text_table::to_string() const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width_of(row[i]));
  std::string all;
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i)
      all += row[i] + std::string(widths[i] - width_of(row[i]) + gap, ' ');
    all += row.back() + '\n';
  }
  return all;
}

} // namespace tune
