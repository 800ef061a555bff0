#include "tune/spec/spec_document.hpp"

#include "runtime/base/utf8.hpp"
#include "tune/spec/document_builder.hpp"
#include "tune/spec/yaml_scalar.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <sstream>
#include <unordered_map>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

namespace tune {
namespace {

using json = nlohmann::ordered_json;
using object_or_array = json::value_t;

// ---- JSON.

/// Reads characters, and counts the lines that were read.
class counting_iterator {
public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  counting_iterator(const char* at, std::size_t* line) : at_(at), line_(line) {}

  reference operator*() const { return *at_; }
  counting_iterator& operator++() {
    *line_ += *at_ == '\n' ? 1u : 0u;
    ++at_;
    return *this;
  }
  counting_iterator operator++(int) {
    auto before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const counting_iterator& a, const counting_iterator& b) { return a.at_ == b.at_; }
  friend bool operator!=(const counting_iterator& a, const counting_iterator& b) { return a.at_ != b.at_; }

private:
  const char* at_;
  std::size_t* line_;
};

class json_handler final : public nlohmann::json_sax<json> {
public:
  json_handler(document_builder& built, const std::size_t& line) : built_(built), line_(line) {}

  bool null() override { return put(nullptr); }
  bool boolean(bool x) override { return put(x); }
  bool number_integer(number_integer_t x) override { return put(x); }
  bool number_unsigned(number_unsigned_t x) override { return put(x); }
  bool number_float(number_float_t x, const string_t&) override { return put(x); }
  bool string(string_t& x) override { return put(x); }
  bool binary(binary_t&) override { return false; } // JSON has none.
  bool start_object(std::size_t) override { return begin(object_or_array::object); }
  bool start_array(std::size_t) override { return begin(object_or_array::array); }
  bool end_object() override { return end(); }
  bool end_array() override { return end(); }
  bool key(string_t& name) override {
    built_.key(name, line_);
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

private:
  bool put(json x) {
    built_.value(std::move(x), line_);
    return !built_.has_given_up();
  }
  bool begin(object_or_array what) {
    built_.begin(what, line_);
    return !built_.has_given_up();
  }
  bool end() {
    built_.end();
    return true;
  }

  document_builder& built_;
  const std::size_t& line_;
};

// ---- YAML.

class yaml_handler final : public YAML::EventHandler {
public:
  explicit yaml_handler(document_builder& built) : built_(built) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 2)
      built_.give_up(line_of(mark), "a second document begins here; a file holds one");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (built_.wants_key())
      return built_.give_up(line_of(mark), "a name is missing before \":\"");
    put(nullptr, mark, anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (built_.has_given_up())
      return;
    if (built_.wants_key()) {
      if (text == "<<" && tag != "!")
        built_.mistake(line_of(mark), "\"<<\": merge keys are not read; write out what is merged");
      return built_.key(text, line_of(mark));
    }
    const bool is_text = tag == "!" || tag == "tag:yaml.org,2002:str";
    check_tag(
      mark, tag,
      {"!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:bool"});
    put(is_text ? json(text) : yaml_scalar(text), mark, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (built_.wants_key())
      return built_.give_up(line_of(mark), "a name must be a text, not an alias");
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end())
      return built_.give_up(line_of(mark), "an alias of what it lies in itself");
    built_.value(found->second, line_of(mark));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(object_or_array::array, mark, tag, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(object_or_array::object, mark, tag, anchor);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapEnd() override { end(); }

  static std::size_t line_of(const YAML::Mark& mark) {
    return mark.is_null() || mark.line < 0 ? 0 : static_cast<std::size_t>(mark.line) + 1;
  }

private:
  void put(const json& x, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor)
      anchored_[anchor] = x;
    built_.value(x, line_of(mark));
  }
  void begin(object_or_array what, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (built_.wants_key())
      return built_.give_up(line_of(mark), "a name must be a text, not a list or mapping");
    check_tag(mark, tag, {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"});
    open_.push_back(anchor);
    built_.begin(what, line_of(mark));
  }
  void end() {
    if (built_.has_given_up() || open_.empty())
      return;
    const auto* ended = built_.end();
    if (open_.back() != YAML::NullAnchor && ended != nullptr)
      anchored_[open_.back()] = *ended;
    open_.pop_back();
  }
  void check_tag(const YAML::Mark& mark, const std::string& tag, std::initializer_list<const char*> known) {
    if (!tag.empty() && tag != "?" && std::find(known.begin(), known.end(), tag) == known.end())
      built_.mistake(line_of(mark), fmt::format("the tag \"{}\" has no meaning here; leave it out", tag));
  }

  document_builder& built_;
  std::unordered_map<YAML::anchor_t, json> anchored_;
  std::vector<YAML::anchor_t> open_;
  int documents_ = 0;
};

spec_document read_yaml(std::string_view text) {
  document_builder built;
  yaml_handler handler(built);
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    while (!built.has_given_up() && parser.HandleNextDocument(handler)) {}
  } catch (const YAML::Exception& wrong) {
    built.give_up(yaml_handler::line_of(wrong.mark), fmt::format("column {}: {}", wrong.mark.column + 1, wrong.msg));
  }
  return std::move(built).finish();
}

/// Where it stops being UTF-8; none: it does not. Zeros are none: from them yaml-cpp takes a text for UTF-16 or UTF-32,
/// of which it can make anything.
std::optional<spec_mistake> mistake_of_coding(std::string_view text) {
  spec_mistake found{1, ""};
  for (std::size_t column = 1; !text.empty(); ++column) {
    const auto size = runtime::utf8_character_bytes(text);
    if (size == 0 || text.front() == '\0') {
      found.text = fmt::format("column {}: this is no UTF-8; save the file as UTF-8", column);
      return found;
    }
    if (text.front() == '\n') {
      ++found.line;
      column = 0;
    }
    text.remove_prefix(size);
  }
  return std::nullopt;
}

} // namespace

std::size_t spec_document::line_of(const std::string& path) const {
  const auto found = lines.find(path);
  return found == lines.end() ? 0 : found->second;
}

spec_document read_spec_document(std::string_view text) {
  document_builder built;
  if (const auto wrong = mistake_of_coding(text)) {
    built.give_up(wrong->line, wrong->text);
    return std::move(built).finish();
  }
  std::size_t line = 1;
  json_handler handler(built, line);
  const counting_iterator begin(text.data(), &line);
  const counting_iterator end(text.data() + text.size(), &line);
  if (json::sax_parse(begin, end, &handler) || built.has_given_up())
    return std::move(built).finish();
  return read_yaml(text); // Also for JSON that is wrong: it says where.
}

std::vector<std::string> texts_of(std::vector<spec_mistake> mistakes, const std::string& file) {
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const spec_mistake& a, const spec_mistake& b) { return a.line < b.line; });
  std::vector<std::string> texts;
  for (const auto& each : mistakes)
    if (each.line != 0)
      texts.push_back(fmt::format("{}:{}: {}", file, each.line, each.text));
    else
      texts.push_back(each.text.compare(0, 2, "--") == 0 ? each.text : fmt::format("{}: {}", file, each.text));
  return texts;
}

} // namespace tune
