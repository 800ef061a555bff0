#include "tune/searcher/design.hpp"

#include "tune/chance.hpp"
#include "tune/searcher/sobol_sequence.hpp"

#include <algorithm>

namespace tune {
namespace {

class by_chance final : public design {
public:
  explicit by_chance(std::uint64_t seed) : seed_(seed) {}

  void place(const turn& which, std::vector<double>& units) const override {
    const chance random(seed_, "random", which.trial);
    for (std::size_t j = 0; j < units.size(); ++j)
      units[j] = random.unit(j);
  }

private:
  std::uint64_t seed_;
};

/// Parameters with something to choose that are not crossed.
std::vector<std::size_t> placed_dimensions(const space_plan& plan) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const auto& form = plan.at(i).what.get();
    if (plan.at(i).count != 1 && !std::holds_alternative<domain::crossed>(form) &&
        !std::holds_alternative<domain::sampled>(form))
      places.push_back(i);
  }
  places.resize(std::min(places.size(), sobol_sequence::most_dimensions));
  return places;
}

class by_sobol final : public design {
public:
  by_sobol(const space_plan& plan, std::uint64_t seed)
    : seed_(seed),
      places_(placed_dimensions(plan)),
      sequence_(places_.size()),
      rest_(seed) {}

  void place(const turn& which, std::vector<double>& units) const override {
    if (places_.size() < units.size())
      rest_.place(which, units);
    // Every n-th point of a sequence is not even any more, so that each cell of a grid has one of its own.
    const chance keys(seed_, "sobol", which.cell);
    for (std::size_t j = 0; j < places_.size(); ++j)
      units[places_[j]] = unit_of(scrambled(sequence_.at(which.repeat, j), static_cast<std::uint32_t>(keys.bits(j))));
  }

private:
  std::uint64_t seed_;
  std::vector<std::size_t> places_;
  sobol_sequence sequence_;
  by_chance rest_;
};

} // namespace

std::unique_ptr<design> random_design(std::uint64_t seed) {
  return std::make_unique<by_chance>(seed);
}

std::unique_ptr<design> sobol_design(const space_plan& plan, std::uint64_t seed) {
  return std::make_unique<by_sobol>(plan, seed);
}

} // namespace tune
