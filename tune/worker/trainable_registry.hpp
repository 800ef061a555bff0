#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "tune/trainable.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// The trainables of this program: filled at namespace scope before main() begins, read from then on.
class trainable_registry {
public:
  using entry = std::variant<trainable::function, trainable::factory>;

  static trainable_registry& of_this_program();

  void add(const std::string& name, entry how);
  /// Every mistake made at namespace scope: an empty name, one taken twice, or no function.
  [[nodiscard]] result<void> check() const;
  /// errc::not_found names what the program has instead.
  [[nodiscard]] result<entry> find(const std::string& name) const;

private:
  std::map<std::string, entry> entries_;
  std::vector<std::string> mistakes_;
};

} // namespace tune
