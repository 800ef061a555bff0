#include "tests/simulation/planted_mutation.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "runtime/base/mutation.hpp"

namespace {

using runtime::mutation;

std::optional<mutation> planted;

constexpr std::array known{
  std::pair{"forget_fencing", mutation::forget_fencing},
  std::pair{"hide_ending_leases", mutation::hide_ending_leases},
  std::pair{"forget_unheard_lease_end", mutation::forget_unheard_lease_end},
  std::pair{"forget_adoption", mutation::forget_adoption},
  std::pair{"give_back_before_end", mutation::give_back_before_end},
  std::pair{"keep_quota_used", mutation::keep_quota_used},
  std::pair{"forget_to_look_again", mutation::forget_to_look_again},
  std::pair{"keep_leases_of_gone_owner", mutation::keep_leases_of_gone_owner},
  std::pair{"keep_lease_of_cancelled", mutation::keep_lease_of_cancelled},
  std::pair{"declare_lost_too_early", mutation::declare_lost_too_early},
  std::pair{"forget_demands", mutation::forget_demands},
  std::pair{"count_end_of_another_attempt", mutation::count_end_of_another_attempt},
};

} // namespace

bool runtime::is_planted(mutation what) noexcept {
  return planted == what;
}

std::vector<std::string> sim::mutation_names() {
  std::vector<std::string> names;
  for (const auto& each : known)
    names.emplace_back(each.first);
  return names;
}

bool sim::plant(const std::string& name) {
  const auto found = std::find_if(known.begin(), known.end(), [&](const auto& each) { return each.first == name; });
  if (found == known.end())
    return false;
  planted = found->second;
  return true;
}

void sim::plant_nothing() {
  planted.reset();
}
