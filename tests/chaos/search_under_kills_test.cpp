#include "tests/integration/licensed_cluster.hpp"

#include <cstdlib>
#include <iterator>
#include <optional>
#include <random>
#include <set>
#include <string>

#include "runtime/base/random_stream.hpp"
#include "tests/integration/cluster_history.hpp"
#include "tests/support/marked_processes.hpp"

// Whatever a search consists of is killed, stopped or sent away at random moments. CAF_TUNE_SEED=n in the environment
// chooses them; tools/soak --chaos runs this with one seed after the other.

using namespace std::chrono_literals;

namespace {

constexpr std::size_t licences = 2;              // Of each node; a trial takes one.
constexpr int last_number = 1'500;               // Of each of 4 trials.
constexpr std::uintmax_t half_of_diary = 70'000; // At least; what is struck after that may be over already.

class chaos {
public:
  explicit chaos(std::uint64_t seed) : random_(seed) { start_driver(); }

  void strike() {
    const auto until = size_of(cluster_.diary()) + 40 + random_.below(700);
    driver_->wait_for_size(cluster_.diary(), until);
    switch (random_.below(8)) {
    case 0: kill_head(); break;
    case 1:
    case 2: tell("kill", node_), cluster_.restart_node(node_); break;
    case 3: tell("drain", node_), cluster_.drain_node(node_); break;
    case 4: stop_node(); break;
    case 5: kill_worker(); break;
    default: kill_driver();
    }
    node_ = random_.chance(0.5) ? "first" : "second";
  }

  bool is_half_done() const { return size_of(cluster_.diary()) > half_of_diary; }

  /// The same command, until it is through.
  nlohmann::json finish() {
    const auto end = driver_->wait();
    REQUIRE_MESSAGE(end.code == 0, end.err);
    return nlohmann::json::parse(end.out);
  }

  licensed_cluster& cluster() { return cluster_; }
  const licensed_cluster& cluster() const { return cluster_; }
  const std::string& story() const { return story_; }

private:
  void start_driver() {
    driver_.emplace(cluster_.start_driver({}, std::to_string(last_number), /*max_failures=*/"10"));
    driver_->wait_for_size(cluster_.diary(), size_of(cluster_.diary()) + 1);
  }

  void kill_head() {
    tell("kill", "head");
    cluster_.kill_head();
    cluster_.restart_head();
  }

  void kill_driver() {
    tell("kill", "driver");
    driver_->signal(SIGKILL);
    CHECK(driver_->wait().code == 128 + SIGKILL);
    start_driver();
  }

  /// For as long as the others take for some work: sometimes it is declared dead meanwhile, sometimes not.
  void stop_node() {
    tell("stop", node_);
    cluster_.stop_node(node_);
    driver_->wait_for_size(cluster_.diary(), size_of(cluster_.diary()) + random_.below(1'500));
    cluster_.continue_node(node_);
  }

  void kill_worker() {
    const auto workers = processes_with(cluster_.mark());
    if (workers.empty())
      return;
    tell("kill", "worker");
    ::kill(*std::next(workers.begin(), static_cast<std::ptrdiff_t>(random_.below(workers.size()))), SIGKILL);
  }

  void tell(const std::string& what, const std::string& whom) { story_ += what + " " + whom + "; "; }

  runtime::random_stream random_;
  licensed_cluster cluster_{{"first", "second"}};
  std::optional<program_under_test> driver_;
  std::string node_ = "first";
  std::string story_;
};

/// I1 to I5, from what trainables, drivers and the journal say.
void check_history(const chaos& after) {
  const auto& cluster = after.cluster();
  const auto found =
    history::judge(read_storm(cluster.diary(), cluster.journal_folder(), {{"first", licences}, {"second", licences}}));
  CHECK_MESSAGE(found.violations.empty(), history::to_text(found.violations));
  MESSAGE("decided from " << found.counted << " results, " << found.acknowledged << " acknowledgements, "
                          << found.restored << " restored checkpoints, " << found.placed << " deeds on known nodes");
  CHECK(found.counted == 4 * last_number);
  CHECK(found.acknowledged > 0);
  CHECK(found.placed >= found.counted);
}

} // namespace

TEST_CASE("experiment: whatever is killed, stopped or sent away at random moments, each result is there once") {
  const char* chosen = std::getenv("CAF_TUNE_SEED");
  const auto seed = chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : std::random_device{}();
  MESSAGE("CAF_TUNE_SEED=" << seed);
  INFO("replay with CAF_TUNE_SEED=" << seed);
  chaos chaos(seed);

  for (int strikes = 0; strikes < 8 && !chaos.is_half_done(); ++strikes)
    chaos.strike();
  const auto said = chaos.finish();

  MESSAGE("story: " << chaos.story());
  INFO(chaos.story());
  CHECK(said.at("trials").at("terminated") == 4);
  CHECK(said.at("results") == 4 * last_number);
  check_results(chaos.cluster(), last_number);
  check_history(chaos);
  for (const auto& trial : chaos.cluster().ask("trials"))
    for (const auto& attempt : trial.at("attempts"))
      CHECK_MESSAGE(attempt.at("cause") != "error", attempt.dump()); // The user's code has none.
  CHECK(left_after(10s, chaos.cluster().mark()).empty());
}
