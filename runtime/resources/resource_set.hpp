#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "runtime/base/result.hpp"
#include "runtime/resources/amount.hpp"

namespace runtime {

/// Named amounts: what a node has, or what a demand wants. An amount of zero is not there.
/// cpu, gpu and memory (in bytes) are known by name; everything else is custom and only counted.
class resource_set {
public:
  static constexpr std::size_t max_names = 64;       ///< What outside may name at once.
  static constexpr std::size_t max_name_length = 63; ///< Of one name.

  struct entry {
    std::string_view name; ///< Valid as long as the set is unchanged.
    amount value;          ///< Never zero.
  };
  class iterator;

  resource_set() = default;

  /// Reads "cpu=1,gpu=0.5,memory=16GiB"; an empty text is an empty set. Names every mistake at once.
  [[nodiscard]] static result<resource_set> parse(std::string_view text);
  /// For (name, steps of 0.0001) from outside: checks what parse() checks.
  [[nodiscard]] static result<resource_set>
  from_outside(const std::vector<std::pair<std::string, std::int64_t>>& entries);

  amount get(std::string_view name) const noexcept; ///< Zero if it is not there.
  amount cpu() const noexcept { return known_[cpu_slot]; }
  amount gpu() const noexcept { return known_[gpu_slot]; }
  amount memory() const noexcept { return known_[memory_slot]; }

  /// Zero removes. The name must be one that validate_resource_name() accepts.
  void set(std::string_view name, amount value);
  bool empty() const noexcept;
  std::size_t size() const noexcept; ///< How many names.
  bool has_custom() const noexcept { return !custom_.empty(); }

  bool fits_in(const resource_set& available) const noexcept;
  /// What available lacks for this to fit in; empty if it does.
  resource_set missing_from(const resource_set& available) const;

  /// Overflow, and less than nothing, break the invariant: ask fits_in() before.
  resource_set& operator+=(const resource_set& other);
  resource_set& operator-=(const resource_set& other);
  friend resource_set operator+(resource_set a, const resource_set& b) { return a += b; }
  friend resource_set operator-(resource_set a, const resource_set& b) { return a -= b; }
  friend bool operator==(const resource_set& a, const resource_set& b) noexcept;
  friend bool operator!=(const resource_set& a, const resource_set& b) noexcept { return !(a == b); }

  /// cpu, gpu, memory, then the custom ones by name. Entries come by value: for (auto [name, value] : set).
  iterator begin() const noexcept;
  iterator begin_custom() const noexcept; ///< The first of the custom ones.
  iterator end() const noexcept;

  std::string to_string() const; ///< "cpu=2 gpu=0.5 memory=16GiB"; "nothing" if empty.

private:
  friend resource_set capped_sum(const resource_set& a, const resource_set& b);

  enum slot_index : std::size_t { cpu_slot, gpu_slot, memory_slot, slots };
  struct custom {
    std::string name;
    amount value;
  };
  static std::size_t slot_of(std::string_view name) noexcept; ///< slots if it is custom.
  template <class Combine>
  void combine(const resource_set& other, Combine combine_amounts);

  // The known ones are not searched for by name: the head asks a thousand nodes whether a demand fits.
  std::array<amount, slots> known_;
  std::vector<custom> custom_; ///< Sorted by name.
};

class resource_set::iterator {
public:
  using iterator_category = std::input_iterator_tag;
  using value_type = entry;
  using difference_type = std::ptrdiff_t;
  using pointer = const entry*;
  using reference = entry;

  iterator(const resource_set& set, std::size_t position) noexcept : set_(&set), position_(position) { skip(); }
  entry operator*() const noexcept;
  iterator& operator++() noexcept {
    ++position_;
    skip();
    return *this;
  }
  friend bool operator==(iterator a, iterator b) noexcept { return a.position_ == b.position_; }
  friend bool operator!=(iterator a, iterator b) noexcept { return a.position_ != b.position_; }

private:
  void skip() noexcept; ///< Over known ones that are zero.
  const resource_set* set_;
  std::size_t position_; ///< A slot, then slots + index of a custom one.
};

/// Like +, but what does not fit becomes amount::more_than_any(), which fits nowhere. For sums of what users ask for.
resource_set capped_sum(const resource_set& a, const resource_set& b);

/// A letter or underscore, then letters, digits, and _ - . :, at most resource_set::max_name_length in all.
[[nodiscard]] result<void> validate_resource_name(std::string_view name);

/// For tests and programs: so many and nothing else. Throws failure if it is no amount.
resource_set cpus(double n);
resource_set gpus(double n);
resource_set memory_bytes(std::int64_t n);

} // namespace runtime

template <>
struct fmt::formatter<runtime::resource_set> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(const runtime::resource_set& set, Context& context) const {
    return fmt::formatter<std::string_view>::format(set.to_string(), context);
  }
};
