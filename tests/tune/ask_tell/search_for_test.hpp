#pragma once

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tune/ask_tell/line_session.hpp"

/// A search that is told lines, and gives its records back.
class search_for_test {
public:
  explicit search_for_test(const std::string& spec, const tune::search_flags& flags = {},
                           const std::vector<tune::journal_record>& past = {})
    : session_(begun(spec, flags, past)) {}

  /// The answers to these lines, each without its newline.
  std::vector<std::string> say(const std::vector<std::string>& lines) {
    for (const auto& each : lines)
      session_.on_bytes(each + "\n");
    std::vector<std::string> answers;
    for (auto out = session_.next({}); !out.is_empty(); out = session_.next({})) {
      records_.insert(records_.end(), out.records.begin(), out.records.end());
      for (std::size_t begin = 0; begin < out.text.size();) {
        const auto end = out.text.find('\n', begin);
        answers.push_back(out.text.substr(begin, end - begin));
        begin = end + 1;
      }
    }
    return answers;
  }
  std::vector<std::string> say(const std::string& line) { return say(std::vector<std::string>{line}); }
  /// The only answer.
  std::string ask(const std::string& line) {
    const auto answers = say(line);
    REQUIRE(answers.size() == 1);
    return answers.front();
  }

  /// All since the search began, also those that it was begun with.
  const std::vector<tune::journal_record>& records() const { return records_; }
  const tune::line_session& session() const { return session_; }

  static tune::search_spec spec_of(const std::string& text, const tune::search_flags& flags = {}) {
    auto read = tune::read_search_spec(text, flags);
    REQUIRE(tune::texts_of(read.mistakes, "spec") == std::vector<std::string>{});
    return std::move(*read.spec);
  }

private:
  tune::ask_tell_core begun(const std::string& spec, const tune::search_flags& flags,
                            const std::vector<tune::journal_record>& past) {
    tune::ask_tell_core core(spec_of(spec, flags));
    for (const auto& each : past)
      tune::or_throw(core.on_replay(each));
    records_ = past;
    tune::ask_tell_core::step todo;
    core.on_begin("0123abcd", {}, todo);
    records_.insert(records_.end(), todo.records.begin(), todo.records.end());
    return core;
  }

  std::vector<tune::journal_record> records_;
  tune::line_session session_;
};
