#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tune {

/// How likely each choice of several parameters is, for a CMA-ES with choices (Hamano et al. 2024, arXiv:2405.09962).
/// Moves along the natural gradient, in steps that become longer while they agree and shorter while they do not
/// (Akimoto et al. 2019, arXiv:1905.08537). No choice becomes so unlikely that it would never be tried again.
class choice_distribution {
public:
  explicit choice_distribution(std::vector<std::size_t> counts); ///< Of the choices of each parameter; 2 or more.

  std::size_t size() const noexcept { return shares_.size(); }
  double share(std::size_t parameter, std::size_t choice) const { return shares_[parameter][choice]; }
  std::uint32_t likeliest(std::size_t parameter) const;
  std::uint32_t drawn(std::size_t parameter, double unit) const; ///< From a number in [0, 1).

  struct sample {
    const std::vector<std::uint32_t>* choices;
    double weight; ///< All together 1.
  };
  void update(const std::vector<sample>& best);
  /// Moves `share` of the way to how often these chose.
  void begin_at(const std::vector<sample>& best, double share);

private:
  using table = std::vector<std::vector<double>>;

  table direction_of(const std::vector<sample>& best) const;
  std::vector<double> normalised(const table& direction) const;
  void keep_all_possible();

  table shares_;
  std::vector<double> least_; ///< Of each parameter.
  std::vector<double> path_;  ///< Of the normalised steps.
  double path_length_ = 0;    ///< What its squared length would be if the steps were by chance.
  double caution_ = 1;        ///< Steps have the length 1 / caution.
};

} // namespace tune
