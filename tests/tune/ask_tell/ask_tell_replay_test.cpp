#include <iterator>
#include <set>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "runtime/base/random_stream.hpp"
#include "tests/support/seeds.hpp"
#include "tests/tune/ask_tell/search_for_test.hpp"

using namespace tune;

namespace {

using nlohmann::json;

const char* const spec = "x: {uniform: [0, 1]}\nlayers: {randint: [1, 4]}\nact: {choice: [relu, tanh]}\n";

/// All that there are, but for those that cannot search it.
std::vector<std::string> searchers_of_space() {
  std::vector<std::string> able;
  for (const auto& name : searcher_names()) {
    search_flags flags;
    flags.searcher = name;
    if (read_search_spec(spec, flags).spec)
      able.push_back(name);
  }
  REQUIRE(able.size() >= 2);
  return able;
}

search_flags any_flags(runtime::random_stream& random) {
  static const auto searchers = searchers_of_space();
  search_flags flags;
  flags.searcher = searchers[random.below(searchers.size())];
  const char* schedulers[] = {"fifo",
                              R"({"name": "asha", "max_t": 9})",
                              R"({"name": "asha", "max_t": 9, "type": "promotion"})",
                              R"({"name": "hyperband", "max_t": 9})",
                              R"({"name": "hyperband", "max_t": 9, "type": "synchronous"})",
                              R"({"name": "hyper_tune", "max_t": 9})",
                              R"({"name": "pasha", "max_t": 9})",
                              "median_stopping",
                              R"({"name": "pb2", "perturbation_interval": 1, "quantile_fraction": 0.5})",
                              R"({"name": "pb2", "perturbation_interval": 2, "type": "synchronous"})",
                              R"({"name": "pbt", "perturbation_interval": 2, "quantile_fraction": 0.5})",
                              R"({"name": "pbt", "perturbation_interval": 3, "type": "synchronous"})",
                              "patient",
                              "wilcoxon"};
  flags.scheduler = schedulers[random.below(std::size(schedulers))];
  flags.mode = random.chance(0.5) ? "min" : "max";
  flags.seed = random.below(1000);
  return flags;
}

/// A program that runs trials at random, and what it was answered.
class random_program {
public:
  explicit random_program(runtime::random_stream& random) : random_(random) {}

  std::string next_line() {
    const auto kind = random_.below(10);
    if (running_.empty() || kind < 2)
      return json{{"ask", 1 + random_.below(3)}}.dump();
    if (kind == 2)
      return R"({"best": true})";
    if (kind == 3)
      return R"({"pending": true})";
    if (!paused_.empty() && random_.chance(0.1))
      return json{{"tell", {{"trial", *paused_.begin()}, {"value", random_.unit()}}}}.dump();
    const auto trial = *std::next(running_.begin(), static_cast<std::ptrdiff_t>(random_.below(running_.size())));
    const auto value = random_.chance(0.1) ? json(nullptr) : json(random_.unit());
    if (kind < 8)
      return json{{"report", {{"trial", trial}, {"iteration", ++iterations_[trial]}, {"value", value}}}}.dump();
    if (kind == 8)
      return json{{"tell", {{"trial", trial}, {"value", value}}}}.dump();
    return json{{"tell", {{"trial", trial}, {"state", random_.chance(0.5) ? "failed" : "ignored"}}}}.dump();
  }

  void hear(const std::vector<std::string>& answers) {
    for (const auto& text : answers) {
      const auto answer = json::parse(text);
      REQUIRE_MESSAGE(!answer.contains("error"), text);
      if (answer.contains("ok") || (answer.contains("decision") && answer["decision"] != "continue"))
        running_.erase(answer["trial"].get<std::uint64_t>());
      if (answer.contains("decision") && answer["decision"] == "pause")
        paused_.insert(answer["trial"].get<std::uint64_t>());
      else if (answer.contains("ok") || answer.contains("config"))
        paused_.erase(answer["trial"].is_null() ? 0 : answer["trial"].get<std::uint64_t>());
      if (answer.contains("config") && !answer.contains("value"))
        running_.insert(answer["trial"].get<std::uint64_t>());
    }
  }

private:
  runtime::random_stream& random_;
  std::set<std::uint64_t> running_;
  std::set<std::uint64_t> paused_; ///< Perhaps ended since: then a tell is answered all the same.
  std::map<std::uint64_t, int> iterations_;
};

} // namespace

TEST_CASE("ask-tell: whatever was said, who replays the records answers the same from then on (I6)") {
  for_each_seed(200, [](seed s) {
    runtime::random_stream random(s);
    const auto flags = any_flags(random);
    search_for_test first(spec, flags);
    random_program program(random);
    const auto steps = random.below(60);
    for (std::uint64_t i = 0; i < steps; ++i)
      program.hear(first.say(program.next_line()));
    const auto at_the_cut = first.records();

    search_for_test second(spec, flags, at_the_cut);

    CHECK(second.records().size() == at_the_cut.size()); // Nothing had to be said again.
    for (int i = 0; i < 40; ++i) {
      const auto line = program.next_line();
      const auto answers = first.say(line);
      REQUIRE(second.say(line) == answers);
      program.hear(answers);
    }
  });
}

