#include "runtime/resources/resource_book.hpp"

#include <map>

#include <doctest/doctest.h>

#include "runtime/base/random_stream.hpp"
#include "tests/support/seeds.hpp"

using namespace runtime;

namespace {

resource_set parsed(const char* text) {
  return or_throw(resource_set::parse(text));
}

} // namespace

TEST_CASE("resource book: what is taken is held, and free again when given back") {
  resource_book book(parsed("cpu=4,gpu=2"));

  const auto grant = book.take(lease_id{7}, parsed("cpu=1,gpu=1"));

  REQUIRE(grant);
  CHECK(grant->gpus == std::vector<gpu_share>{{0, amount::whole(1)}});
  CHECK(book.free() == parsed("cpu=3,gpu=1"));
  CHECK(book.held() ==
        std::map<lease_id, resource_book::holding>{{lease_id{7}, {parsed("cpu=1,gpu=1"), {{0, amount::whole(1)}}}}});
  CHECK(book.utilisation() == doctest::Approx(0.5));

  CHECK(book.give_back(lease_id{7}));
  CHECK(book == resource_book(parsed("cpu=4,gpu=2")));
}

TEST_CASE("resource book: giving back what is not held changes nothing") {
  resource_book book(cpus(4));
  REQUIRE(book.take(lease_id{1}, cpus(1)));
  const auto before = book;

  CHECK_FALSE(book.give_back(lease_id{2}));
  CHECK(book == before);
  CHECK(book.give_back(lease_id{1}));
  CHECK_FALSE(book.give_back(lease_id{1}));
  CHECK(book.free() == cpus(4));
}

TEST_CASE("resource book: the same demand of the same lease is the same grant") {
  resource_book book(gpus(2));
  REQUIRE(book.take(lease_id{1}, gpus(1)));
  REQUIRE(book.take(lease_id{2}, gpus(1)));
  const auto before = book;

  const auto again = book.take(lease_id{2}, gpus(1));

  REQUIRE(again);
  CHECK(again->gpus == std::vector<gpu_share>{{1, amount::whole(1)}});
  CHECK(book == before);
}

TEST_CASE("resource book: a lease never changes what it holds") {
  resource_book book(parsed("cpu=4,gpu=2"));
  REQUIRE(book.take(lease_id{17}, gpus(1)));
  const auto before = book;

  const auto other = book.take(lease_id{17}, cpus(1));
  REQUIRE(!other);
  CHECK(other.error() ==
        error{errc::already_exists, "lease 17 holds gpu=1 and now wants cpu=1; a lease never changes, take a new one"});
  const auto moved = book.take_exactly(lease_id{17}, gpus(1), {{1, amount::whole(1)}});
  REQUIRE(!moved);
  CHECK(moved.error() == error{errc::already_exists, "lease 17 holds gpu=1 on gpu 0 and now wants gpu=1 on gpu 1; a "
                                                     "lease never changes, take a new one"});
  CHECK(book == before);
}

TEST_CASE("resource book: a refusal says which lease, what it wants and what is free") {
  resource_book book(parsed("cpu=4,gpu=2"));
  REQUIRE(book.take(lease_id{1}, gpus(1)));

  const auto later = book.take(lease_id{17}, gpus(2));
  REQUIRE(!later);
  CHECK(later.error() == error{errc::refused, "lease 17 wants gpu=2 but only gpu=1 is free"});
  const auto never = book.take(lease_id{18}, gpus(3));
  REQUIRE(!never);
  CHECK(never.error() == error{errc::infeasible, "lease 18 wants gpu=3 but the node has only gpu=2"});
  const auto nonsense = book.take(lease_id{19}, gpus(1.5));
  REQUIRE(!nonsense);
  CHECK(nonsense.error() == error{errc::invalid_argument, "lease 19 wants gpu=1.5, which is neither whole nor less "
                                                          "than one device; use for example gpu=1, gpu=2 or gpu=0.5"});
}

TEST_CASE("resource book: an adopted lease keeps its devices, once however often it is told") {
  resource_book book(gpus(3));

  REQUIRE(book.take_exactly(lease_id{5}, gpus(1), {{1, amount::whole(1)}}));
  REQUIRE(book.take_exactly(lease_id{5}, gpus(1), {{1, amount::whole(1)}}));

  CHECK(book.free() == gpus(2));
  const auto next = book.take(lease_id{6}, gpus(2));
  REQUIRE(next);
  CHECK(visible_devices(next->gpus) == "0,2");
  const auto taken = book.take_exactly(lease_id{7}, gpus(1), {{1, amount::whole(1)}});
  REQUIRE(!taken);
  CHECK(taken.error() == error{errc::refused, "lease 7 wants gpu=1 but only gpu=0 is free"});
}

TEST_CASE("resource book: a lease of nothing is held too") {
  resource_book book(cpus(1));

  REQUIRE(book.take(lease_id{1}, resource_set()));

  CHECK(book.held().size() == 1);
  CHECK(book.free() == cpus(1));
}

TEST_CASE("resource book: a plan on a copy of the stock comes true") {
  resource_book book(parsed("cpu=8,gpu=4"));
  REQUIRE(book.take(lease_id{1}, gpus(0.5)));
  auto plan = book.stock();

  const auto first = plan.take(gpus(0.25));
  const auto second = plan.take(gpus(2));

  REQUIRE(first);
  REQUIRE(second);
  CHECK(or_throw(book.take(lease_id{2}, gpus(0.25))).gpus == *first);
  CHECK(or_throw(book.take(lease_id{3}, gpus(2))).gpus == *second);
  CHECK(book.stock() == plan);
}

