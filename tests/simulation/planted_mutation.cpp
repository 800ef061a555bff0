#include "tests/simulation/planted_mutation.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "runtime/base/mutation.hpp"

namespace {

using runtime::mutation;

std::optional<mutation> planted;

constexpr std::array of_runtime{
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

constexpr std::array of_tune{
  std::pair{"acknowledge_before_sync", mutation::acknowledge_before_sync},
  std::pair{"take_damage_for_torn", mutation::take_damage_for_torn},
  std::pair{"trust_failed_sync", mutation::trust_failed_sync},
  std::pair{"answer_before_disk", mutation::answer_before_disk},
  std::pair{"answer_twice", mutation::answer_twice},
  std::pair{"start_before_disk", mutation::start_before_disk},
  std::pair{"drop_before_disk", mutation::drop_before_disk},
  std::pair{"count_late_report", mutation::count_late_report},
  std::pair{"forget_newest_checkpoint", mutation::forget_newest_checkpoint},
  std::pair{"seal_without_sync", mutation::seal_without_sync},
  std::pair{"forget_trial_directory", mutation::forget_trial_directory},
  std::pair{"skip_checkpoint_checksum", mutation::skip_checkpoint_checksum},
};

template <class Known>
void add_names(const Known& known, std::vector<std::string>& names) {
  for (const auto& each : known)
    names.emplace_back(each.first);
}

template <class Known>
bool plant_one_of(const Known& known, const std::string& name) {
  const auto found = std::find_if(known.begin(), known.end(), [&](const auto& each) { return each.first == name; });
  if (found != known.end())
    planted = found->second;
  return found != known.end();
}

} // namespace

bool runtime::is_planted(mutation what) noexcept {
  return planted == what;
}

std::vector<std::string> sim::mutation_names(mutated_layer of) {
  std::vector<std::string> names;
  switch (of) {
  case mutated_layer::runtime: add_names(of_runtime, names); break;
  case mutated_layer::tune: add_names(of_tune, names); break;
  }
  return names;
}

std::vector<std::string> sim::mutation_names() {
  std::vector<std::string> names;
  add_names(of_runtime, names);
  add_names(of_tune, names);
  return names;
}

bool sim::plant(const std::string& name) {
  return plant_one_of(of_runtime, name) || plant_one_of(of_tune, name);
}

void sim::plant_nothing() {
  planted.reset();
}
