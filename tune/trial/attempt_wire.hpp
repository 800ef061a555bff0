#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tune/trial/attempt_messages.hpp"

/// What the driver and the worker of an attempt say to each other, as bytes. Whoever reads checks everything.
namespace tune::attempt_wire {

[[nodiscard]] std::string to_bytes(const attempt_order& order);
[[nodiscard]] std::string to_bytes(const attempt_events& events);
[[nodiscard]] std::uint8_t to_number(attempt_answer answer) noexcept;

[[nodiscard]] result<attempt_order> order_from(std::string_view bytes);
[[nodiscard]] result<attempt_events> events_from(std::string_view bytes); ///< At least one.
[[nodiscard]] result<attempt_answer> answer_from(std::uint8_t number);

} // namespace tune::attempt_wire
