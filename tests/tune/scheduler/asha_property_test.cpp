#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "runtime/base/random_stream.hpp"
#include "tests/support/seeds.hpp"
#include "tune/scheduler/rung_levels.hpp"
#include "tune/scheduler/scheduler.hpp"
#include "tune/schedulers.hpp"

using namespace tune;

namespace {

/// A result, and the pause that follows from it at once.
decision heard(scheduler& by, const scheduler_result& result) {
  auto decided = by.on_result(result);
  if (decided.what == verdict::pause)
    by.on_trial_paused(result.trial);
  return decided;
}

using variant = asha_options::variant;
using runtime::random_stream;

asha_options any_options(random_stream& random, variant type) {
  asha_options options;
  options.type = type;
  options.max_t = 1 + static_cast<iteration_number>(random.below(60));
  options.grace_period = 1 + static_cast<iteration_number>(
                               random.below(std::min<std::uint64_t>(3, static_cast<std::uint64_t>(options.max_t))));
  options.reduction_factor = 1.5 + static_cast<double>(random.below(6)) / 2;
  options.strict_ties = random.chance(0.5);
  options.delayed = type == variant::promotion && random.chance(0.3);
  options.brackets = 1 + static_cast<int>(random.below(static_cast<std::uint64_t>(most_brackets(options))));
  return options;
}

double any_loss(random_stream& random) {
  if (random.chance(0.05))
    return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(random.below(20)); // Often equal to another.
}

struct event {
  enum class what { created, result, ended, choose } is;
  trial_id trial;
  iteration_number iteration = 0;
  double loss = 0;
};

/// What a scheduler said, as text.
std::string heard(scheduler& by, const event& each) {
  switch (each.is) {
  case event::what::created: by.on_trial_created(each.trial, {}); return "";
  case event::what::ended: by.on_trial_end(each.trial, trial_state::stopped); return "";
  case event::what::choose: {
    const auto next = by.choose_paused();
    return next ? std::to_string(next->trial.value) + next->reason : "none";
  }
  case event::what::result: {
    const auto decided = heard(by, {each.trial, each.iteration, each.loss});
    return std::to_string(static_cast<int>(decided.what)) + decided.reason;
  }
  }
  return "?";
}

/// Runs trials at random until none is left, and keeps what happened.
struct history {
  std::vector<event> events;
  std::vector<std::string> answers;

  history(scheduler& by, random_stream& random, int trials) {
    std::map<trial_id, iteration_number> running;
    std::map<trial_id, iteration_number> paused;
    std::uint64_t created = 0;
    const auto say = [&](const event& each) {
      events.push_back(each);
      answers.push_back(heard(by, each));
      return answers.back();
    };
    for (int step = 0; step < 5'000; ++step) {
      if (running.size() < 6) {
        const auto next = say({event::what::choose, {}});
        if (next != "none") {
          const trial_id trial{std::stoull(next)};
          running[trial] = paused.at(trial);
          paused.erase(trial);
        } else if (created < static_cast<std::uint64_t>(trials)) {
          running[trial_id{++created}] = 0;
          say({event::what::created, trial_id{created}});
        } else if (running.empty()) {
          return;
        }
        continue;
      }
      auto which = running.begin();
      std::advance(which, random.below(running.size()));
      const auto trial = which->first;
      which->second += 1 + static_cast<iteration_number>(random.chance(0.1) ? random.below(9) : 0);
      const auto answer = say({event::what::result, trial, which->second, any_loss(random)});
      if (answer[0] == '1')
        paused[trial] = which->second;
      if (answer[0] != '0' || random.chance(0.02)) {
        running.erase(trial);
        if (answer[0] != '1')
          say({event::what::ended, trial});
      }
    }
  }
};

std::vector<std::string> replayed(scheduler& by, const std::vector<event>& events) {
  std::vector<std::string> answers;
  for (const auto& each : events)
    answers.push_back(heard(by, each));
  return answers;
}

} // namespace

TEST_CASE("asha: the same events give the same decisions, word for word (I6)") {
  for_each_seed(60, [](seed s) {
    random_stream random(s);
    for (const auto type : {variant::stopping, variant::promotion}) {
      const auto options = any_options(random, type);
      const scheduler_setup setup{s, direction::maximize};
      const auto first = asha(options).make(setup);
      const history past(*first, random, 40);
      const auto again = asha(options).make(setup);
      REQUIRE(replayed(*again, past.events) == past.answers);
    }
  });
}

TEST_CASE("asha: before the iteration that it names it has nothing to say, and it names the next rung") {
  for_each_seed(60, [](seed s) {
    random_stream random(s);
    for (const auto type : {variant::stopping, variant::promotion}) {
      const auto options = any_options(random, type);
      const auto by = asha(options).make({s, direction::maximize});
      for (std::uint64_t n = 1; n <= 30; ++n) {
        const trial_id trial{n};
        by->on_trial_created(trial, {});
        decision last;
        for (iteration_number i = 1; i < 200 && last.what == verdict::go_on; ++i) {
          const auto judged = by->next_judged(trial, i - 1);
          REQUIRE(judged >= i);
          last = by->on_result({trial, i, any_loss(random)});
          if (i < judged)
            REQUIRE(last == decision{});
          else
            REQUIRE_FALSE(last == decision{}); // It says something there: a reason at least.
        }
        if (last.what == verdict::stop)
          by->on_trial_end(trial, trial_state::stopped);
      }
    }
  });
}

