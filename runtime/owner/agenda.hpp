#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "runtime/base/instant.hpp"

namespace runtime {

/// When what is due next. Each key is in it once at most; ties go to the smaller key.
template <class Key>
class agenda {
public:
  void set(const Key& key, instant when) {
    const auto [known, added] = times_.emplace(key, when);
    if (!added) {
      if (known->second == when)
        return;
      order_.erase({known->second, key});
      known->second = when;
    }
    order_.emplace(when, key);
  }

  void drop(const Key& key) {
    const auto known = times_.find(key);
    if (known == times_.end())
      return;
    order_.erase({known->second, key});
    times_.erase(known);
  }

  void set(const Key& key, std::optional<instant> when) { when ? set(key, *when) : drop(key); }

  /// Takes out the first that is due.
  std::optional<Key> take_due(instant now) {
    if (order_.empty() || now < order_.begin()->first)
      return std::nullopt;
    auto key = order_.begin()->second;
    drop(key);
    return key;
  }

  std::optional<instant> next() const {
    if (order_.empty())
      return std::nullopt;
    return order_.begin()->first;
  }

private:
  std::map<Key, instant> times_;
  std::set<std::pair<instant, Key>> order_;
};

} // namespace runtime
