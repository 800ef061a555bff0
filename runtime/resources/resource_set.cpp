#include "runtime/resources/resource_set.hpp"

#include "runtime/base/trimmed.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <set>

namespace runtime {

namespace {

constexpr std::array<std::string_view, 3> known_names = {"cpu", "gpu", "memory"};

amount capped(amount a, amount b) {
  return a.units() > std::numeric_limits<std::int64_t>::max() - b.units() ? amount::more_than_any() : a + b;
}

/// Collects a set from outside with every mistake that it has.
class checked_set {
public:
  void add(std::string_view name, result<amount> value) {
    bool is_good = true;
    if (const auto valid = validate_resource_name(name); !valid) {
      mistakes_.push_back(valid.error().message);
      is_good = false;
    } else if (!names_.emplace(name).second) {
      mistakes_.push_back(fmt::format("{} is named twice; name each resource once", name));
      is_good = false;
    }
    if (!value)
      mistakes_.push_back(within(std::string(name), std::move(value.error())).message);
    else if (is_good)
      set_.set(name, *value);
  }

  void add_mistake(std::string mistake) { mistakes_.push_back(std::move(mistake)); }

  result<resource_set> finish() && {
    if (names_.size() > resource_set::max_names)
      add_mistake(fmt::format("{} resources are too many; name at most {}", names_.size(), resource_set::max_names));
    if (mistakes_.empty())
      return std::move(set_);
    return fail(errc::invalid_argument, fmt::format("{}", fmt::join(mistakes_, " | ")));
  }

private:
  resource_set set_;
  std::set<std::string, std::less<>> names_; // Not set_: zero amounts are named too.
  std::vector<std::string> mistakes_;
};

} // namespace

result<void> validate_resource_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto may_follow = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':';
  };
  if (name.empty())
    return fail(errc::invalid_argument, "a resource has no name; write name=amount");
  if (name.size() > resource_set::max_name_length)
    return fail(errc::invalid_argument, fmt::format("the resource name {:?}... has {} characters; use at most {}",
                                                    name.substr(0, 20), name.size(), resource_set::max_name_length));
  if (!is_letter(name.front()) || !std::all_of(name.begin(), name.end(), may_follow))
    return fail(errc::invalid_argument,
                fmt::format("{:?} is not a resource name; use a letter, then letters, digits, and any of _-.:", name));
  return {};
}

result<resource_set> resource_set::parse(std::string_view text) {
  checked_set set;
  if (trimmed(text).empty())
    return resource_set();
  for (std::size_t start = 0; start <= text.size();) {
    const auto end = std::min(text.find(',', start), text.size());
    const auto item = trimmed(text.substr(start, end - start));
    start = end + 1;
    const auto equals = item.find('=');
    if (equals == std::string_view::npos) {
      set.add_mistake(fmt::format("{:?} is not a resource; write name=amount", item));
      continue;
    }
    const auto name = trimmed(item.substr(0, equals));
    const auto value = trimmed(item.substr(equals + 1));
    set.add(name, name == known_names[memory_slot] ? parse_memory(value) : parse_amount(value));
  }
  return std::move(set).finish();
}

result<resource_set> resource_set::from_outside(const std::vector<std::pair<std::string, std::int64_t>>& entries) {
  checked_set set;
  for (const auto& [name, units] : entries)
    set.add(name, amount::from_outside(units));
  return std::move(set).finish();
}

std::size_t resource_set::slot_of(std::string_view name) noexcept {
  return static_cast<std::size_t>(std::find(known_names.begin(), known_names.end(), name) - known_names.begin());
}

amount resource_set::get(std::string_view name) const noexcept {
  if (const auto slot = slot_of(name); slot != slots)
    return known_[slot];
  const auto found = std::find_if(custom_.begin(), custom_.end(), [&](const custom& c) { return c.name == name; });
  return found == custom_.end() ? amount() : found->value;
}