namespace {

/// The model of a node with 8 cpus, 3 gpus and 5 licenses: what each lease holds, counted anew each time.
struct node_model {
  struct wish {
    std::int64_t cpu, gpu, license;
    std::map<std::uint32_t, std::int64_t> devices = {};
  };
  std::map<lease_id, wish> held;

  wish used() const {
    wish sum{0, 0, 0};
    for (const auto& [lease, w] : held) {
      sum.cpu += w.cpu;
      sum.gpu += w.gpu;
      sum.license += w.license;
      for (const auto& [device, share] : w.devices)
        sum.devices[device] += share;
    }
    return sum;
  }

  /// Whether a node with this much used has room, and on enough devices.
  bool has_room(const wish& w) const {
    auto all = used();
    std::int64_t devices = 0;
    const std::int64_t share = std::min<std::int64_t>(w.gpu, 10'000);
    for (std::uint32_t device = 0; device != 3; ++device)
      devices += all.devices[device] + share <= 10'000 ? 1 : 0;
    const bool gpu_fits =
      w.gpu == 0 || (w.gpu < 10'000 ? devices >= 1 : w.gpu % 10'000 == 0 && devices >= w.gpu / 10'000);
    return gpu_fits && all.cpu + w.cpu <= 80'000 && all.license + w.license <= 50'000;
  }
};

resource_set set_of(const node_model::wish& w) {
  resource_set set;
  set.set("cpu", amount::from_units(w.cpu));
  set.set("gpu", amount::from_units(w.gpu));
  set.set("license", amount::from_units(w.license));
  return set;
}

node_model::wish any_wish(random_stream& random) {
  constexpr std::int64_t gpu[] = {0, 0, 1, 2'500, 3'000, 5'000, 9'999, 10'000, 20'000, 30'000, 15'000, 40'000};
  return {static_cast<std::int64_t>(random.below(30'000)), gpu[random.below(std::size(gpu))],
          static_cast<std::int64_t>(random.below(3)) * 10'000};
}

/// Often right by chance, often not: too few, taken, repeated or missing devices.
std::vector<gpu_share> any_shares(random_stream& random, std::int64_t gpu) {
  std::vector<gpu_share> shares;
  for (std::uint32_t device = 0; device != 4; ++device)
    if (random.chance(gpu > 10'000 ? 0.6 : 0.3))
      shares.push_back({device, amount::from_units(std::min<std::int64_t>(gpu, 10'000))});
  if (!shares.empty() && random.chance(0.1))
    shares.push_back(shares.front());
  return shares;
}

/// Whether another judge could have granted just these devices.
bool may_adopt(const node_model& model, const node_model::wish& w, const std::vector<gpu_share>& shares) {
  auto used = model.used();
  std::int64_t sum = 0;
  std::uint32_t next = 0; // In order, so that none is named twice.
  for (const auto& [device, share] : shares) {
    if (device < next || device >= 3 || used.devices[device] + share.units() > 10'000)
      return false;
    sum += share.units();
    next = device + 1;
  }
  const auto devices = w.gpu == 0 ? 0 : std::max<std::int64_t>(1, w.gpu / 10'000);
  return model.has_room(w) && sum == w.gpu && static_cast<std::int64_t>(shares.size()) == devices;
}

void record(node_model& model, lease_id lease, node_model::wish w, const std::vector<gpu_share>& shares) {
  for (const auto& [device, share] : shares)
    w.devices[device] += share.units();
  model.held.emplace(lease, w);
}

/// I1, and that the book says what the model says.
void check_same(const resource_book& book, const node_model& model) {
  const auto used = model.used();
  REQUIRE(book.held().size() == model.held.size());
  resource_set held;
  for (const auto& [lease, holding] : book.held()) {
    REQUIRE(model.held.count(lease) == 1);
    REQUIRE(holding.resources == set_of(model.held.at(lease)));
    held += holding.resources;
  }
  REQUIRE(held == set_of(used));
  REQUIRE(book.free() + held == book.capacity());
  std::map<std::uint32_t, std::int64_t> devices;
  for (std::uint32_t device = 0; device != 3; ++device)
    devices[device] = 10'000 - book.stock().free_gpus()[device].units();
  for (const auto& [device, share] : devices)
    REQUIRE((used.devices.count(device) == 0 ? 0 : used.devices.at(device)) == share);
  for (const auto& [device, share] : used.devices)
    REQUIRE(share <= 10'000);
}

} // namespace

TEST_CASE("resource book: whatever the history, free + held = capacity and no device is given twice (I1)") {
  for_each_seed(300, [](seed s) {
    random_stream random(s);
    resource_book book(parsed("cpu=8,gpu=3,license=5"));
    node_model model;
    for (int step = 0; step < 100; ++step) {
      const lease_id lease{1 + random.below(12)};
      const auto known = model.held.find(lease);
      const auto wish = any_wish(random);
      const auto kind = random.below(3);
      if (kind == 0) {
        REQUIRE(book.give_back(lease) == (known != model.held.end()));
        model.held.erase(lease);
      } else if (known != model.held.end()) {
        REQUIRE(book.take(lease, set_of(known->second)).has_value());
        REQUIRE(book.take(lease, set_of(wish)).has_value() == (set_of(wish) == set_of(known->second)));
      } else if (kind == 1) {
        const bool fits = model.has_room(wish);
        REQUIRE(book.would_fit(set_of(wish)) == fits);
        const auto grant = book.take(lease, set_of(wish));
        REQUIRE(grant.has_value() == fits);
        if (grant)
          record(model, lease, wish, grant->gpus);
      } else {
        const auto shares = any_shares(random, wish.gpu);
        const bool fits = may_adopt(model, wish, shares);
        REQUIRE(book.take_exactly(lease, set_of(wish), shares).has_value() == fits);
        if (fits)
          record(model, lease, wish, shares);
      }
      check_same(book, model);
    }
  });
}
