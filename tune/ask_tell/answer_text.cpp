#include "tune/ask_tell/answer_text.hpp"

#include "runtime/base/overloaded.hpp"

#include <iterator>

#include <fmt/format.h>

namespace tune {
namespace {

template <class... Arguments>
void append(std::string& out, const char* form, Arguments&&... arguments) {
  fmt::format_to(std::back_inserter(out), fmt::runtime(form), std::forward<Arguments>(arguments)...);
}

std::string quoted(const std::string& text) {
  return to_json(value(text));
}

std::string list_of(const ask_tell::numbers& results) {
  return to_json(value(value::list(results.begin(), results.end())));
}

const char* word_of(verdict what) {
  switch (what) {
  case verdict::go_on: return "continue";
  case verdict::pause: return "pause";
  case verdict::stop: return "stop";
  case verdict::yield: return "continue";
  }
  return "";
}

void append_candidate(const ask_tell::candidate& each, std::string& out) {
  append(out, R"("trial":{},"config":{},)", each.trial.value, to_json(each.values));
  if (each.results.size() == 1)
    append(out, R"("value":{})", to_json(value(each.results.front())));
  else
    append(out, R"("values":{})", list_of(each.results));
}

void append_best(const ask_tell::best_found& best, std::string& out) {
  if (best.front.empty()) {
    out += R"({"trial":null,"config":null,"value":null})";
    return;
  }
  out += '{';
  append_candidate(best.front.front(), out);
  if (best.front.front().results.size() > 1) {
    out += R"(,"front":[)";
    for (std::size_t i = 0; i < best.front.size(); ++i) {
      out += i == 0 ? "{" : ",{";
      append_candidate(best.front[i], out);
      out += '}';
    }
    out += ']';
  }
  out += '}';
}

std::string from_text(trial_id from) {
  return from ? fmt::format(R"(,"from":{})", from.value) : std::string();
}

void append_open(const ask_tell::open_trials& open, std::string& out) {
  out += R"({"pending":[)";
  for (std::size_t i = 0; i < open.running.size(); ++i) {
    const auto& each = open.running[i];
    append(out, R"({}{{"trial":{},"config":{},"iteration":{}{}}})", i == 0 ? "" : ",", each.id.value,
           to_json(each.values), each.iteration, from_text(each.from));
  }
  out += R"(],"paused":[)";
  for (std::size_t i = 0; i < open.paused.size(); ++i)
    append(out, "{}{}", i == 0 ? "" : ",", open.paused[i].value);
  out += "]}";
}

} // namespace

void append_answer(const ask_tell::answer& what, std::uint64_t line, std::string& out) {
  std::visit(runtime::overloaded{
               [&](const ask_tell::proposed& a) {
                 append(out, R"({{"trial":{},"config":{})", a.trial.value, to_json(a.values));
                 if (a.after > 0)
                   append(out, R"(,"iteration":{}{})", a.after, from_text(a.from));
                 out += '}';
               },
               [&](const ask_tell::no_more& a) {
                 append(out, R"({{"{}":true,"reason":{}}})", a.for_good ? "exhausted" : "wait", quoted(a.reason));
               },
               [&](const ask_tell::told& a) { append(out, R"({{"trial":{},"ok":true}})", a.trial.value); },
               [&](const ask_tell::decided& a) {
                 append(out, R"({{"trial":{},"decision":"{}")", a.trial.value, word_of(a.what.what));
                 if (a.what.what != verdict::go_on && !a.what.reason.empty())
                   append(out, R"(,"reason":{})", quoted(a.what.reason));
                 out += '}';
               },
               [&](const ask_tell::best_found& a) { append_best(a, out); },
               [&](const ask_tell::open_trials& a) { append_open(a, out); },
               [&](const ask_tell::refused& a) { append(out, R"({{"error":{},"line":{}}})", quoted(a.why), line); },
             },
             what);
  out += '\n';
}

} // namespace tune