void resource_set::set(std::string_view name, amount value) {
  if (const auto slot = slot_of(name); slot != slots) {
    known_[slot] = value;
    return;
  }
  const auto valid = validate_resource_name(name);
  CAF_TUNE_INVARIANT(valid, "{}", valid.error().message);
  const auto place = std::lower_bound(custom_.begin(), custom_.end(), name,
                                      [](const custom& c, std::string_view wanted) { return c.name < wanted; });
  const bool is_there = place != custom_.end() && place->name == name;
  if (value.is_zero()) {
    if (is_there)
      custom_.erase(place);
  } else if (is_there) {
    place->value = value;
  } else {
    custom_.insert(place, custom{std::string(name), value});
  }
}

bool resource_set::empty() const noexcept {
  return size() == 0;
}

std::size_t resource_set::size() const noexcept {
  const auto known = std::count_if(known_.begin(), known_.end(), [](amount a) { return !a.is_zero(); });
  return static_cast<std::size_t>(known) + custom_.size();
}

bool resource_set::fits_in(const resource_set& available) const noexcept {
  for (std::size_t slot = 0; slot != slots; ++slot)
    if (known_[slot] > available.known_[slot])
      return false;
  auto theirs = available.custom_.begin();
  for (const auto& mine : custom_) { // Both are sorted: one pass.
    while (theirs != available.custom_.end() && theirs->name < mine.name)
      ++theirs;
    if (theirs == available.custom_.end() || theirs->name != mine.name || mine.value > theirs->value)
      return false;
  }
  return true;
}

resource_set resource_set::missing_from(const resource_set& available) const {
  resource_set missing;
  for (const auto [name, wanted] : *this)
    if (const auto there = available.get(name); wanted > there)
      missing.set(name, wanted - there);
  return missing;
}

template <class Combine>
void resource_set::combine(const resource_set& other, Combine combine_amounts) {
  if (&other == this) // set() below may erase what the loop stands on.
    return combine(resource_set(other), combine_amounts);
  for (std::size_t slot = 0; slot != slots; ++slot)
    known_[slot] = combine_amounts(known_[slot], other.known_[slot]);
  for (const auto& [name, value] : other.custom_)
    set(name, combine_amounts(get(name), value));
}

resource_set& resource_set::operator+=(const resource_set& other) {
  combine(other, [](amount a, amount b) { return a + b; });
  return *this;
}

resource_set& resource_set::operator-=(const resource_set& other) {
  combine(other, [](amount a, amount b) { return a - b; });
  return *this;
}

resource_set capped_sum(const resource_set& a, const resource_set& b) {
  auto sum = a;
  sum.combine(b, capped);
  return sum;
}

bool operator==(const resource_set& a, const resource_set& b) noexcept {
  return a.known_ == b.known_ && std::equal(a.custom_.begin(), a.custom_.end(), b.custom_.begin(), b.custom_.end(),
                                            [](const resource_set::custom& x, const resource_set::custom& y) {
                                              return x.value == y.value && x.name == y.name;
                                            });
}

resource_set::iterator resource_set::begin() const noexcept {
  return iterator(*this, 0);
}

resource_set::iterator resource_set::begin_custom() const noexcept {
  return iterator(*this, slots);
}

resource_set::iterator resource_set::end() const noexcept {
  return iterator(*this, slots + custom_.size());
}

resource_set::entry resource_set::iterator::operator*() const noexcept {
  if (position_ < slots)
    return {known_names[position_], set_->known_[position_]};
  const auto& custom = set_->custom_[position_ - slots];
  return {custom.name, custom.value};
}

void resource_set::iterator::skip() noexcept {
  while (position_ < slots && set_->known_[position_].is_zero())
    ++position_;
}

std::string resource_set::to_string() const {
  std::string text;
  for (const auto [name, value] : *this) {
    if (!text.empty())
      text += ' ';
    text += name;
    text += '=';
    text += name == known_names[memory_slot] ? memory_to_string(value) : value.to_string();
  }
  return text.empty() ? "nothing" : text;
}

namespace {

resource_set only(std::string_view name, amount value) {
  resource_set set;
  set.set(name, value);
  return set;
}

} // namespace

resource_set cpus(double n) {
  return only("cpu", or_throw(amount::from_double(n)));
}

resource_set gpus(double n) {
  return only("gpu", or_throw(amount::from_double(n)));
}

resource_set memory_bytes(std::int64_t n) {
  return only("memory", or_throw(amount::from_double(static_cast<double>(n))));
}

} // namespace runtime
