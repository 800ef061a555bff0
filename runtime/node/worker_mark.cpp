#include "runtime/node/worker_mark.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace runtime {
namespace {

constexpr char separator = ':';

template <class Predicate>
bool any_mark(std::string_view list, Predicate is_it) {
  while (!list.empty()) {
    const auto end = std::min(list.find(separator), list.size());
    if (is_it(list.substr(0, end)))
      return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

} // namespace

std::string mark_of_node(node_id node) {
  return fmt::format("{:016x}.", node.value);
}

std::string mark_of_node(node_id node, incarnation start) {
  return fmt::format("{:016x}.{:016x}.", node.value, start.value);
}

std::string mark_of_worker(const std::string& node_mark, worker_id worker) {
  return fmt::format("{}{}", node_mark, worker.value);
}

std::string add_mark(std::string_view list, std::string_view mark) {
  return list.empty() ? std::string(mark) : fmt::format("{}{}{}", list, separator, mark);
}

bool has_mark(std::string_view list, std::string_view mark) {
  return any_mark(list, [&](std::string_view each) { return each == mark; });
}

bool has_mark_of_node(std::string_view list, std::string_view node_mark) {
  return any_mark(list, [&](std::string_view each) { return each.substr(0, node_mark.size()) == node_mark; });
}

} // namespace runtime
