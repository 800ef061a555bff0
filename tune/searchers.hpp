#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tune/config.hpp"
#include "tune/search_space.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

class searcher; ///< tune/searcher/searcher.hpp

/// A configuration that is tried before anything else: what it leaves out is drawn. With the results that are already
/// known of it, it is not run: the searcher learns from it.
struct point {
  config values;
  std::optional<metrics> known = std::nullopt;
};

/// What a searcher is made for.
struct searcher_setup {
  search_space space;        ///< Without mistakes.
  std::uint64_t seed = 0;    ///< The experiment's; a searcher's own seed goes before it.
  std::uint64_t samples = 1; ///< Times the grid, if there is one.
  std::uint64_t points = 0;  ///< So many trials, the first, are the user's points.
  std::size_t objectives = 1;
};

/// Which searcher an experiment uses, with its options: `experiment.searcher = tune::sobol_search();`
class searcher_choice {
public:
  struct kind {
    std::function<std::unique_ptr<searcher>(const searcher_setup&)> make;
    /// What keeps it from searching this space, and options out of their range; besides mistakes_of(space).
    std::function<std::vector<std::string>(const search_space&)> mistakes;
    /// How many trials the experiment has if nothing ends it before.
    std::function<std::uint64_t(const searcher_setup&)> trials;
  };

  /// `options`: a JSON object of those that are not at their default.
  searcher_choice(std::string name, std::string options, kind what);

  const std::string& name() const noexcept { return name_; }
  const std::string& options() const noexcept { return options_; }

  /// `space: "lr": ...` or `searcher: ...`; empty: make() may be called.
  [[nodiscard]] std::vector<std::string> mistakes(const search_space& space) const { return kind_.mistakes(space); }
  std::uint64_t trials(const searcher_setup& setup) const { return kind_.trials(setup); }
  std::unique_ptr<searcher> make(const searcher_setup& setup) const;

private:
  std::string name_;
  std::string options_;
  kind kind_;
};

/// {"name": "random", "seed": 1}; searcher_from_json() reads it.
std::string to_json(const searcher_choice& choice);

struct auto_search_options {
  std::optional<std::uint64_t> seed; ///< Absent: the experiment's.
  bool repeat = false;               ///< As for random_search.
};
/// The default: chooses among the others by the space, the objectives and how many trials have ended in which way, and
/// says what it chose. While trials are few gp_search() and tpe_search() take turns, then it is tpe_search(); where
/// many trials are stopped or paused early by their scheduler it is bohb_search(); for several objectives it is
/// tpe_search(), and nsga2_search() when there were many trials; in a space with grids it is random_search(). An
/// experiment that was begun with another searcher goes on with that one.
searcher_choice auto_search(const auto_search_options& options = {});

struct random_search_options {
  std::optional<std::uint64_t> seed; ///< Absent: the experiment's.
  bool repeat = false;               ///< In a space of finitely many points, propose a point again.
};
/// Each parameter is drawn by itself. A space of finitely many points is exhausted when each was proposed.
searcher_choice random_search(const random_search_options& options = {});

struct sobol_search_options {
  std::optional<std::uint64_t> seed; ///< Of the scrambling. Absent: the experiment's.
  bool repeat = false;               ///< As for random_search.
};
/// A Sobol sequence (Joe and Kuo 2008), scrambled after Owen (Burley 2020): covers the space more evenly than chance.
searcher_choice sobol_search(const sobol_search_options& options = {});

struct halton_search_options {
  std::optional<std::uint64_t> seed; ///< Of the scrambling. Absent: the experiment's.
  bool repeat = false;               ///< As for random_search.
};
/// A Halton sequence (1960), scrambled (Owen 2017, arXiv:1706.02808): even whatever the number of trials, in up to 20
/// parameters; those beyond are drawn.
searcher_choice halton_search(const halton_search_options& options = {});

struct latin_hypercube_search_options {
  std::optional<std::uint64_t> seed; ///< Absent: the experiment's.
  bool repeat = false;               ///< As for random_search.
};
/// A Latin hypercube (McKay et al. 1979): each parameter by itself is covered as evenly as `samples` trials can. With
/// fewer it is not, nor where an experiment is extended. Of one point, and in ask-tell where no `samples` says how many
/// there will be, it is sobol_search().
searcher_choice latin_hypercube_search(const latin_hypercube_search_options& options = {});

struct grid_search_options {
  std::optional<std::uint64_t> seed; ///< Of the shuffling. Absent: the experiment's.
  bool shuffle = false;              ///< In a random order instead of the last parameter fastest.
};
/// Every point of a space that has finitely many, `samples` times.
searcher_choice grid_search(const grid_search_options& options = {});

