#include "tune/spec/search_spec.hpp"

#include "tune/searcher/point_queue.hpp"
#include "tune/searcher/searcher.hpp"
#include "tune/space/near_name.hpp"
#include "tune/space/space_json.hpp"
#include "tune/spec/spec_document.hpp"
#include "tune/value/json_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace tune {
namespace {

using json = nlohmann::ordered_json;

/// All that a spec file or an experiment.json may have. Those that search_spec does not have are of running a program.
const std::vector<std::string>& fields() {
  static const std::vector<std::string> all = {"name",
                                               "trainable",
                                               "space",
                                               "metric",
                                               "mode",
                                               "samples",
                                               "seed",
                                               "searcher",
                                               "searcher_chose", // Of an experiment.json alone: what came of it.
                                               "scheduler",
                                               "points_to_evaluate",
                                               "stop",
                                               "resources",
                                               "max_failures",
                                               "max_losses",
                                               "max_concurrent_trials",
                                               "checkpoints",
                                               "time_budget_s",
                                               "fail_fast",
                                               "step_deadline_s",
                                               "trial_deadline_s",
                                               "storage",
                                               "environment",
                                               "command",
                                               "wait_for_nodes",
                                               "wait_for_disk",
                                               "process_per_attempt",
                                               "in_process_threads"};
  return all;
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::vector<std::string> words_in(const std::string& text) {
  std::vector<std::string> words;
  std::size_t begin = 0;
  for (auto comma = text.find(','); comma != std::string::npos; comma = text.find(',', begin)) {
    words.push_back(text.substr(begin, comma - begin));
    begin = comma + 1;
  }
  words.push_back(text.substr(begin));
  return words;
}

/// An element's place in its list; none: it is the name of a field.
std::optional<std::size_t> index_in(const std::string& text) {
  std::size_t index = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, index);
  return read.ec == std::errc() && read.ptr == end ? std::optional(index) : std::nullopt;
}

class reader {
public:
  reader(spec_document document, const search_flags& flags) : document_(std::move(document)), flags_(flags) {}

  search_spec_read read() {
    if (!document_.mistakes.empty() && document_.root.is_null()) // Nothing can be made of it.
      return {std::nullopt, std::move(document_.mistakes)};
    mistakes_ = std::move(document_.mistakes);
    if (!document_.root.is_object()) {
      wrong(0, document_.root.is_null() ? "it is empty; a mapping of parameters is needed"
                                        : "a mapping of parameters is needed, but it is " + document_.root.dump());
      return {std::nullopt, std::move(mistakes_)};
    }
    find_space();
    read_space();
    read_goals();
    spec_.samples = number("samples", flags_.samples, 1, 1);
    spec_.seed = number("seed", flags_.seed, 0, 0);
    read_searcher();
    read_scheduler();
    read_points();
    check_together();
    if (!mistakes_.empty())
      return {std::nullopt, std::move(mistakes_)};
    return {std::move(spec_), {}};
  }

private:
  void wrong(std::size_t line, std::string text) { mistakes_.push_back({line, std::move(text)}); }

  /// A text that begins with its place; its line is that of the place.
  void wrong(const std::string& text) { wrong(line_of(text), text); }
  void wrong(const std::vector<std::string>& texts) {
    for (const auto& each : texts)
      wrong(each);
  }

  std::size_t line_of(const std::string& text) const {
    std::size_t length = 0;
    std::size_t line = 0;
    for (const auto& [path, its_line] : document_.lines) { // The longest that the text begins with.
      const auto begins = beginning_of(path);
      if (begins.size() > length && text.compare(0, begins.size(), begins) == 0) {
        length = begins.size();
        line = its_line;
      }
    }
    return line;
  }

  /// How a mistake about what has this path begins.
  std::string beginning_of(const std::string& path) const {
    if (path.compare(0, space_path_.size(), space_path_) == 0)
      return "space: \"" + path.substr(space_path_.size()) + "\"";
    if (!is_whole_)
      return {};
    if (const std::string points = "points_to_evaluate/"; path.compare(0, points.size(), points) == 0)
      if (const auto index = index_in(path.substr(points.size())))
        return fmt::format("points_to_evaluate: point {}:", *index + 1);
    return path.find('/') == std::string::npos ? path : std::string();
  }

