#include "runtime/node/start_trouble.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace runtime {

void start_trouble::on_failed(std::string why, instant now) {
  why_ = std::move(why);
  if (pause_.count() != 0 && now < until_)
    return;
  pause_ = pause_.count() == 0 ? options_.first_pause : std::min(pause_ * 2, options_.most_pause);
  until_ = now + pause_;
}

void start_trouble::on_started() {
  pause_ = std::chrono::nanoseconds(0);
}

std::optional<std::string> start_trouble::why_not(instant now) const {
  if (pause_.count() == 0 || now >= until_)
    return std::nullopt;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(until_ - now).count();
  return fmt::format("could start nothing ({}), and tries again in {} s", why_, seconds);
}

result<void> validate(const start_trouble_options& options) {
  std::string wrong;
  if (options.first_pause.count() <= 0)
    wrong = "first_pause must be more than 0";
  if (options.most_pause < options.first_pause)
    wrong += std::string(wrong.empty() ? "" : "; ") + "most_pause must be at least first_pause";
  if (!wrong.empty())
    return fail(errc::invalid_argument, wrong);
  return {};
}

} // namespace runtime
