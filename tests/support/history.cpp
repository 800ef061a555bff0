#include "tests/support/history.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace history {
namespace {

template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

std::string name_of(const attempt& what) {
  return "trial " + what.trial + ", attempt " + std::to_string(what.number);
}

/// One walk through each of the three sides.
class court {
public:
  explicit court(const storm& all) : all_(all) {}

  judgement run() {
    hear_deeds();
    read_journal();
    check_acknowledgements();
    check_rooms();
    return std::move(out_);
  }

private:
  struct trial_life {
    iteration_number counted = 0; ///< Up to here.
    std::uint64_t newest = 0;     ///< Of its attempts.
    bool is_attempt_over = true;
    bool is_over = false;
    std::set<iteration_number> checkpoints;
  };
  struct work_time {
    std::string node;
    std::size_t first = 0;
    std::size_t last = 0;
  };

  void complain(rule which, std::string what) { out_.violations.push_back({which, std::move(what)}); }

  void hear_deeds() {
    for (std::size_t at = 0; at < all_.deeds.size(); ++at)
      std::visit(overloaded{
                   [&](const began& it) {
                     found_[it.by].insert(it.from);
                     note(it.by, at).node = it.node;
                   },
                   [&](const performed& it) {
                     performed_.insert({it.by, it.iteration});
                     note(it.by, at);
                   },
                 },
                 all_.deeds[at]);
  }

  work_time& note(const attempt& by, std::size_t at) {
    auto& time = times_.emplace(by, work_time{{}, at, at}).first->second;
    time.last = at;
    return time;
  }

  void read_journal() {
    for (const auto& each : all_.journal)
      std::visit([this](const auto& it) { read(it); }, each);
    for (const auto& [by, from] : found_)
      if (started_.count(by) == 0)
        complain(rule::one_attempt, name_of(by) + " has begun, and the journal has not started it");
  }

  void read(const started& it) {
    auto& trial = trials_[it.what.trial];
    if (trial.is_over)
      complain(rule::one_attempt, name_of(it.what) + " was started after its trial had ended");
    if (it.what.number <= trial.newest)
      complain(rule::one_attempt, name_of(it.what) + " was started after attempt " + std::to_string(trial.newest));
    trial.newest = it.what.number;
    trial.is_attempt_over = false;
    started_.insert(it.what);
    const auto& lender = trials_[it.lender.empty() ? it.what.trial : it.lender];
    const bool is_known = it.from == 0 || !it.lender.empty() || lender.checkpoints.count(it.from) != 0;
    if (!is_known)
      complain(rule::whole_checkpoints, name_of(it.what) + " is to restore iteration " + std::to_string(it.from) +
                                          ", of which no checkpoint was counted");
    check_found(it);
  }

  /// A lender's checkpoint is of an iteration of the lender's.
  void check_found(const started& it) {
    const auto found = found_.find(it.what);
    if (found == found_.end() || !it.lender.empty())
      return;
    for (const auto from : found->second) {
      out_.restored += from != 0 ? 1 : 0;
      if (from != it.from)
        complain(rule::whole_checkpoints, name_of(it.what) + " found iteration " + std::to_string(from) +
                                            " in its checkpoint, which is of " + std::to_string(it.from));
    }
  }

  void read(const counted& it) {
    ++out_.counted;
    auto& trial = trials_[it.by.trial];
    const auto result = name_of(it.by) + ", iteration " + std::to_string(it.iteration);
    if (it.iteration != trial.counted + 1)
      complain(rule::counted_once, result + " is counted after iteration " + std::to_string(trial.counted));
    trial.counted = std::max(trial.counted, it.iteration);
    if (performed_.count({it.by, it.iteration}) == 0)
      complain(rule::counted_once, result + " is counted, and was never performed");
    if (it.by.number != trial.newest)
      complain(rule::one_attempt,
               result + " is counted while attempt " + std::to_string(trial.newest) + " is the newest");
    else if (trial.is_attempt_over)
      complain(rule::one_attempt, result + " is counted after its attempt had ended");
    if (trial.is_over)
      complain(rule::one_attempt, result + " is counted after its trial had ended");
    if (it.has_checkpoint)
      trial.checkpoints.insert(it.iteration);
    results_.insert({it.by.trial, it.iteration});
  }

  void read(const saved& it) { trials_[it.by.trial].checkpoints.insert(it.iteration); }

  void read(const ended& it) {
    auto& trial = trials_[it.what.trial];
    if (it.what.number == trial.newest)
      trial.is_attempt_over = true;
  }

  void read(const trial_ended& it) { trials_[it.trial].is_over = true; }

  void check_acknowledgements() {
    for (const auto& each : all_.acknowledgements) {
      ++out_.acknowledged;
      if (results_.count({each.trial, each.iteration}) == 0)
        complain(rule::nothing_lost, "trial " + each.trial + ", iteration " + std::to_string(each.iteration) +
                                       " was acknowledged, and is not in the journal");
    }
  }

  /// At work on a node, deed by deed: who begins there, who has ended.
  void check_rooms() {
    std::map<std::size_t, std::vector<const work_time*>> begin, end;
    for (const auto& [by, time] : times_)
      if (all_.slots.count(time.node) != 0) {
        begin[time.first].push_back(&time);
        end[time.last].push_back(&time);
      }
    std::map<std::string, std::size_t> at_work;
    for (std::size_t at = 0; at < all_.deeds.size(); ++at) {
      for (const auto* time : begin[at]) {
        const auto many = ++at_work[time->node];
        out_.placed += time->last - time->first + 1;
        if (const auto room = all_.slots.at(time->node); many > room)
          complain(rule::no_node_overbooked, "node " + time->node + " has room for " + std::to_string(room) + ", and " +
                                               std::to_string(many) + " attempts are at work there at deed " +
                                               std::to_string(at));
      }
      for (const auto* time : end[at])
        --at_work[time->node];
    }
  }

  const storm& all_;
  judgement out_;
  std::map<attempt, std::set<iteration_number>> found_; ///< What they found in their checkpoints.
  std::set<std::pair<attempt, iteration_number>> performed_;
  std::map<attempt, work_time> times_;
  std::map<std::string, trial_life> trials_;
  std::set<attempt> started_;
  std::set<std::pair<std::string, iteration_number>> results_;
};

} // namespace

judgement judge(const storm& all) {
  return court(all).run();
}

std::string to_text(const std::vector<violation>& all) {
  std::string text;
  for (const auto& each : all)
    text += "I" + std::to_string(static_cast<int>(each.which)) + ": " + each.what + "\n";
  return text;
}

} // namespace history
