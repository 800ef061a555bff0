#include "runtime/program_registry.hpp"

#include "runtime/base/utf8.hpp"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace runtime {
namespace {

template <class Entry>
void add_once(std::map<std::string, Entry>& entries, const std::string& name, Entry entry, const char* kind,
              std::vector<std::string>& mistakes) {
  if (name.empty())
    mistakes.push_back(fmt::format("{}: its name is empty", kind));
  else if (!is_utf8(name))
    mistakes.push_back(fmt::format("{} \"{}\": its name is not UTF-8", kind, made_utf8(name)));
  else if (!entries.emplace(name, std::move(entry)).second)
    mistakes.push_back(fmt::format("{} \"{}\": this program declares the name twice", kind, name));
}

template <class Entry>
[[nodiscard]] result<Entry> find(const std::map<std::string, Entry>& entries, const std::string& name,
                                 const char* kind) {
  if (const auto found = entries.find(name); found != entries.end())
    return found->second;
  std::vector<std::string> names;
  for (const auto& [known, entry] : entries)
    names.push_back(known);
  return fail(errc::not_found, fmt::format("the program has no {} type \"{}\"; it declares {}", kind, name,
                                           names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
}

} // namespace

program_registry& program_registry::of_this_program() {
  static program_registry registry; // Made by whoever comes first: the order of namespace-scope objects is not given.
  return registry;
}

void program_registry::add_actor(const std::string& name, actor_factory make) {
  add_once(actors_, name, std::move(make), "actor type", mistakes_);
}

void program_registry::add_task(const std::string& name, task_body run) {
  add_once(tasks_, name, std::move(run), "task type", mistakes_);
}

void program_registry::add_message(const std::string& name, std::function<void(caf::actor_system_config&)> add) {
  add_once(messages_, name, std::move(add), "message type", mistakes_);
}

result<void> program_registry::check() const {
  if (mistakes_.empty())
    return {};
  return fail(errc::invalid_argument, fmt::format("{}", fmt::join(mistakes_, "\n")));
}

result<actor_factory> program_registry::actor(const std::string& name) const {
  return find(actors_, name, "actor");
}

result<task_body> program_registry::task(const std::string& name) const {
  return find(tasks_, name, "task");
}

void program_registry::add_messages_to(caf::actor_system_config& config) const {
  for (const auto& [name, add] : messages_)
    add(config);
}

} // namespace runtime
