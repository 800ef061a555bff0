#include "tune/session.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <unistd.h>

#include "runtime/cluster.hpp"
#include "runtime/test_cluster.hpp"
#include "tune/driver/experiment_progress.hpp"
#include "tune/driver/experiment_run.hpp"
#include "tune/driver/posix_interrupts.hpp"
#include "tune/driver/session_flags.hpp"
#include "tune/results/results_json.hpp"
#include "tune/worker/trainable_registry.hpp"

namespace tune {
namespace {

constexpr int exit_failure = 1;
constexpr int exit_wrong_usage = 2;

std::string file_name(const char* path) {
  const std::string whole = path == nullptr ? "program" : path;
  return whole.substr(whole.rfind('/') + 1);
}

std::vector<std::string> words_of(int argc, char** argv) {
  std::vector<std::string> words(argv, argv + argc);
  std::error_code failed;
  if (const auto whole = std::filesystem::read_symlink("/proc/self/exe", failed); !failed && !words.empty())
    words[0] = whole.string(); // So that it can be started from anywhere.
  return words;
}

void print(int to, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const auto n = ::write(to, text.data() + done, text.size() - done);
    if (n < 0 && errno != EINTR)
      return; // Whoever was to read it has gone.
    done += n < 0 ? 0 : static_cast<std::size_t>(n);
  }
}

double seconds_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

path default_storage() {
  if (const char* named = std::getenv("CAF_TUNE_STORAGE"); named != nullptr && *named != '\0')
    return named;
  const char* home = std::getenv("HOME");
  return path(home != nullptr && *home != '\0' ? home : ".") / "caf-tune-results";
}

} // namespace

class session::implementation {
public:
  std::unique_ptr<runtime::session> runtime_session; ///< Null: the cluster is a test's.
  runtime::cluster* cluster = nullptr;
  std::string program = "program";
  std::vector<std::string> command;
  path own_directory; ///< Of a test; removed at the end.

  session_flags flags;
  int json_to = -1; ///< Where --json prints: what was standard output.

  void read_flags(const std::vector<std::string>& words, runtime::unknown_flags unknown);
  experiment as_asked(experiment what) const;
  result<std::unique_ptr<experiment_run>> start(const experiment& what, experiment_progress* progress);
  [[noreturn]] void end_with(const std::string& name_of_experiment, const error& why) const;
};

void session::implementation::read_flags(const std::vector<std::string>& words, runtime::unknown_flags unknown) {
  flags = read_session_flags(words, unknown == runtime::unknown_flags::refuse);
  if (flags.mistakes.empty())
    return;
  for (const auto& mistake : flags.mistakes)
    std::fprintf(stderr, "%s: %s\n", program.c_str(), mistake.c_str());
  std::fprintf(stderr, "run %s --help for what there is\n", program.c_str());
  std::exit(exit_wrong_usage);
}

experiment session::implementation::as_asked(experiment what) const {
  if (flags.storage)
    what.storage = *flags.storage;
  else if (what.storage.empty())
    what.storage = own_directory.empty() ? default_storage() : own_directory;
  if (flags.name)
    what.name = *flags.name;
  if (flags.samples)
    what.samples = *flags.samples;
  if (flags.seed)
    what.seed = *flags.seed;
  return what;
}

result<std::unique_ptr<experiment_run>> session::implementation::start(const experiment& what,
                                                                       experiment_progress* progress) {
  if (auto declared = trainable_registry::of_this_program().check(); !declared)
    return fail(declared.error());
  run_options options;
  options.storage = what.storage;
  options.must_exist = flags.resume;
  options.command = command;
  options.on_trouble = [progress](const std::string& what_is_wrong) {
    if (progress != nullptr)
      progress->say("warning: " + what_is_wrong);
    else
      std::fprintf(stderr, "warning: %s\n", what_is_wrong.c_str());
  };
  if (progress != nullptr)
    options.on_record = [progress](const journal_record& record, const experiment_view& view) {
      progress->on_record(record, view);
    };
  if (cluster == nullptr)
    cluster = &runtime_session->cluster();
  return experiment_run::start(*cluster, what, std::move(options));
}

