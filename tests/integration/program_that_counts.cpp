// A search whose trials count to $COUNT_TO and write each number into the file $DIARY, too: "trial attempt number pid".
// A trial takes a licence of the cluster's, if $LICENCES is there, and may fail $MAX_FAILURES times. Checkpoints are of
// $CHECKPOINT_BYTES, and their writer does not notice when the disk is full. Where $DIARY.gate is a named pipe, trials
// stand still before number 37. $DIARY.begun has a line for each attempt, "trial attempt node from", with the number
// that its checkpoint holds, and $DIARY.acknowledged one for each result that its driver says is on disk, "trial
// number".
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include <unistd.h>

#include "tune/tune.hpp"

namespace {

int number_of(const char* variable, int otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::atoi(text);
}

std::string text_of(const char* variable, const char* otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : text;
}

/// In one go, so that nobody's line is in another's.
void note(const std::string& file, const std::string& line) {
  std::ofstream(file, std::ios::app) << line + '\n' << std::flush;
}

/// Writes down what the driver says is on disk.
class acknowledgements : public tune::callback {
public:
  explicit acknowledgements(std::string file) : file_(std::move(file)) {}
  void on_result(const tune::trial_report& what) override {
    note(file_, what.trial.id + ' ' + std::to_string(what.iteration));
  }

private:
  std::string file_;
};

const tune::trainable counts("counts", [](tune::trial& trial) {
  int count = 0;
  if (const auto checkpoint = trial.checkpoint())
    std::ifstream(*checkpoint / "count") >> count;
  note(trial.get<std::string>("diary") + ".begun", trial.id() + ' ' + std::to_string(trial.attempt()) + ' ' +
                                                     text_of("CAF_TUNE_NODE_NAME", "?") + ' ' + std::to_string(count));
  const std::string padding(static_cast<std::size_t>(trial.get<int>("bytes")), ' ');
  std::ofstream diary(trial.get<std::string>("diary"), std::ios::app);
  while (count < trial.get<int>("last")) {
    if (count == 36)
      std::ifstream(trial.get<std::string>("diary") + ".gate").get(); // Stands there while that is a pipe.
    for (volatile int work = 0; work < 2'000'000; work = work + 1) {} // Some milliseconds, as a real one needs.
    diary << trial.id() + ' ' + std::to_string(trial.attempt()) + ' ' + std::to_string(++count) + ' ' +
               std::to_string(::getpid()) + '\n'
          << std::flush;
    const auto next = trial.report(
      {{"count", count}}, [&](const tune::path& directory) { std::ofstream(directory / "count") << count << padding; });
    if (next == tune::stop)
      return;
  }
});

} // namespace

int main(int argc, char** argv) {
  tune::session session(argc, argv);
  const std::string diary = std::getenv("DIARY");
  tune::experiment experiment("counts", counts);
  experiment.space = {
    {"diary", diary}, {"last", number_of("COUNT_TO", 100)}, {"bytes", number_of("CHECKPOINT_BYTES", 0)}};
  experiment.metric = tune::maximize("count");
  experiment.samples = 4;
  experiment.max_failures = number_of("MAX_FAILURES", 0);
  experiment.checkpoints.every = 5;
  experiment.callbacks = {std::make_shared<acknowledgements>(diary + ".acknowledged")};
  experiment.environment = {{"CAF_TUNE_TEST_MARK", diary}};
  if (std::getenv("LICENCES") != nullptr)
    experiment.resources = {{"cpu", 0.1}, {"licence", 1}};
  session.run(experiment);
}
