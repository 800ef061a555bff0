#pragma once

#include <cstddef>
#include <initializer_list>
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

#include "tune/value.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// Values by name, in the order in which they were set. A name with slashes, "optimizer/lr", is nested: JSON shows it
/// so. Lookups are linear: these are tens of values.
class named_values {
public:
  using entry = std::pair<std::string, value>;

  named_values() = default;
  named_values(std::initializer_list<entry> entries);
  /// In this order. Throws runtime::failure where a name is there twice.
  explicit named_values(std::vector<entry> entries);

  /// A name that more than one of these have; null if there is none.
  static const std::string* find_repeated(const std::vector<entry>& entries);

  void set(const std::string& name, value x); ///< Replaces what has this name, in its place.
  void add(std::string name, value x);        ///< set() for a name that is not there: without looking.
  bool erase(const std::string& name);
  const value* find(const std::string& name) const noexcept; ///< Null if there is none.
  bool contains(const std::string& name) const noexcept { return find(name) != nullptr; }

  /// Throws runtime::failure where there is no such value, or it is of another type; the text says what there is.
  template <class T>
  T get(const std::string& name) const {
    try {
      return at(name).template as<T>();
    } catch (const failure& why) {
      throw failure(runtime::within("\"" + name + "\"", why.why));
    }
  }
  /// The same, with a default for what is not there; still throws for another type.
  template <class T>
  T get(const std::string& name, T otherwise) const {
    return contains(name) ? get<T>(name) : otherwise;
  }

  std::size_t size() const noexcept { return entries_.size(); }
  bool empty() const noexcept { return entries_.empty(); }
  auto begin() const noexcept { return entries_.begin(); }
  auto end() const noexcept { return entries_.end(); }

  /// The same names with the same values; their order does not matter.
  friend bool operator==(const named_values& a, const named_values& b);
  friend bool operator!=(const named_values& a, const named_values& b) { return !(a == b); }

private:
  const value& at(const std::string& name) const;

  std::vector<entry> entries_;
};

/// A trial's parameters: those that are active, by name.
class config : public named_values {
public:
  using named_values::named_values;
};

/// What a trial reports: numbers mostly, by name.
class metrics : public named_values {
public:
  using named_values::named_values;
};

/// One JSON object on one line; nested where names have slashes.
std::string to_json(const named_values& values);
std::ostream& operator<<(std::ostream& out, const named_values& values);

} // namespace tune