TEST_CASE("ask-tell: any number of the first records can be gone on with, and what was said last may be said again") {
  for_each_seed(100, [](seed s) {
    runtime::random_stream random(s);
    const auto flags = any_flags(random);
    search_for_test first(spec, flags);
    random_program program(random);
    struct said {
      std::string line;
      std::vector<std::string> answers;
      std::size_t records; ///< After it.
    };
    std::vector<said> all;
    for (int i = 0; i < 40; ++i) {
      const auto line = program.next_line();
      const auto answers = first.say(line);
      program.hear(answers);
      all.push_back({line, answers, first.records().size()});
    }

    const auto cut = 1 + random.below(first.records().size()); // A torn tail: in the middle of what one line wrote.
    search_for_test second(spec, flags, {first.records().begin(), first.records().begin() + static_cast<long>(cut)});

    for (const auto& each : all) {
      if (each.records <= cut || json::parse(each.line).contains("best") || json::parse(each.line).contains("pending"))
        continue;
      if (json::parse(each.line).contains("ask")) // Some of its trials may be there: the next ask goes on behind them.
        break;
      const auto again = second.say(each.line);
      REQUIRE(again.size() == 1);
      const auto answer = json::parse(again.front());
      const auto before = json::parse(each.answers.front());
      CHECK(answer.contains("error") == false);
      if (before.contains("decision"))
        CHECK(answer["decision"] == before["decision"]);
    }
    search_for_test third(spec, flags, second.records()); // Also what was said again can be replayed.
    CHECK(third.say(R"({"pending": true})") == second.say(R"({"pending": true})"));
    CHECK(third.say(R"({"ask": 2})") == second.say(R"({"ask": 2})"));
  });
}

TEST_CASE("ask-tell: the records of another search are refused, and the difference is told") {
  const search_for_test search(spec);
  const auto why_not = [&](const search_flags& flags, const std::string& text = spec) {
    ask_tell_core core(search_for_test::spec_of(text, flags));
    const auto replayed = core.on_replay(search.records().front());
    REQUIRE(!replayed);
    CHECK(replayed.error().code == errc::already_exists);
    return replayed.error().message;
  };
  const std::string begin =
    "it is the journal of another search; use another directory, or go on with what it was:\n  ";

  search_flags flags;
  flags.seed = 3;
  CHECK(why_not(flags) == begin + "seed: it was 0, now it is 3");
  flags.mode = "min";
  CHECK(why_not(flags) == begin + "mode: it was \"max\", now it is \"min\"\n  seed: it was 0, now it is 3");
  CHECK(why_not({}, "x: {uniform: [0, 2]}\nlayers: {randint: [1, 4]}\nact: {choice: [relu, tanh]}\n") ==
        begin + R"(space: "x" was {"uniform":[0.0,1.0]} and is {"uniform":[0.0,2.0]})");

  record::experiment_begun other;
  other.name = "digits";
  other.description = R"({"name":"digits","trainable":"digits","space":{}})";
  ask_tell_core core(search_for_test::spec_of(spec));
  CHECK(core.on_replay(other).error().message ==
        "it is the journal of the experiment \"digits\", whose trials its own program runs; use another directory");
}

TEST_CASE("ask-tell: records that cannot follow each other are refused") {
  const auto why_not = [](const std::vector<journal_record>& records) -> std::string {
    ask_tell_core core(search_for_test::spec_of(spec));
    for (const auto& each : records)
      if (const auto replayed = core.on_replay(each); !replayed)
        return replayed.error().message;
    return "";
  };
  const auto begin = search_for_test(spec).records().front();
  const record::trial_created made{trial_id(1), {{"x", 0.5}}, record::trial_origin::searcher, {}};
  record::trial_created second = made;
  second.trial = trial_id(3);
  record::result_reported told;
  told.trial = trial_id(1);
  told.iteration = 1;
  told.values = {{"value", 0.5}};
  told.done = true;

  CHECK(why_not({made}) == "the journal does not fit: it has no beginning");
  CHECK(why_not({begin, begin}) == "the journal does not fit: it begins twice");
  CHECK(why_not({begin, made, second}) == "the journal does not fit: trial 3: it is created out of order");
  CHECK(why_not({begin, told}) == "the journal does not fit: trial 1: a result is out of order");
  CHECK(why_not({begin, made, told, told}) == "the journal does not fit: trial 1: a result is out of order");
  CHECK(why_not({begin, made, record::trial_changed{trial_id(1), trial_state::error, "", {}}}) ==
        "the journal does not fit: trial 1: it changes as it cannot");
  CHECK(why_not({begin, made, record::attempt_started{trial_id(1), 1, 0, {}}}) == "the journal is not one of ask-tell");
}