  const json* field(const char* name) const {
    if (!is_whole_)
      return nullptr;
    const auto found = document_.root.find(name);
    return found == document_.root.end() ? nullptr : &*found;
  }

  void find_space() {
    const auto space = document_.root.find("space");
    is_whole_ = space != document_.root.end();
    space_path_ = is_whole_ ? "space/" : "";
    if (!is_whole_) {
      for (const char* name : {"searcher", "scheduler", "trainable"})
        if (const auto found = document_.root.find(name); found != document_.root.end() && is_choice(*found))
          wrong(document_.line_of(name), fmt::format("{}: beside it a spec file needs \"space\", the mapping of "
                                                     "parameters",
                                                     name));
      return;
    }
    for (const auto& each : document_.root.items())
      if (std::find(fields().begin(), fields().end(), each.key()) == fields().end())
        wrong(document_.line_of(each.key()),
              fmt::format("a spec file has no \"{}\"{}", each.key(), hint(each.key(), fields())));
  }

  static bool is_choice(const json& x) {
    return x.is_object() && (x.contains("name") || x.contains("command") || x.contains("program"));
  }

  void read_space() {
    std::vector<std::string> found;
    spec_.space = space_from(is_whole_ ? document_.root["space"] : document_.root, found);
    if (found.empty() && spec_.space.parameters().empty())
      found.emplace_back("space: it has no parameters");
    const auto of_form = found;
    for (auto& each : mistakes_of(spec_.space))
      if (!is_consequence(each, of_form))
        found.push_back(std::move(each));
    has_space_ = found.empty();
    wrong(found);
  }

  /// A condition on a parameter that is not there only because its own form is wrong: that is told once.
  bool is_consequence(const std::string& mistake, const std::vector<std::string>& of_form) const {
    return std::any_of(of_form.begin(), of_form.end(), [&](const std::string& each) {
      const std::string begins = "space: \"";
      if (each.compare(0, begins.size(), begins) != 0)
        return false;
      const auto name = each.substr(begins.size() - 1, each.find("\": ") + 1 - (begins.size() - 1));
      return mistake.find("its condition names " + name + ",") != std::string::npos ||
             mistake.find("its condition on " + name + " can") != std::string::npos;
    });
  }

  /// Of a flag, the words between its commas; of a field, its text or list of texts.
  std::vector<std::string> words_of(const char* name, const std::optional<std::string>& flag, std::string& place) {
    place = flag ? std::string("--") + name : name;
    if (flag)
      return words_in(*flag);
    const auto* found = field(name);
    std::vector<std::string> words;
    if (found == nullptr)
      return words;
    for (const auto& each : found->is_array() ? *found : json::array({*found}))
      if (each.is_string())
        words.push_back(each.get<std::string>());
      else
        wrong(fmt::format("{}: {} is no text, nor a list of texts", name, found->dump()));
    return words;
  }

  void read_goals() {
    std::string place_of_modes;
    std::string place_of_metrics;
    const auto modes = words_of("mode", flags_.mode, place_of_modes);
    auto metrics = words_of("metric", flags_.metric, place_of_metrics);
    for (const auto& each : modes)
      if (each != "min" && each != "max")
        wrong(fmt::format("{}: \"{}\" is neither min nor max", place_of_modes, each));
    if (modes.size() > 1 && !metrics.empty() && metrics.size() != modes.size())
      wrong(fmt::format("{}: {} of them for {} ({})", place_of_modes, modes.size(),
                        metrics.size() == 1 ? "one metric" : fmt::format("{} metrics", metrics.size()),
                        joined(metrics)));
    if (metrics.empty())
      for (std::size_t i = 0; i < std::max<std::size_t>(modes.size(), 1); ++i)
        metrics.push_back(modes.size() < 2 ? "value" : fmt::format("value_{}", i + 1));
    for (std::size_t i = 0; i < metrics.size(); ++i) {
      if (metrics[i].empty() ||
          std::count(metrics.begin(), metrics.begin() + static_cast<std::ptrdiff_t>(i), metrics[i]))
        wrong(fmt::format("{}: \"{}\" is {}", place_of_metrics, metrics[i],
                          metrics[i].empty() ? "no name" : "there twice"));
      const auto& mode = modes.empty() ? "max" : i < modes.size() ? modes[i] : modes.back();
      spec_.objectives.push_back({metrics[i], mode == "min" ? direction::minimize : direction::maximize});
    }
  }

