#include "tune/simulate/invented_curves.hpp"

#include "tune/space/unit_encoding.hpp"

#include <cmath>
#include <utility>

namespace tune {
namespace {

constexpr double deviation_of_rate = 0.3;
constexpr double deviation_of_noise = 0.01;

class invented_curve final : public trial_curve {
public:
  invented_curve(const invented_curves_options& options, trial_id trial, std::uint64_t seed,
                 std::vector<double> asymptotes)
    : options_(options),
      random_(seed, "invented curve", trial.value),
      asymptotes_(std::move(asymptotes)) {
    auto draws = random_.branch("trial", 0);
    rate_ = std::exp(draws.normal(0, deviation_of_rate));
    time_ = options_.iteration_time.draw(draws);
  }

  metrics at(iteration_number iteration) const override {
    metrics all;
    auto noise = random_.branch("iteration", static_cast<std::uint64_t>(iteration));
    for (std::size_t i = 0; i < asymptotes_.size(); ++i) {
      const double a = asymptotes_[i];
      const double loss =
        a + (1 - a) * std::pow(1 + static_cast<double>(iteration), -rate_) + noise.normal(0, deviation_of_noise);
      const auto& goal = options_.objectives[i];
      all.add(goal.metric, goal.better == direction::minimize ? loss : 1 - loss);
    }
    if (iteration >= options_.iterations)
      all.set("done", true);
    return all;
  }
  std::chrono::nanoseconds time(iteration_number) const override { return time_; }

private:
  const invented_curves_options& options_;
  chance random_;
  std::vector<double> asymptotes_; ///< Of each objective.
  double rate_ = 1;
  std::chrono::nanoseconds time_{0};
};

} // namespace

invented_curves::invented_curves(const search_space& space, invented_curves_options options)
  : plan_(space),
    options_(std::move(options)) {
  for (std::size_t i = 0; i < plan_.size(); ++i)
    if (plan_.at(i).count != std::uint64_t{1})
      varying_.push_back(i);
  for (std::size_t k = 0; k < options_.objectives.size(); ++k) {
    chance random(options_.seed, "invented optimum", k);
    auto& optimum = optima_.emplace_back();
    for (std::size_t i = 0; i < varying_.size(); ++i)
      optimum.push_back(random.unit());
  }
}

double invented_curves::distance(const config& values, std::size_t objective) const {
  double sum = 0;
  double active = 0;
  for (std::size_t i = 0; i < varying_.size(); ++i) {
    const auto& dimension = plan_.at(varying_[i]);
    const auto* x = values.find(dimension.name);
    if (x == nullptr)
      continue; // Its condition does not hold.
    sum += std::abs(to_unit(dimension.what, *x) - optima_[objective][i]);
    ++active;
  }
  return active == 0 ? 0.5 : sum / active;
}

std::unique_ptr<trial_curve> invented_curves::curve_of(trial_id trial, const config& values, std::uint64_t seed) const {
  std::vector<double> asymptotes;
  for (std::size_t k = 0; k < options_.objectives.size(); ++k)
    asymptotes.push_back(distance(values, k));
  return std::make_unique<invented_curve>(options_, trial, seed, std::move(asymptotes));
}

} // namespace tune
