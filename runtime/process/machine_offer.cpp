#include "runtime/process/machine_offer.hpp"

#include "runtime/resources/posix_detection.hpp"

#include <cstdlib>

namespace runtime {

result<machine_offer> offer_of_this_machine(const std::map<std::string, amount>& given) {
  detection_options detection;
  if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES"))
    detection.visible_devices = visible;
  auto detected = detect_machine(detection);
  if (!detected)
    return fail(within("cannot find out what this machine has", detected.error()));
  machine_offer offer{std::move(detected->resources), std::move(detected->gpu_names), std::move(detected->explanation)};
  for (const auto& [name, value] : given)
    offer.resources.set(name, value);
  if (given.count("gpu") != 0)
    offer.gpu_names.clear();
  return offer;
}

} // namespace runtime