/// "digits: the experiment cannot run", and every reason on a line of its own.
void session::implementation::end_with(const std::string& name_of_experiment, const error& why) const {
  std::string text = why.message;
  for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 3))
    text.replace(at, 1, "\n  ");
  std::fflush(stdout);
  std::fprintf(stderr, "%s: the experiment cannot run\n  %s\n", name_of_experiment.c_str(), text.c_str());
  const bool is_mistake =
    why.code == errc::invalid_argument || why.code == errc::infeasible || why.code == errc::already_exists;
  std::exit(is_mistake ? exit_wrong_usage : exit_failure);
}

session::session(int argc, char** argv, runtime::unknown_flags unknown, const std::string& own_help)
  : how_(std::make_unique<implementation>()) {
  how_->runtime_session =
    std::make_unique<runtime::session>(argc, argv, runtime::unknown_flags::keep, session_flags_help + own_help);
  how_->program = file_name(argc > 0 ? argv[0] : nullptr);
  how_->command = words_of(argc, argv);
  how_->read_flags(how_->runtime_session->arguments(), unknown);
  if (how_->flags.json) { // One document and nothing else: what the program itself prints goes to standard error.
    std::cout.flush();
    std::fflush(stdout);
    how_->json_to = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
  }
}

session::session(runtime::test_cluster& cluster) : how_(std::make_unique<implementation>()) {
  how_->cluster = &cluster.driver();
  how_->flags.quiet = true;
  auto pattern = (std::filesystem::temp_directory_path() / "caf-tune-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw failure({errc::io, fmt::format("{} cannot be made", pattern)});
  how_->own_directory = pattern;
}

session::~session() {
  std::error_code ignored; // What is left of a test's directory harms nobody.
  if (!how_->own_directory.empty())
    std::filesystem::remove_all(how_->own_directory, ignored);
}

runtime::cluster& session::cluster() {
  if (how_->cluster == nullptr)
    how_->cluster = &how_->runtime_session->cluster();
  return *how_->cluster;
}

const std::vector<std::string>& session::arguments() const noexcept {
  return how_->flags.rest;
}

result<running_experiment> session::try_start(const experiment& what) {
  auto run = how_->start(how_->as_asked(what), nullptr);
  if (!run)
    return fail(run.error());
  return running_experiment(std::move(*run));
}

running_experiment session::start(const experiment& what) {
  return or_throw(try_start(what));
}

result<result_grid> session::try_run(const experiment& what) {
  const auto asked = how_->as_asked(what);
  const auto began = std::chrono::steady_clock::now();
  std::optional<experiment_progress> progress;
  if (!how_->flags.json && !how_->flags.quiet)
    progress.emplace(cluster(), asked.time_budget);
  auto run = how_->start(asked, progress ? &*progress : nullptr);
  if (!run)
    return fail(run.error());
  if (progress)
    progress->show(**run);
  int signals = 0;
  auto how = [&] {
    const posix_interrupts interrupts([&](const std::string& name) {
      const auto number = ++signals;
      if (progress && number <= 2)
        progress->say(number == 1 ? fmt::format("{}: ending in good order, at most 10 s; once more ends at once", name)
                                  : fmt::format("{}: ending at once", name));
      if (number == 1)
        (*run)->interrupt(fmt::format("interrupted by {}", name));
      else
        (*run)->end_at_once();
    });
    return (*run)->wait();
  }();
  if (progress)
    progress->end();
  if (!how)
    return fail(how.error());
  if (how_->flags.json)
    print(how_->json_to, (*run)->with_view([&](const experiment_view& view) {
      return document(experiment_json(view, (*run)->directory().string(), seconds_since(began)));
    }));
  if (!how->complete)
    return fail(errc::cancelled, fmt::format("{}; {}", how->why,
                                             how->held ? "resume or stop them (tune/running_experiment.hpp)"
                                                       : "the same command goes on with it"));
  return (*run)->results();
}

result_grid session::run(const experiment& what) {
  const auto asked = how_->as_asked(what);
  auto results = try_run(what);
  if (!results) {
    if (results.error().code != errc::cancelled)
      how_->end_with(asked.name, results.error());
    std::fprintf(stderr, "%s: %s\n", asked.name.c_str(), results.error().message.c_str());
    std::exit(results.error().message.find("SIGTERM") != std::string::npos ? 128 + SIGTERM : 128 + SIGINT);
  }
  return std::move(*results);
}

} // namespace tune
