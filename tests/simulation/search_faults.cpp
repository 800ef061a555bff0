#include "tests/simulation/search_faults.hpp"

#include <functional>
#include <utility>

using namespace std::chrono_literals;

namespace sim {
namespace {

/// Something begins and ends again after a while.
search_fault for_a_while(const char* name, std::chrono::nanoseconds every, std::chrono::nanoseconds longest,
                         std::function<void(search&, random_stream&)> begin, std::function<void(search&)> end) {
  return {name, every, [=](search& s, random_stream& random) {
            s.net().note("begins: {}", name);
            begin(s, random);
            s.net().at(s.net().now() + between(random, 10ms, longest), [&s, name, end] {
              s.net().note("ends: {}", name);
              end(s);
            });
          }};
}

} // namespace

search_fault driver_deaths(std::chrono::nanoseconds every, std::chrono::nanoseconds longest) {
  return {"driver deaths", every,
          [longest](search& s, random_stream& random) { s.kill_driver(between(random, 1ms, longest)); }};
}

search_fault interruptions(std::chrono::nanoseconds every) {
  return {"interruptions", every, [](search& s, random_stream&) { s.interrupt_driver(); }};
}

search_fault power_losses(std::chrono::nanoseconds every, std::chrono::nanoseconds longest) {
  return {"power losses", every, [longest](search& s, random_stream& random) {
            s.lose_power(random.below(40), between(random, 1ms, longest));
          }};
}

search_fault full_disks(std::chrono::nanoseconds every, std::chrono::nanoseconds longest) {
  return for_a_while(
    "full disks", every, longest, [](search& s, random_stream&) { s.storage().faults.is_full = true; },
    [](search& s) { s.storage().faults.is_full = false; });
}

search_fault disk_errors(std::chrono::nanoseconds every, std::chrono::nanoseconds longest) {
  return for_a_while(
    "disk errors", every, longest,
    [](search& s, random_stream& random) {
      auto& faults = s.storage().faults;
      (random.chance(0.4)   ? faults.sync_errors
       : random.chance(0.5) ? faults.write_errors
                            : faults.read_errors) = random.chance(0.5) ? 1 : random.unit();
    },
    [](search& s) {
      auto& faults = s.storage().faults;
      faults.sync_errors = faults.write_errors = faults.read_errors = 0;
    });
}

search_fault rotting_checkpoints(std::chrono::nanoseconds every) {
  return {"rotting checkpoints", every, [](search& s, random_stream& random) {
            if (const auto file = s.storage().rot("checkpoint_", random); !file.empty())
              s.net().note("a bit of {} rots", file);
          }};
}

search_fault flipped_bits(std::chrono::nanoseconds every, std::chrono::nanoseconds longest) {
  return for_a_while(
    "flipped bits", every, longest,
    [](search& s, random_stream& random) { s.storage().faults.flips = random.chance(0.5) ? 1 : random.unit(); },
    [](search& s) { s.storage().faults.flips = 0; });
}

search_fault slow_disks(std::chrono::nanoseconds every, std::chrono::nanoseconds longest) {
  return for_a_while(
    "slow disks", every, longest, [](search& s, random_stream& random) { s.make_disk_slow(between(random, 5ms, 3s)); },
    [](search& s) { s.make_disk_slow(5ms); });
}

search_fault killed_workers(std::chrono::nanoseconds every) {
  return {"killed workers", every, [](search& s, random_stream& random) { s.cluster().crash_one(random); }};
}

search_fault lost_nodes(std::chrono::nanoseconds every) {
  return {"lost nodes", every, [](search& s, random_stream& random) { s.cluster().lose_node(random); }};
}

search_fault repeated_news(std::chrono::nanoseconds every, std::chrono::nanoseconds longest) {
  return for_a_while(
    "repeated news", every, longest, [](search& s, random_stream&) { s.repeat_news(0.5); },
    [](search& s) { s.repeat_news(0); });
}

search_fault user_orders(std::chrono::nanoseconds every) {
  return {"user orders", every, [](search& s, random_stream& random) { s.order_something(random); }};
}

search_fault other_places(std::chrono::nanoseconds every) {
  return {"other places", every, [](search& s, random_stream& random) { s.set_places(1 + random.below(8)); }};
}

search_fault clock_jumps(std::chrono::nanoseconds every) {
  return {"clock jumps", every,
          [](search& s, random_stream& random) { s.move_wall_clock(between(random, -24h, 24h)); }};
}

} // namespace sim