struct tpe_search_options {
  std::optional<std::uint64_t> seed; ///< Absent: the experiment's.
  bool repeat = false;               ///< As for random_search.
  int startup_trials = 10;  ///< So many trials must have ended before it learns (Bergstra et al. 2011); 1 or more.
  int candidates = 24;      ///< Points that are compared for a proposal (Bergstra et al. 2013); 1 to 10,000.
  double good_share = 0.15; ///< Of all trials so many are the good ones (Watanabe 2023); above 0, at most 1.
  int most_good = 25;       ///< And at most so many; 1 to 1,000.
  bool multivariate = true; ///< False: each parameter is drawn without regard to the others.
};
/// Tree-structured Parzen estimator: learns which regions are good and which are not, from all domains but grids, with
/// conditions, from trials that were stopped early, and for several objectives. Kernels and defaults after Watanabe
/// 2023 (arXiv:2304.11127).
searcher_choice tpe_search(const tpe_search_options& options = {});

struct bohb_search_options {
  std::optional<std::uint64_t> seed; ///< Absent: the experiment's.
  bool repeat = false;               ///< As for random_search.
  iteration_number grace_period = 1; ///< Iterations before the first rung, and
  double reduction_factor = 3;       ///< so many times more before each next; the scheduler's. From 1, and 1.5 to 1e6.
  double random_share = 0.2;         ///< So many trials are of a Sobol search, lest models are misled; 0 to 1.
  int candidates = 24;               ///< As for tpe_search.
  double good_share = 0.15;          ///< Of the results of a rung so many are the good ones; above 0, at most 1.
};
/// BOHB (Falkner et al. 2018, arXiv:1807.01774), with `hyperband()` or `asha()` as the experiment's scheduler: as
/// tpe_search(), of the results at the highest rung that enough trials have reached (10, and one more than there are
/// parameters), so that results are compared after about equally many iterations and trials count before they end. For
/// one objective and all domains but grids, with conditions.
searcher_choice bohb_search(const bohb_search_options& options = {});

struct hyper_tune_search_options {
  std::optional<std::uint64_t> seed; ///< Absent: the experiment's.
  bool repeat = false;               ///< As for random_search.
  iteration_number grace_period = 1; ///< As for bohb_search:
  double reduction_factor = 3;       ///< the scheduler's.
  /// So many results of a rung must be there before models propose; 1 or more. Absent: as for gp_search.
  std::optional<int> startup_trials;
  double random_share = 0.2; ///< As for bohb_search.
};
/// The searcher of Hyper-Tune (Li et al. 2022, arXiv:2201.06834), with `hyper_tune()`, `asha()` or `hyperband()` as the
/// experiment's scheduler: a Gaussian process for each rung with at least 6 results, all of which propose together.
/// Each is believed as far as it orders the results of the highest such rung. So trials count before they end, and the
/// many results of short training count as far as they say something of long training. Takes several times as long as
/// gp_search(): for trials that are expensive. For one objective and all domains but grids, with conditions.
searcher_choice hyper_tune_search(const hyper_tune_search_options& options = {});

struct gp_search_options {
  std::optional<std::uint64_t> seed; ///< Absent: the experiment's.
  bool repeat = false;               ///< As for random_search.
  /// So many trials must have ended before a model proposes; 1 or more. Absent: one more than there are parameters, but
  /// at least 8 and at most 20.
  std::optional<int> startup_trials;
  bool deterministic = false; ///< The same configuration always has the same result: no noise is allowed for.
  bool input_warping = false; ///< Learn where along a parameter results change fast (Snoek et al. 2014). Costs time.
  /// With so many parameters or more only a region around the best trial is searched, which grows and shrinks with
  /// success (Eriksson et al. 2019, arXiv:1910.01739); 1 or more.
  int trust_region_from = 20;
};
/// Bayesian optimisation with a Gaussian process: fewest trials, for some milliseconds a proposal, where trials are
/// expensive. All domains but grids, with conditions; trials that still run are allowed for. However many trials there
/// were, it models at most 250 of them. Kernel and priors after Hvarfner et al. 2024 (arXiv:2402.02229).
searcher_choice gp_search(const gp_search_options& options = {});

struct cma_es_search_options {
  enum class restart {
    bipop, ///< Large populations and small ones in turn (Hansen 2009).
    ipop,  ///< Ever larger ones (Auger and Hansen 2005).
  };
  enum class form {
    automatic, ///< Full, and `sep` above 100 parameters.
    full,      ///< Learns how each two parameters go together.
    sep,       ///< Learns each parameter by itself (Ros and Hansen 2008): for many, and faster where that is enough.
  };

