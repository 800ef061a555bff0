#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "tune/searcher/cma_distribution.hpp"
#include "tune/searcher/cma_restarts.hpp"
#include "tune/searcher/design_search.hpp"
#include "tune/searcher/modelled_axes.hpp"
#include "tune/searcher/searcher.hpp"
#include "tune/searcher/trial_standing.hpp"
#include "tune/searchers.hpp"
#include "tune/space/space_plan.hpp"

namespace tune {

/// Covariance matrix adaptation evolution strategy. Whoever asks gets a point of the generation that is open, however
/// many were asked for before. A generation closes when so many trials have ended as its population has; of these up to
/// half may be of the one before it. Only the order of losses counts; trials that were stopped early come behind those
/// that completed, the longer they ran the better.
class cma_es final : public searcher {
public:
  /// Options and space without mistakes.
  cma_es(const searcher_setup& setup, const cma_es_search_options& options);

  static std::vector<std::string> mistakes(const search_space& space, const cma_es_search_options& options);

  searcher_abilities abilities() const override;
  asked ask(const std::vector<trial_id>& trials) override;
  void on_known(const config& values, const std::vector<double>& losses) override;
  void on_created(trial_id trial, const config& values) override;
  void on_report(trial_id trial, iteration_number iteration, const std::vector<double>& losses) override;
  void on_constraints(trial_id trial, const std::vector<double>& violations) override;
  void on_end(trial_id trial, trial_outcome how, const std::vector<double>& losses) override;

private:
  using ranks = std::unordered_set<std::uint64_t>;
  struct drawn {
    trial_id trial;
    config values;
    std::optional<cma_point> where; ///< None: not of the distribution.
  };
  struct pending {
    trial_course course;
    cma_point where;
    std::uint64_t generation;
    bool is_foreign;
  };
  struct ended {
    trial_standing how;
    trial_id trial;
    cma_point where;
    bool is_foreign;
  };
  struct known {
    double loss;
    std::vector<double> axes;
  };

  void begin();
  std::size_t usual_population() const;
  cma_start start_at(std::vector<double> axes, double deviation) const;
  cma_start start_at_known() const;
  void enlarge_population();
  std::optional<drawn> at_attempt(trial_id trial, std::uint64_t i) const;
  std::optional<drawn> evolved(trial_id trial, const ranks& in_batch) const;
  std::optional<cma_point> origin_of(trial_id trial, const config& values) const;
  cma_point seen_at(const config& values) const;
  void close_generation();
  void begin_again();

  space_plan plan_;
  modelled_axes axes_;
  std::uint64_t seed_;
  cma_es_search_options options_;
  design_search design_;     ///< What cannot be learned, and the rest of a finite space.
  std::vector<known> known_; ///< The best ones, best first.
  std::size_t known_count_ = 0;

  cma_restarts restarts_;
  cma_restarts::run run_;
  std::unique_ptr<cma_distribution> distribution_; ///< None until the first trial.
  std::uint64_t runs_ = 0;
  std::uint64_t trials_of_run_ = 0;
  std::uint64_t generation_ = 0;   ///< Of all runs.
  std::uint64_t first_of_run_ = 0; ///< Its first generation.
  bool has_any_ended_ = false;
  std::map<trial_id, pending> pending_;
  std::vector<ended> own_;        ///< Of the open generation.
  std::vector<ended> stragglers_; ///< Of those before it, in the same run.
  std::vector<drawn> last_asked_; ///< While the distribution has not changed: only saves time.
};

} // namespace tune
