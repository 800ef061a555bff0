#include "runtime/options.hpp"

#include "runtime/base/utf8.hpp"
#include "runtime/resources/amount.hpp"

#include <string_view>

#include <fmt/format.h>

namespace runtime {
namespace {

constexpr std::size_t most_name_bytes = 255; // As the head and the nodes read it.

/// `whose`: "the node's name".
std::string checked_name(const char* where, const char* whose, std::string name) {
  const auto refuse = [&](const std::string& is) {
    throw failure({errc::invalid_argument, fmt::format("{}: {} {}; use 1 to 255 bytes of UTF-8", where, whose, is)});
  };
  if (name.empty())
    refuse("is empty");
  if (name.size() > most_name_bytes)
    refuse(fmt::format("has {} bytes", name.size()));
  if (!is_utf8(name))
    refuse(fmt::format("\"{}\" is not UTF-8", made_utf8(name)));
  return name;
}

int checked_times(const char* where, int n) {
  if (n < -1)
    throw failure({errc::invalid_argument, fmt::format("{}: {}; use 0 or more, or -1 for no limit", where, n)});
  return n;
}

} // namespace

template <class Options>
Options& work_options<Options>::resource(const std::string& name, double n) {
  or_throw(validate_resource_name(name));
  const auto value = amount::from_double(n);
  if (!value)
    throw failure(within(name, value.error()));
  wants_.resources.set(name, *value);
  return self();
}

template <class Options>
Options& work_options<Options>::memory(const std::string& text) {
  const auto value = parse_memory(text);
  if (!value)
    throw failure(within("memory", value.error()));
  wants_.resources.set("memory", *value);
  return self();
}

template <class Options>
Options& work_options<Options>::on_node(std::string name) {
  wants_.placement = {placement_kind::node, checked_name("on_node", "the node's name", std::move(name))};
  return self();
}

template <class Options>
Options& work_options<Options>::avoid_node(std::string name) {
  wants_.avoided_node = checked_name("avoid_node", "the node's name", std::move(name));
  return self();
}

template <class Options>
Options& work_options<Options>::near_node(std::string name) {
  wants_.placement = {placement_kind::node, checked_name("near_node", "the node's name", std::move(name)),
                      /*soft=*/true};
  return self();
}

template <class Options>
Options& work_options<Options>::label(std::string name, std::string value) {
  wants_.required_labels[checked_name("label", "the label's name", std::move(name))] = std::move(value);
  return self();
}

template <class Options>
Options& work_options<Options>::prefer_label(std::string name, std::string value) {
  wants_.preferred_labels[checked_name("prefer_label", "the label's name", std::move(name))] = std::move(value);
  return self();
}

template <class Options>
Options& work_options<Options>::environment(std::string name, std::string value) {
  if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos ||
      value.find('\0') != std::string::npos)
    throw failure(
      {errc::invalid_argument,
       fmt::format("environment: \"{}\" cannot be set; a name has no \"=\" and is not empty, and neither it "
                   "nor its value has a zero byte",
                   name)});
  environment_[std::move(name)] = std::move(value);
  return self();
}

task_options& task_options::retries(int n) {
  retries_ = checked_times("retries", n);
  return *this;
}

task_options& task_options::most_in_flight(std::size_t n) {
  if (n == 0)
    throw failure({errc::invalid_argument, "most_in_flight: with 0 nothing would ever run; use 1 or more"});
  most_in_flight_ = n;
  return *this;
}

actor_options& actor_options::name(std::string unique) {
  name_ = checked_name("name", "the actor's name", std::move(unique));
  return *this;
}

actor_options& actor_options::max_restarts(int n) {
  max_restarts_ = checked_times("max_restarts", n);
  return *this;
}

template class work_options<task_options>;
template class work_options<actor_options>;

} // namespace runtime
