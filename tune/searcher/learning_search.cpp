#include "tune/searcher/learning_search.hpp"

namespace tune {

asked learning_search::ask(const std::vector<trial_id>& trials) {
  asked answer;
  ranks in_batch;
  for (const auto trial : trials) {
    auto made = next(trial, in_batch);
    if (!made.values) {
      answer.how = ask_outcome::exhausted;
      answer.reason = std::move(made.why_not);
      break;
    }
    if (const auto rank = rank_of(*made.values))
      in_batch.insert(*rank);
    answer.proposals.push_back({trial, std::move(*made.values)});
    suppose(trial, answer.proposals.back().values);
  }
  for (const auto& each : answer.proposals)
    withdraw(each.trial); // Until it is created.
  return answer;
}

} // namespace tune
