#include "tune/ask_tell/line_session.hpp"

#include "tune/ask_tell/answer_text.hpp"
#include "tune/ask_tell/command_text.hpp"

#include <iterator>

#include <fmt/format.h>

namespace tune {

void line_session::on_bytes(std::string_view bytes) {
  unread_.erase(0, begin_);
  begin_ = 0;
  unread_.append(bytes);
  if (unread_.size() > most_line_bytes && unread_.find('\n') == std::string::npos) {
    unread_.clear();
    is_too_long_ = true;
  }
}

void line_session::on_end_of_input() {
  if (begin_ < unread_.size() || is_too_long_)
    unread_ += '\n';
}

line_session::output line_session::next(record::wall_time now) {
  output out;
  while (out.text.size() < enough_out_bytes) {
    const auto end = unread_.find('\n', begin_);
    if (end == std::string::npos)
      break;
    const auto line = std::string_view(unread_).substr(begin_, end - begin_);
    begin_ = end + 1;
    ++line_;
    if (is_too_long_ || line.size() > most_line_bytes)
      refuse(fmt::format("it is longer than {} bytes", most_line_bytes), out);
    else if (line.find_first_not_of(" \t\r") != std::string_view::npos)
      answer(line, now, out);
    is_too_long_ = false;
  }
  return out;
}

void line_session::answer(std::string_view line, record::wall_time now, output& out) {
  const auto said = command_from(line, core_.objectives());
  if (!said)
    return refuse(said.error().message, out);
  ask_tell_core::step todo;
  core_.on_command(*said, now, todo);
  std::move(todo.records.begin(), todo.records.end(), std::back_inserter(out.records));
  for (const auto& each : todo.answers) {
    append_answer(each, line_, out.text);
    errors_ += std::holds_alternative<ask_tell::refused>(each) ? 1u : 0u;
  }
}

void line_session::refuse(std::string why, output& out) {
  ++errors_;
  append_answer(ask_tell::refused{std::move(why)}, line_, out.text);
}

} // namespace tune
