#include "bench/search/curve_table.hpp"

#include "tune/space/unit_encoding.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <zlib.h>

namespace bench {
namespace {

using namespace tune;

std::string text_of(const std::string& file) {
  const std::unique_ptr<gzFile_s, decltype(&gzclose)> in(gzopen(file.c_str(), "rb"), &gzclose);
  if (!in)
    throw std::runtime_error(file + " cannot be opened");
  std::string text;
  char part[16384];
  int count = 0;
  while ((count = gzread(in.get(), part, sizeof part)) > 0)
    text.append(part, static_cast<std::size_t>(count));
  if (count < 0)
    throw std::runtime_error(file + " cannot be read");
  return text;
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream in(line);
  for (std::string field; std::getline(in, field, ',');)
    fields.push_back(field);
  return fields;
}

constexpr char curve[] = "valid_loss_";

} // namespace

curve_table::curve_table(const std::string& file) {
  std::istringstream in(text_of(file));
  std::string line;
  std::getline(in, line);
  auto names = fields_of(line);
  const auto first_loss = std::find_if(names.begin(), names.end(), [](const auto& x) { return x.find(curve) == 0; });
  const auto parameters = static_cast<std::size_t>(first_loss - names.begin());
  if (parameters == 0 || names.size() < parameters + 2)
    throw std::runtime_error(file + ": no parameters and " + curve + "0, " + curve + "1, ... in its first line");
  epochs_ = static_cast<iteration_number>(names.size() - parameters) - 1;
  names.resize(parameters);

  std::vector<std::vector<double>> values;
  while (std::getline(in, line)) {
    const auto fields = fields_of(line);
    if (fields.size() != parameters + static_cast<std::size_t>(epochs_) + 1)
      throw std::runtime_error(file + ": " + std::to_string(values.size() + 2) + ": a value is missing");
    std::vector<double> all;
    for (const auto& field : fields)
      all.push_back(std::stod(field)); // "nan", too.
    rows_.push_back({{}, {all.begin() + static_cast<std::ptrdiff_t>(parameters), all.end()}});
    all.resize(parameters);
    values.push_back(std::move(all));
  }

  for (std::size_t i = 0; i < parameters; ++i) {
    const auto [low, high] =
      std::minmax_element(values.begin(), values.end(), [&](const auto& a, const auto& b) { return a[i] < b[i]; });
    const bool is_linear = names[i].find("beta") == 0;
    space_.add(names[i], is_linear ? uniform((*low)[i], (*high)[i]) : log_uniform((*low)[i], (*high)[i]));
  }
  dimensions_ = space_plan(space_).dimensions();
  for (std::size_t r = 0; r < rows_.size(); ++r)
    for (std::size_t i = 0; i < parameters; ++i)
      rows_[r].units.push_back(to_unit(dimensions_[i].what, values[r][i]));
}

std::size_t curve_table::nearest(const config& values, const std::set<std::size_t>& but) const {
  std::vector<double> units;
  for (const auto& each : dimensions_)
    units.push_back(to_unit(each.what, *values.find(each.name)));
  std::size_t found = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    double distance = 0;
    for (std::size_t i = 0; i < units.size(); ++i)
      distance += (units[i] - rows_[r].units[i]) * (units[i] - rows_[r].units[i]);
    if (distance < least && but.count(r) == 0) {
      least = distance;
      found = r;
    }
  }
  return found;
}

} // namespace bench
