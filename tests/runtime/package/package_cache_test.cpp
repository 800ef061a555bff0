#include "runtime/package/package_cache.hpp"

#include <map>

#include <doctest/doctest.h>

#include "runtime/base/random_stream.hpp"
#include "tests/support/seeds.hpp"

using namespace runtime;

namespace {

using evictions = package_cache::evictions;

package_id number(std::uint64_t n) {
  package_id out;
  out.value[0] = static_cast<std::uint8_t>(n);
  return out;
}

/// A cache for 100 bytes with packages 1, 2, 3 of 30 bytes each, used in this order.
package_cache filled() {
  package_cache cache({100});
  for (std::uint64_t n = 1; n <= 3; ++n) {
    REQUIRE(cache.make_room(number(n), 30).value().empty());
    cache.unpin(number(n));
  }
  return cache;
}

struct model_entry {
  std::uint64_t bytes = 0;
  int pins = 0;
};

void take_room(package_cache& cache, std::map<package_id, model_entry>& model, const package_id& package,
               std::uint64_t bytes_if_new) {
  const auto known = model.find(package);
  const auto bytes = known == model.end() ? bytes_if_new : known->second.bytes;
  const auto evicted = cache.make_room(package, bytes);
  if (!evicted)
    return;
  for (const auto& gone : *evicted) {
    REQUIRE(model.at(gone).pins == 0);
    model.erase(gone);
  }
  model[package].bytes = bytes;
  ++model[package].pins;
}

} // namespace

TEST_CASE("package cache: the package whose use is longest ago makes room") {
  auto cache = filled();
  cache.pin(number(1));
  cache.unpin(number(1));

  CHECK(cache.make_room(number(4), 30).value() == evictions{number(2)});
  CHECK(cache.packages() == std::vector<package_id>{number(3), number(1), number(4)});
  CHECK(cache.used_bytes() == 90);
}

TEST_CASE("package cache: as many make room as are needed, and no more") {
  auto cache = filled();

  CHECK(cache.make_room(number(4), 70).value() == evictions{number(1), number(2)});
  CHECK(cache.has(number(3)));
  CHECK(cache.used_bytes() == 100);
}

TEST_CASE("package cache: a package in use stays, however long ago its use began") {
  auto cache = filled();
  cache.pin(number(1));
  cache.pin(number(1));
  cache.unpin(number(1)); // One of two workers ended.
  for (const std::uint64_t n : {2, 3}) {
    cache.pin(number(n));
    cache.unpin(number(n));
  }

  CHECK(cache.make_room(number(4), 60).value() == evictions{number(2), number(3)});
  CHECK(cache.is_pinned(number(1)));
}

TEST_CASE("package cache: what could fit when something ends is refused and changes nothing") {
  auto cache = filled();
  cache.pin(number(1));
  cache.pin(number(2));

  CHECK(cache.make_room(number(4), 41).error() ==
        error{errc::refused, "the package takes 41 bytes, but of the 100 that the package cache may hold 60 are of "
                             "packages in use; wait for their end, or give this node a larger one with "
                             "--package-cache"});
  CHECK(cache.has(number(3)));
  CHECK(cache.make_room(number(4), 40).value() == evictions{number(3)});
}

TEST_CASE("package cache: what could never fit is refused") {
  auto cache = filled();

  CHECK(cache.make_room(number(4), 101).error() ==
        error{errc::too_large, "the package takes 101 bytes, more than the package cache may hold (100); give this "
                               "node a larger one with --package-cache"});
  CHECK(cache.used_bytes() == 90);
}

TEST_CASE("package cache: a package on its way is pinned until it is let go") {
  package_cache cache({100});
  REQUIRE(cache.make_room(number(1), 60));

  CHECK(cache.make_room(number(2), 60).error().code == errc::refused);
  cache.unpin(number(1));
  CHECK(cache.make_room(number(2), 60).value() == evictions{number(1)});
}

TEST_CASE("package cache: one that is there is not counted twice") {
  auto cache = filled();

  CHECK(cache.make_room(number(1), 30).value().empty());
  CHECK(cache.used_bytes() == 90);
  CHECK(cache.is_pinned(number(1)));
}

TEST_CASE("package cache: what is found beyond the limit is evicted, the first found first") {
  package_cache cache({70});

  CHECK(cache.on_found(number(1), 30).empty());
  CHECK(cache.on_found(number(2), 30).empty());
  CHECK(cache.on_found(number(2), 30).empty()); // Told twice.
  CHECK(cache.on_found(number(3), 30) == evictions{number(1)});
}

TEST_CASE("package cache: what is gone is forgotten, and unknown names change nothing") {
  auto cache = filled();
  cache.forget(number(2));
  cache.forget(number(2));
  cache.pin(number(9));
  cache.unpin(number(9));
  cache.unpin(number(1)); // Not pinned.

  CHECK(cache.used_bytes() == 60);
  CHECK_FALSE(cache.has(number(9)));
  CHECK_FALSE(cache.is_pinned(number(1)));
}

TEST_CASE("package cache: whatever the history, it is within its limit and keeps what is in use") {
  for_each_seed(300, [](seed s) {
    random_stream random(s);
    package_cache cache({100});
    std::map<package_id, model_entry> model; // What must be there.
    for (int step = 0; step < 200; ++step) {
      const auto package = number(1 + random.below(8));
      const auto known = model.find(package);
      switch (random.below(4)) {
      case 0: take_room(cache, model, package, /*bytes_if_new=*/random.below(60)); break;
      case 1:
        cache.pin(package);
        if (known != model.end())
          ++known->second.pins;
        break;
      case 2:
        cache.unpin(package);
        if (known != model.end() && known->second.pins > 0)
          --known->second.pins;
        break;
      case 3:
        if (random.chance(0.1)) {
          cache.forget(package);
          model.erase(package);
        }
        break;
      }
      std::uint64_t sum = 0;
      for (const auto& [kept, what] : model) {
        REQUIRE(cache.has(kept));
        REQUIRE(cache.is_pinned(kept) == (what.pins > 0));
        sum += what.bytes;
      }
      REQUIRE(cache.used_bytes() == sum);
      REQUIRE(cache.used_bytes() <= 100);
      REQUIRE(cache.packages().size() == model.size());
    }
  });
}
