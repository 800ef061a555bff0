#include "runtime/resources/gpu_share.hpp"

#include "runtime/base/invariant.hpp"

namespace runtime {

namespace {

template <class Name>
std::string joined(const std::vector<gpu_share>& shares, Name name_of) {
  std::string text;
  for (const auto& share : shares) {
    if (!text.empty())
      text += ',';
    text += name_of(share.index);
  }
  return text;
}

} // namespace

std::string visible_devices(const std::vector<gpu_share>& shares) {
  return joined(shares, [](std::uint32_t index) { return std::to_string(index); });
}

std::string visible_devices(const std::vector<gpu_share>& shares, const std::vector<std::string>& names) {
  return joined(shares, [&](std::uint32_t index) {
    CAF_TUNE_INVARIANT(index < names.size(), "gpu {} of {}", index, names.size());
    return names[index];
  });
}

} // namespace runtime
