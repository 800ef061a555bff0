#include "tune/experiment.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using nlohmann::json;

namespace {

const tune::trainable nothing("nothing", [](tune::trial&) {});

tune::experiment some_experiment() {
  tune::experiment experiment("some", nothing);
  experiment.space = {{"lr", tune::uniform(0, 1)}};
  experiment.metric = tune::minimize("loss");
  return experiment;
}

} // namespace

TEST_CASE("experiment: its description says where it differs from the defaults, and holds no environment's values") {
  auto experiment = some_experiment();
  const auto plain = json::parse(tune::to_json(experiment));
  for (const auto* name : {"environment", "wait_for_nodes"})
    CHECK_MESSAGE(!plain.contains(name), name);
  CHECK_FALSE(plain.at("checkpoints").contains("local_first"));

  experiment.environment = {{"OMP_NUM_THREADS", "1"}, {"API_TOKEN", "very secret"}};
  experiment.wait_for_nodes = true;
  experiment.checkpoints.local_first = true;
  const auto text = tune::to_json(experiment);
  const auto told = json::parse(text);

  CHECK(told.at("environment") == json({"API_TOKEN", "OMP_NUM_THREADS"}));
  CHECK(told.at("wait_for_nodes") == true);
  CHECK(told.at("checkpoints").at("local_first") == true);
  CHECK(text.find("very secret") == std::string::npos);
}

TEST_CASE("experiment: its description says what the default searcher chose, and why") {
  auto experiment = some_experiment();
  const auto told = json::parse(tune::to_json(experiment));
  experiment.searcher = tune::random_search();

  CHECK(told.at("searcher") == json({{"name", "auto"}}));
  CHECK(told.at("searcher_chose").get<std::string>().find("tpe and twice as often gp") == 0);
  CHECK_FALSE(json::parse(tune::to_json(experiment)).contains("searcher_chose"));
}

TEST_CASE("experiment: a bracket that the samples do not fill is a doubt, and no mistake") {
  auto experiment = some_experiment();
  experiment.samples = 80;
  experiment.searcher = tune::random_search();
  tune::hyperband_options brackets;
  brackets.type = tune::hyperband_options::variant::synchronous;
  experiment.scheduler = tune::hyperband(brackets);

  CHECK(tune::mistakes_of(experiment).empty());
  const auto doubts = tune::doubts_of(experiment);
  REQUIRE(doubts.size() == 1);
  CHECK(doubts.front().find("scheduler: hyperband: 80 trials fill no bracket: 81 begin the first one") == 0);
  experiment.samples = 81;
  CHECK(tune::doubts_of(experiment).empty());
  experiment.samples = 1;
  experiment.scheduler = tune::fifo();
  CHECK(tune::doubts_of(experiment).empty());
}

TEST_CASE("experiment: a scheduler that changes what trials have needs trials that have something of their own") {
  auto experiment = some_experiment();
  experiment.scheduler = tune::resource_changing();
  CHECK(tune::mistakes_of(experiment).empty());
  experiment.in_process_threads = 2;
  CHECK(tune::mistakes_of(experiment) ==
        std::vector<std::string>{
          "scheduler: resource_changing is for trials in processes of their own, but in_process_threads is set"});
  experiment.in_process_threads = 0;
  experiment.resources.clear();
  CHECK(tune::mistakes_of(experiment) ==
        std::vector<std::string>{"scheduler: resource_changing gives trials several times their resources, but they "
                                 "have none; use for example {{\"cpu\", 1}}"});
  experiment.resources = {{"c pu", 1}};
  CHECK(tune::mistakes_of(experiment).size() == 1);
}

TEST_CASE("experiment: a searcher of one objective is refused where there are several") {
  auto experiment = some_experiment();
  experiment.more_metrics = {tune::minimize("time")};
  CHECK(tune::mistakes_of(experiment).empty());
  experiment.searcher = tune::gp_search();

  CHECK(tune::mistakes_of(experiment) ==
        std::vector<std::string>{"searcher: gp takes one objective, but there are 2; use tune::auto_search()"});
}
