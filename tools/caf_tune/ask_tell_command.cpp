#include "tools/caf_tune/ask_tell_command.hpp"

#include "runtime/process/command_line.hpp"
#include "tools/caf_tune/ask_tell_lists.hpp"
#include "tools/caf_tune/flag_numbers.hpp"
#include "tools/caf_tune/posix_spec_file.hpp"
#include "tune/ask_tell/file_search_journal.hpp"
#include "tune/ask_tell/line_session.hpp"
#include "tune/spec/search_spec.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <random>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

namespace tools {
namespace {

struct wishes_on_command_line {
  std::string space;
  std::string journal;
  tune::search_flags flags;
  std::string samples; ///< As it is given; empty: not at all.
  std::string seed;
  bool json = false;
  const bool* json_before = nullptr; ///< The command's name.
};

using wishes_ptr = std::shared_ptr<wishes_on_command_line>;

int failed(const std::string& why) {
  fmt::print(stderr, "caf-tune: {}\n", why);
  return runtime::exit_failure;
}

tune::error system_error(const std::string& what) {
  return {tune::errc::io, fmt::format("{}: {}", what, std::strerror(errno))};
}

/// What is there, at most as much as fits; nothing at the end.
[[nodiscard]] tune::result<std::string_view> read_some(int descriptor, std::string& buffer) {
  ssize_t got = 0;
  do
    got = ::read(descriptor, buffer.data(), buffer.size());
  while (got < 0 && errno == EINTR);
  if (got < 0)
    return tune::fail(system_error("cannot be read"));
  return std::string_view(buffer.data(), static_cast<std::size_t>(got));
}

[[nodiscard]] tune::result<void> write_all(std::string_view text) {
  while (!text.empty()) {
    const auto put = ::write(STDOUT_FILENO, text.data(), text.size());
    if (put < 0 && errno != EINTR)
      return tune::fail(system_error("standard output cannot be written"));
    text.remove_prefix(put < 0 ? 0 : static_cast<std::size_t>(put));
  }
  return {};
}

std::string random_id() {
  std::random_device chance;
  return fmt::format("{:08x}", chance() & 0xffffffffu);
}

auto now() {
  return std::chrono::system_clock::now();
}

/// Records, and when they are durable the text.
class answers {
public:
  tune::result<void> open_journal(const std::string& directory, tune::ask_tell_core& core) {
    const auto visitor = [&](tune::journal_position, const tune::journal_record& past) { return core.on_replay(past); };
    auto opened = tune::file_search_journal::open(directory, visitor);
    if (!opened)
      return tune::fail(opened.error());
    journal_.emplace(std::move(*opened));
    if (const auto& found = journal_->found(); found.torn_bytes > 0)
      fmt::print(stderr,
                 "caf-tune: {}/journal/{}: {} bytes that a crash left half written at the end were cut off; nothing "
                 "that was answered is among them\n",
                 directory, found.torn_file, found.torn_bytes);
    return {};
  }

