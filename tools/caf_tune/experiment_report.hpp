#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tune/results/experiment_view.hpp"
#include "tune/results/results_core.hpp"

/// What the commands of caf-tune print of an experiment.
namespace tools {

enum class form { table, json, csv };

struct report_wishes {
  form as = form::table;
  std::optional<std::string> metric; ///< Instead of the experiment's first objective.
  std::optional<std::string> mode;   ///< "min" or "max".
  tune::result_scope scope = tune::result_scope::last;
  std::optional<std::string> trial; ///< Only this one's results: its name or number.
  std::optional<std::size_t> last;  ///< Only so many of the newest results.
};

/// The objective that is asked for. Another metric than the experiment's needs a mode.
[[nodiscard]] tune::result<std::optional<tune::objective>> objective_of(const tune::experiment_view& view,
                                                                        const report_wishes& wishes);

[[nodiscard]] tune::result<std::string> trials_report(const tune::experiment_view& view, const std::string& directory,
                                                      const report_wishes& wishes);
[[nodiscard]] tune::result<std::string> best_report(const tune::experiment_view& view, const std::string& directory,
                                                    const report_wishes& wishes);

/// Results, in the order in which they came: give it all records, and then call finish(). In JSON each is what it is in
/// result.json; else a row of its own.
class results_report {
public:
  using print_function = std::function<void(const std::string& text)>;

  results_report(report_wishes wishes, print_function print);

  /// All records, before the first on_record(), unless the form is JSON: which metrics there are.
  void learn_columns(const tune::journal_record& record);
  void on_record(const tune::journal_record& record);
  void finish();

private:
  struct row {
    std::string json;
    std::vector<std::string> cells;
  };
  row row_of(const tune::record::result_reported& result, const std::string& json) const;
  void begin();
  void show(const row& one);

  report_wishes wishes_;
  print_function print_;
  tune::results_core core_;
  std::string experiment_id_;
  std::vector<std::string> metrics_;
  std::deque<row> newest_; ///< Where only some are wanted, and for a table.
  std::uint64_t shown_ = 0;
};

} // namespace tools
