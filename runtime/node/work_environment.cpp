#include "runtime/node/work_environment.hpp"

#include <charconv>
#include <utility>

namespace runtime {
namespace {
constexpr auto memory_name = "CAF_TUNE_MEMORY_BYTES";

void set_or_erase(std::map<std::string, std::string>& environment, const char* name, std::string value) {
  if (value.empty())
    environment.erase(name);
  else
    environment[name] = std::move(value);
}

} // namespace

std::map<std::string, std::string> work_environment(std::map<std::string, std::string> extra,
                                                    const lease_room::share& share, bool node_has_gpus,
                                                    const std::vector<std::string>& gpu_names, work_place place) {
  for (auto it = extra.begin(); it != extra.end();)
    it = is_secret(it->first) ? extra.erase(it) : std::next(it);
  extra["CAF_TUNE_WORKER"] = "1";
  if (node_has_gpus)
    extra["CUDA_VISIBLE_DEVICES"] =
      gpu_names.empty() ? visible_devices(share.gpus) : visible_devices(share.gpus, gpu_names);
  const auto memory = share.resources.memory();
  set_or_erase(extra, memory_name, memory.is_zero() ? "" : std::to_string(memory.units() / amount::steps_in_one));
  set_or_erase(extra, "CAF_TUNE_NODE_NAME", std::move(place.node));
  set_or_erase(extra, "CAF_TUNE_NODE_DIRECTORY", std::move(place.directory));
  return extra;
}

std::uint64_t declared_memory(const std::map<std::string, std::string>& environment) {
  std::uint64_t bytes = 0;
  if (const auto found = environment.find(memory_name); found != environment.end())
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), bytes);
  return bytes;
}

bool is_secret(const std::string& name) {
  return name.rfind("CAF_TUNE_TOKEN", 0) == 0;
}

} // namespace runtime