  tune::result<void> put(const tune::line_session::output& out) {
    if (journal_) {
      for (const auto& record : out.records)
        if (auto added = journal_->add(record); !added)
          return added;
      if (auto durable = journal_->sync(); !durable)
        return durable;
    }
    return write_all(out.text);
  }

private:
  std::optional<tune::file_search_journal> journal_;
};

[[nodiscard]] tune::result<void> converse(tune::line_session& session, answers& to) {
  std::string buffer(1u << 20, '\0');
  for (bool is_over = false;;) {
    for (auto out = session.next(now()); !out.is_empty(); out = session.next(now()))
      if (auto put = to.put(out); !put)
        return put;
    if (is_over)
      return {};
    const auto piece = read_some(STDIN_FILENO, buffer);
    if (!piece)
      return tune::fail(runtime::within("standard input", piece.error()));
    is_over = piece->empty();
    if (is_over)
      session.on_end_of_input();
    else
      session.on_bytes(*piece);
  }
}

int run(const wishes_on_command_line& line) {
  const auto text = read_spec_file(line.space);
  if (!text)
    runtime::end_if_wrong("caf-tune", {fmt::format("--space: {}: {}", line.space, text.error().message)});
  auto read = tune::read_search_spec(*text, line.flags);
  runtime::end_if_wrong("caf-tune", tune::texts_of(read.mistakes, line.space));
  if (!is_for_ask_tell(read.spec->scheduler))
    runtime::end_if_wrong("caf-tune", {fmt::format("scheduler: {} is for experiments, whose trials it gives their "
                                                   "resources; whoever runs the trials of an ask-tell gives them "
                                                   "theirs: use the scheduler inside it alone",
                                                   read.spec->scheduler.name())});

  std::signal(SIGPIPE, SIG_IGN); // Who reads no more is told of as any other error.
  tune::ask_tell_core core(std::move(*read.spec));
  answers to;
  if (!line.journal.empty())
    if (const auto opened = to.open_journal(line.journal, core); !opened) {
      const auto why = runtime::within("--journal", opened.error());
      if (why.code == tune::errc::already_exists)
        runtime::end_if_wrong("caf-tune", {why.message});
      return failed(why.message);
    }
  tune::ask_tell_core::step begun;
  core.on_begin(random_id(), now(), begun);
  if (const auto put = to.put({std::move(begun.records), ""}); !put)
    return failed(put.error().message);

  tune::line_session session(std::move(core));
  if (const auto conversed = converse(session, to); !conversed)
    return failed(conversed.error().message);
  if (session.errors() == 0)
    return EXIT_SUCCESS;
  return failed(fmt::format("{} of {} lines were answered with an error", session.errors(), session.lines()));
}

int print(const std::string& text) {
  const auto put = write_all(text);
  return put ? EXIT_SUCCESS : failed(put.error().message);
}

/// What --searcher list and --scheduler list ask for; empty: nothing.
std::string listed(const wishes_on_command_line& line) {
  std::string text;
  if (line.flags.searcher == "list")
    text += line.json ? searchers_json().dump(2) + '\n' : searchers_text();
  else if (line.flags.scheduler == "list")
    text += line.json ? schedulers_json().dump(2) + '\n' : schedulers_text();
  return text;
}

int start(wishes_on_command_line& line) {
  line.json = line.json || *line.json_before;
  if (const auto text = listed(line); !text.empty())
    return print(text);
  std::vector<std::string> mistakes;
  line.flags.samples = whole_number("--samples", line.samples, mistakes);
  line.flags.seed = whole_number("--seed", line.seed, mistakes);
  if (line.space.empty())
    mistakes.emplace_back("--space: the file with what is searched is missing");
  if (line.json)
    mistakes.emplace_back("--json: the answers are JSON already; it is for --searcher list and --scheduler list");
  runtime::end_if_wrong("caf-tune", mistakes);
  return run(line);
}

constexpr char help_text[] =
  R"(Each line in is one of these; each is answered before the next is read:
  {"ask": 2}                                          {"trial": 1, "config": {..}}, for each one a line; fewer end with
                                                      {"exhausted": true, "reason": ..} or {"wait": true, "reason": ..}
  {"tell": {"trial": 1, "value": 0.5}}                {"trial": 1, "ok": true}; the trial has ended
  {"tell": {"trial": 2, "state": "failed"}}           the same; or "ignored": it says nothing about the configuration
  {"report": {"trial": 1, "iteration": 3, "value": 0.4}}
                                                      {"trial": 1, "decision": "continue"}, or "stop" or "pause"
  {"best": true}                                      {"trial": 1, "config": {..}, "value": 0.5}
  {"pending": true}                                   {"pending": [{"trial", "config", "iteration"}, ..], "paused": [1]}
  anything else                                       {"error": "what is wrong", "line": 7}, and it goes on
With several objectives "values" is a list of numbers. NaN, Infinity and null are taken, and are no good value.

Exit codes: 0 all is well; 1 a line was answered with an error, or the journal or a pipe failed; 2 wrong usage.)";

} // namespace

void add_ask_tell_command(CLI::App& app, chosen_command& chosen, const bool& json) {
  const auto line = std::make_shared<wishes_on_command_line>();
  line->json_before = &json;
  auto& one = *app.add_subcommand(
    "ask-tell", "the searchers and schedulers for programs in any language: JSON lines on standard input and output");
  one.footer(help_text);
  auto& flags = line->flags;
  one.add_option("--space", line->space,
                 "what is searched: a spec file, or only its mapping of parameters; YAML or JSON");
  one.add_option("--searcher", flags.searcher,
                 "who proposes: a name, or {\"name\": .., options}; list shows them (default: the file's, or auto)");
  one.add_option("--scheduler", flags.scheduler,
                 "who decides on reports: the same (default: the file's, or fifo, which lets all go on)");
  one.add_option(
    "--mode", flags.mode,
    "whether less or more is better: min or max; of several objectives min,max (default: the file's, or max)");
  one.add_option("--objectives", flags.metric,
                 "names of the values, with commas between them (default: the file's metric)");
  one.add_option("--samples", line->samples, "times that a grid is gone through (default: the file's, or 1)");
  one.add_option("--seed", line->seed, "of all chance (default: the file's, or 0)");
  one.add_option("--journal", line->journal,
                 "a directory that keeps all that was answered: killed at any time, the same command goes on");
  one.add_flag("--json", line->json, "of --searcher list and --scheduler list: JSON instead of a table");
  one.callback([&chosen, line] { chosen = [line] { return start(*line); }; });
}

} // namespace tools