  std::optional<std::uint64_t> seed;       ///< Absent: the experiment's.
  bool repeat = false;                     ///< As for random_search.
  std::optional<std::uint64_t> population; ///< Trials of a generation, 4 to 10,000. Absent: 4 + 3 ln(parameters), or as
                                           ///< many as run at a time if those are more.
  double deviation = 1.0 / 6;              ///< At first, of each parameter's range; above 0, at most 1 (Optuna's).
  restart restarts = restart::bipop;       ///< What follows when a search has converged.
  form covariance = form::automatic;
};
/// Covariance matrix adaptation (Hansen 2016, arXiv:1604.00772): for numbers, best with some hundred trials or more.
/// Integers, steps and ordinals keep a margin (Hamano et al. 2022), choices are learned each by itself (Hamano et al.
/// 2024). Known results are where it begins (Nomura et al. 2021).
searcher_choice cma_es_search(const cma_es_search_options& options = {});

struct de_search_options {
  std::optional<std::uint64_t> seed; ///< Absent: the experiment's.
  bool repeat = false;               ///< As for random_search.
  int population = 20;               ///< 4 to 10,000.
  double weight = 0.5;               ///< Of the difference of two members; above 0, at most 2.
  double crossover = 0.5;     ///< So many of the numbers are new ones; 0 to 1: less where parameters act by themselves.
  bool self_adapting = false; ///< Weight and crossover are learned with the members (jDE: Brest et al. 2006).
};
/// Differential evolution (Storn and Price 1997, rand/1/bin; defaults of Awad et al. 2021, arXiv:2105.09821): robust
/// with several hundred trials, for all domains but grids, with conditions.
searcher_choice de_search(const de_search_options& options = {});

struct dehb_search_options {
  std::optional<std::uint64_t> seed; ///< Absent: the experiment's.
  bool repeat = false;               ///< As for random_search.
  iteration_number grace_period = 1; ///< As for bohb_search:
  double reduction_factor = 3;       ///< the scheduler's.
  /// Of the first rung; 4 to 10,000. Each next one has one in reduction_factor, but 6 at least, or as
  /// many as the first. 27, 9, ... are those of Hyperband's first bracket where max_t is 27 times grace_period.
  int population = 27;
  double weight = 0.5;    ///< Of the difference of two members; above 0, at most 2 (Awad et al. 2021).
  double crossover = 0.5; ///< So many of the numbers are new ones; 0 to 1 (Awad et al. 2021).
};
/// DEHB (Awad et al. 2021, arXiv:2105.09821), with `hyperband()` or `asha()` as the experiment's scheduler:
/// differential evolution with a population for each rung, the best of which are parents of children for the next one.
/// Trials count before they end. For one objective and all domains but grids, with conditions.
searcher_choice dehb_search(const dehb_search_options& options = {});

struct nsga2_search_options {
  enum class variation {
    uniform,          ///< A child has the values of its parents, some of them drawn anew: Optuna's default.
    simulated_binary, ///< Numbers lie near those of the parents: SBX and polynomial mutation, as in Deb et al. 2002.
  };

  std::optional<std::uint64_t> seed; ///< Absent: the experiment's.
  bool repeat = false;               ///< As for random_search.
  int population = 50;               ///< 2 to 10,000 (Optuna's).
  double crossover = 0.9;         ///< So many children have two parents, the others one; 0 to 1 (Deb's and Optuna's).
  double swapping = 0.5;          ///< So many of their values are the second one's; 0 to 1 (Optuna's).
  std::optional<double> mutation; ///< So many values change; 0 to 1. Absent: one of each configuration.
  variation children = variation::uniform;
};
/// Multi-objective evolution, NSGA-II (Deb et al. 2002): for several objectives and some hundred trials or more, for
/// all domains but grids, with conditions and constraints. The best trials are kept as a population: by how many
/// times over they are dominated, and of equals those that are least like others in their results.
searcher_choice nsga2_search(const nsga2_search_options& options = {});

/// Those that there are.
[[nodiscard]] std::vector<std::string> searcher_names();

/// By name, such as "sobol", with options as a JSON object. An error names those that exist, and every option that is
/// wrong.
[[nodiscard]] result<searcher_choice> searcher_named(std::string_view name, std::string_view options = "{}");
/// What to_json() wrote, or a spec file's `searcher`: an object with "name", or a name alone.
[[nodiscard]] result<searcher_choice> searcher_from_json(std::string_view json);

} // namespace tune