  std::uint64_t number(const char* name, const std::optional<std::uint64_t>& flag, std::uint64_t otherwise,
                       std::uint64_t least) {
    const auto* found = field(name);
    if (flag && *flag >= least)
      return *flag;
    if (flag)
      wrong(fmt::format("--{}: {} is too few; use at least {}", name, *flag, least));
    else if (found != nullptr && found->is_number_integer() && !(*found < least))
      return found->get<std::uint64_t>();
    else if (found != nullptr)
      wrong(fmt::format("{}: {} is no integer of at least {}", name, found->dump(), least));
    return otherwise;
  }

  /// The choice as JSON: what the flag says, with the file's options where it only names what the file has.
  std::string choice_of(const char* name, const std::optional<std::string>& flag, const char* otherwise) const {
    const auto* found = field(name);
    const auto in_file = found == nullptr ? json(otherwise) : *found;
    if (!flag)
      return in_file.dump(-1, ' ', false, json::error_handler_t::replace);
    if (!flag->empty() && flag->front() == '{')
      return *flag;
    if (in_file.is_object() && in_file.contains("name") && in_file["name"] == *flag)
      return in_file.dump(-1, ' ', false, json::error_handler_t::replace);
    return json(*flag).dump(-1, ' ', false, json::error_handler_t::replace);
  }

  /// The library's own words, one mistake a line. Those about a flag have no line in the file.
  void wrong_choice(const error& why, const std::optional<std::string>& flag) {
    std::size_t begin = 0;
    for (;;) {
      const auto end = why.message.find('\n', begin);
      const auto text = why.message.substr(begin, end == std::string::npos ? end : end - begin);
      wrong(flag ? 0 : line_of(text), flag ? "--" + text : text);
      if (end == std::string::npos)
        return;
      begin = end + 1;
    }
  }

  void read_searcher() {
    auto chosen = searcher_from_json(choice_of("searcher", flags_.searcher, "auto"));
    if (!chosen)
      return wrong_choice(chosen.error(), flags_.searcher);
    spec_.searcher = std::move(*chosen);
    has_searcher_ = true;
  }

  void read_scheduler() {
    auto chosen = scheduler_from_json(choice_of("scheduler", flags_.scheduler, "fifo"));
    if (!chosen)
      return wrong_choice(chosen.error(), flags_.scheduler);
    spec_.scheduler = std::move(*chosen);
    wrong(spec_.scheduler.mistakes());
  }

  void read_points() {
    const auto* list = field("points_to_evaluate");
    if (list == nullptr)
      return;
    if (!list->is_array())
      return wrong("points_to_evaluate: a list of mappings is needed, but it is " + list->dump());
    for (std::size_t i = 0; i < list->size(); ++i) {
      const auto& each = (*list)[i];
      const bool is_known = each.is_object() && each.size() == 2 && each.contains("config") &&
                            each.contains("metrics") && each["config"].is_object() && each["metrics"].is_object();
      auto values = values_from(is_known ? each["config"] : each);
      auto known = values_from(is_known ? each["metrics"] : json::object());
      if (values && known)
        add_point(*values, is_known ? &*known : nullptr);
      else
        wrong(fmt::format("points_to_evaluate: point {}: {}", i + 1, (values ? known : values).error().message));
    }
  }

