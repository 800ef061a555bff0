#include "tune/searcher/design.hpp"

#include "tune/chance.hpp"
#include "tune/searcher/halton_sequence.hpp"
#include "tune/searcher/shuffled_index.hpp"
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
std::vector<std::size_t> placed_dimensions(const space_plan& plan, std::size_t most) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const auto& form = plan.at(i).what.get();
    if (plan.at(i).count != 1 && !std::holds_alternative<domain::crossed>(form) &&
        !std::holds_alternative<domain::sampled>(form))
      places.push_back(i);
  }
  places.resize(std::min(places.size(), most));
  return places;
}

class by_sobol final : public design {
public:
  by_sobol(const space_plan& plan, std::uint64_t seed)
    : seed_(seed),
      places_(placed_dimensions(plan, sobol_sequence::most_dimensions)),
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

class by_halton final : public design {
public:
  by_halton(const space_plan& plan, std::uint64_t seed)
    : seed_(seed),
      places_(placed_dimensions(plan, halton_sequence::most_dimensions)),
      rest_(seed) {}

  void place(const turn& which, std::vector<double>& units) const override {
    if (places_.size() < units.size())
      rest_.place(which, units);
    const chance keys(seed_, "halton", which.cell);
    for (std::size_t j = 0; j < places_.size(); ++j)
      units[places_[j]] = halton_sequence::scrambled_at(which.repeat, j, keys.branch("digits", j));
  }

private:
  std::uint64_t seed_;
  std::vector<std::size_t> places_;
  by_chance rest_;
};

class by_rows final : public design {
public:
  by_rows(const space_plan& plan, const design_setup& setup)
    : setup_(setup),
      places_(placed_dimensions(plan, plan.size())),
      rest_(setup.seed) {}

  void place(const turn& which, std::vector<double>& units) const override {
    rest_.place(which, units);
    const auto rows = setup_.repeats;
    const auto keys = chance(setup_.seed, "latin hypercube", which.cell).branch("which", which.repeat / rows);
    for (const auto j : places_) { // What chance said of it is where in its row it lies.
      const auto row = shuffled_index(which.repeat % rows, rows, keys.bits(j));
      units[j] = std::min((static_cast<double>(row) + units[j]) / static_cast<double>(rows), below_one);
    }
  }

private:
  static constexpr double below_one = 1 - 0x1p-53;

  design_setup setup_;
  std::vector<std::size_t> places_;
  by_chance rest_;
};

} // namespace

std::unique_ptr<design> random_design(const space_plan& /*plan*/, const design_setup& setup) {
  return std::make_unique<by_chance>(setup.seed);
}

std::unique_ptr<design> sobol_design(const space_plan& plan, const design_setup& setup) {
  return std::make_unique<by_sobol>(plan, setup.seed);
}

std::unique_ptr<design> halton_design(const space_plan& plan, const design_setup& setup) {
  return std::make_unique<by_halton>(plan, setup.seed);
}

std::unique_ptr<design> latin_hypercube_design(const space_plan& plan, const design_setup& setup) {
  if (setup.repeats <= 1) // One row would be chance. It may be of many turns whose number nobody knows.
    return sobol_design(plan, setup);
  return std::make_unique<by_rows>(plan, setup);
}

} // namespace tune