TEST_CASE("asha, stopping: a trial goes on at a rung exactly if fewer than m are better: the plain count") {
  for_each_seed(200, [](seed s) {
    random_stream random(s);
    auto options = any_options(random, variant::stopping);
    options.max_t = 1'000;
    options.grace_period = 1;
    options.brackets = 1;
    const auto by = asha(options).make({s, direction::minimize});
    std::vector<double> losses; // The model: all of them, counted each time.
    for (std::uint64_t t = 1; t <= 60; ++t) {
      const auto loss = any_loss(random);
      by->on_trial_created(trial_id{t}, {});
      const auto decided = heard(*by, {trial_id{t}, 1, loss});
      const auto better = static_cast<std::size_t>(std::count_if(losses.begin(), losses.end(), [&](double each) {
        return each < loss || (options.strict_ties && each == loss);
      }));
      losses.push_back(loss);
      const auto m = std::max(1.0, std::floor(static_cast<double>(losses.size()) / options.reduction_factor + 1e-9));
      const bool goes_on = !std::isnan(loss) && static_cast<double>(better) < m;
      REQUIRE((decided.what == verdict::go_on) == goes_on);
    }
  });
}

TEST_CASE("asha, promotion: of n results at a rung never more than n / eta go on, and only from rung to rung") {
  for_each_seed(100, [](seed s) {
    random_stream random(s);
    const auto options = any_options(random, variant::promotion);
    const auto by = asha(options).make({s, direction::minimize});
    const history past(*by, random, 60);
    std::map<std::pair<int, iteration_number>, std::set<trial_id>> reached; // By bracket and rung.
    std::map<std::pair<int, iteration_number>, std::size_t> promoted;
    std::map<trial_id, std::size_t> next;
    for (std::size_t i = 0; i < past.events.size(); ++i) {
      const auto& each = past.events[i];
      const auto& answer = past.answers[i];
      const auto colon = answer.find("rung ");
      if (colon == std::string::npos)
        continue;
      const iteration_number level = std::stoll(answer.substr(colon + 5));
      const auto trial = each.is == event::what::choose ? trial_id{std::stoull(answer)} : each.trial;
      const auto bracket = bracket_of(trial, options, s);
      const auto rung = std::make_pair(bracket, level);
      if (each.is == event::what::result) {
        REQUIRE(rung_levels(options, bracket).at(next[trial]++) == level); // One after the other.
        REQUIRE(reached[rung].insert(trial).second);
        continue;
      }
      REQUIRE(reached[rung].count(trial) == 1);
      if (options.delayed)
        REQUIRE(static_cast<iteration_number>(reached[rung].size()) * level >= options.max_t);
      ++promoted[rung];
      REQUIRE(static_cast<double>(promoted[rung]) <=
              std::floor(static_cast<double>(reached[rung].size()) / options.reduction_factor + 1e-9));
    }
  });
}

TEST_CASE("asha, promotion: who goes on when all have arrived does not depend on the order of arrival") {
  for_each_seed(50, [](seed s) {
    random_stream random(s);
    auto options = any_options(random, variant::promotion);
    options.brackets = 1;
    options.max_t = 50;
    options.grace_period = 1;
    options.delayed = false;
    std::vector<double> losses(30);
    std::iota(losses.begin(), losses.end(), 0.0);
    const auto promoted = [&](const std::vector<std::uint64_t>& order) {
      const auto by = asha(options).make({s, direction::minimize});
      for (const auto t : order) {
        by->on_trial_created(trial_id{t}, {});
        static_cast<void>(heard(*by, {trial_id{t}, 1, losses[t - 1]}));
      }
      std::set<trial_id> all;
      while (const auto next = by->choose_paused())
        all.insert(next->trial);
      return all;
    };
    std::vector<std::uint64_t> order(30);
    std::iota(order.begin(), order.end(), std::uint64_t{1});
    const auto in_order = promoted(order);
    for (auto i = order.size(); i > 1; --i)
      std::swap(order[i - 1], order[random.below(i)]);
    REQUIRE(promoted(order) == in_order);
    REQUIRE(in_order.size() == best_of(30, options.reduction_factor));
  });
}

TEST_CASE("asha: brackets are drawn in Hyperband's shares, the same for a trial whenever it is asked") {
  asha_options options;
  options.max_t = 27;
  options.brackets = 4;
  std::map<int, int> drawn;
  constexpr int trials = 20'000;
  for (std::uint64_t t = 1; t <= trials; ++t)
    ++drawn[bracket_of(trial_id{t}, options, 7)];

  // 1 / ((4 - s) 3^s): 1/4, 1/9, 1/18, 1/27.
  const double all = 1.0 / 4 + 1.0 / 9 + 1.0 / 18 + 1.0 / 27;
  CHECK(drawn[0] / double{trials} == doctest::Approx(1.0 / 4 / all).epsilon(0.05));
  CHECK(drawn[1] / double{trials} == doctest::Approx(1.0 / 9 / all).epsilon(0.05));
  CHECK(drawn[2] / double{trials} == doctest::Approx(1.0 / 18 / all).epsilon(0.08));
  CHECK(drawn[3] / double{trials} == doctest::Approx(1.0 / 27 / all).epsilon(0.08));
  CHECK(bracket_of(trial_id{5}, options, 7) == bracket_of(trial_id{5}, options, 7));
}