  void add_point(const named_values& values, const named_values* known) {
    point made{config(std::vector<named_values::entry>(values.begin(), values.end())), std::nullopt};
    if (known != nullptr)
      made.known = metrics(std::vector<named_values::entry>(known->begin(), known->end()));
    spec_.points_to_evaluate.push_back(std::move(made));
  }

  /// What each is without mistakes, and does not fit to another.
  void check_together() {
    if (!has_space_)
      return;
    wrong(mistakes_of(spec_.points_to_evaluate, spec_.space, spec_.objectives));
    if (spec_.scheduler.mistakes().empty())
      wrong(spec_.scheduler.mistakes(spec_.space));
    if (!has_searcher_)
      return;
    const auto found = spec_.searcher.mistakes(spec_.space);
    wrong(found);
    if (!found.empty() || spec_.objectives.size() == 1)
      return;
    const auto made = spec_.searcher.make({spec_.space, spec_.seed, spec_.samples, 0, spec_.objectives.size()});
    if (made->abilities().several_objectives)
      return;
    std::vector<std::string> names;
    for (const auto& each : spec_.objectives)
      names.push_back(each.metric);
    wrong(fmt::format("searcher: {} takes one objective, but there are {}: {}", spec_.searcher.name(), names.size(),
                      joined(names)));
  }

  spec_document document_;
  const search_flags& flags_;
  search_spec spec_;
  std::vector<spec_mistake> mistakes_;
  std::string space_path_;
  bool is_whole_ = false; ///< A spec file, and not only the mapping of parameters.
  bool has_space_ = false;
  bool has_searcher_ = false;
};

json goals_of(const std::vector<objective>& objectives, const char* (*of)(const objective&)) {
  if (objectives.size() == 1)
    return of(objectives.front());
  auto all = json::array();
  for (const auto& each : objectives)
    all.push_back(of(each));
  return all;
}

} // namespace

search_spec_read read_search_spec(std::string_view text, const search_flags& flags) {
  return reader(read_spec_document(text), flags).read();
}

std::string to_json(const search_spec& spec) {
  json all;
  all["space"] = json_of(spec.space);
  all["metric"] = goals_of(spec.objectives, [](const objective& o) { return o.metric.c_str(); });
  all["mode"] =
    goals_of(spec.objectives, [](const objective& o) { return o.better == direction::maximize ? "max" : "min"; });
  all["samples"] = spec.samples;
  all["seed"] = spec.seed;
  all["searcher"] = json::parse(to_json(spec.searcher));
  all["scheduler"] = json::parse(to_json(spec.scheduler));
  if (!spec.points_to_evaluate.empty()) {
    auto points = json::array();
    for (const auto& each : spec.points_to_evaluate)
      points.push_back(each.known ? json{{"config", json_of(each.values)}, {"metrics", json_of(*each.known)}}
                                  : json_of(each.values));
    all["points_to_evaluate"] = std::move(points);
  }
  return all.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::vector<std::string> differences_of_specs(const std::string& before, const std::string& now) {
  const auto old_one = json::parse(before, nullptr, /*allow_exceptions=*/false);
  const auto new_one = json::parse(now, nullptr, /*allow_exceptions=*/false);
  if (!old_one.is_object() || !new_one.is_object())
    return before == now ? std::vector<std::string>{}
                         : std::vector<std::string>{"it was " + before + ", now it is " + now};
  const auto part = [](const json& whole, const char* name) {
    const auto found = whole.find(name);
    return found == whole.end() ? std::string("nothing") : found->dump();
  };
  std::vector<std::string> changed;
  for (auto& each : differences(part(old_one, "space"), part(new_one, "space")))
    changed.push_back("space: " + each);
  for (const char* name : {"metric", "mode", "samples", "seed", "searcher", "scheduler", "points_to_evaluate"})
    if (part(old_one, name) != part(new_one, name))
      changed.push_back(fmt::format("{}: it was {}, now it is {}", name, part(old_one, name), part(new_one, name)));
  return changed;
}

} // namespace tune
