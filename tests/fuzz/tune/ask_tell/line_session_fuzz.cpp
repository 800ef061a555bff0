#include "tests/fuzz/fuzz_target.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "tune/ask_tell/command_text.hpp"
#include "tune/ask_tell/line_session.hpp"

/// What programs say to ask-tell: the first byte chooses the search, the second how the lines come in pieces; corpus/
/// has conversations. Every line is answered by JSON, and whoever is begun again on the records answers the same.

namespace {

using namespace tune;

constexpr std::string_view searches[] = {
  R"({"space": {"x": {"uniform": [0, 1]}, "act": {"choice": ["relu", "tanh"]}}, "samples": 20, "mode": "min",
      "searcher": "tpe"})",
  R"({"space": {"x": {"uniform": [0, 1]}}, "samples": 20, "searcher": "random",
      "scheduler": {"name": "asha", "max_t": 9, "grace_period": 1, "reduction_factor": 3}})",
  R"({"space": {"x": {"uniform": [0, 1]}, "n": {"randint": [1, 5]}}, "samples": 20, "searcher": "random",
      "scheduler": {"name": "hyperband", "max_t": 9, "reduction_factor": 3}})",
  R"({"space": {"x": {"uniform": [0, 1]}}, "samples": 20, "metric": ["a", "b"], "mode": ["min", "max"],
      "searcher": "nsga2"})",
  R"({"space": {"x": {"grid": [1, 2]}, "y": {"grid": [1, 2]}}, "samples": 1})",
  R"({"space": {"x": {"uniform": [0, 1]}}, "samples": 20, "searcher": "random",
      "scheduler": {"name": "pbt", "perturbation_interval": 2, "quantile_fraction": 0.5}})",
};

search_spec spec_of(std::size_t search) {
  auto read = read_search_spec(searches[search % std::size(searches)]);
  fuzz::require(read.spec.has_value(), "a search of this fuzzer has mistakes");
  return std::move(*read.spec);
}

/// A search that has heard these records, and what it said since.
struct conversation {
  explicit conversation(std::size_t search, const std::vector<journal_record>& past = {})
    : records(past),
      session(begun(spec_of(search))) {}

  void say(std::string_view bytes, std::size_t piece) {
    while (!bytes.empty()) {
      session.on_bytes(bytes.substr(0, piece));
      bytes.remove_prefix(std::min(piece, bytes.size()));
      take();
    }
  }
  void end() {
    session.on_end_of_input();
    take();
  }
  void take() {
    for (auto out = session.next({}); !out.is_empty(); out = session.next({})) {
      records.insert(records.end(), out.records.begin(), out.records.end());
      text += out.text;
    }
  }
  ask_tell_core begun(search_spec spec) {
    ask_tell_core core(std::move(spec));
    for (const auto& each : records)
      or_throw(core.on_replay(each));
    ask_tell_core::step todo;
    core.on_begin("0123abcd", {}, todo);
    records.insert(records.end(), todo.records.begin(), todo.records.end());
    return core;
  }

  std::vector<journal_record> records;
  std::string text;
  line_session session;
};

/// Without the lines that ask for many: the time of a thousand proposals says nothing about bytes.
std::string modest(std::string_view lines, const std::vector<objective>& objectives) {
  constexpr std::uint64_t most = 20;
  std::string kept;
  while (!lines.empty()) {
    const auto line = lines.substr(0, std::min(lines.find('\n'), lines.size() - 1) + 1);
    lines.remove_prefix(line.size());
    const auto said = command_from(line, objectives);
    const auto* ask = said ? std::get_if<ask_tell::ask>(&*said) : nullptr;
    if (ask == nullptr || ask->count <= most)
      kept += line;
  }
  return kept;
}

void check_answers(const std::string& text) {
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = text.find('\n', begin);
    fuzz::require(end != std::string::npos, "an answer has no end of line");
    fuzz::require(nlohmann::json::parse(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                        text.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false)
                    .is_object(),
                  "an answer is no JSON object");
    begin = end + 1;
  }
}

void run(std::string_view input) {
  constexpr std::size_t most = 4096;
  fuzz::parts parts(input.substr(0, most));
  const std::size_t search = parts.byte();
  const auto piece = std::size_t{1} + parts.byte();
  const auto lines = modest(parts.rest(), spec_of(search).objectives);

  conversation whole(search);
  whole.say(lines, lines.size() + 1);
  whole.end();
  check_answers(whole.text);
  conversation pieces(search);
  pieces.say(lines, piece);
  pieces.end();
  fuzz::require(pieces.text == whole.text, "answers depend on how the lines come in pieces");

  conversation later(search, whole.records);
  constexpr std::string_view questions = "{\"pending\": true}\n{\"best\": true}\n{\"ask\": 3}\n";
  whole.text.clear();
  whole.say(questions, questions.size());
  later.say(questions, questions.size());
  fuzz::require(later.text == whole.text, "a search that was begun again answers otherwise");
}

fuzz::inputs seeds() {
  return {};
}

const fuzz::target line_session_target("tune/ask_tell/line_session", run, seeds);

} // namespace
