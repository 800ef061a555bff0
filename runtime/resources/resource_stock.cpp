#include "runtime/resources/resource_stock.hpp"

#include <algorithm>
#include <utility>

#include "runtime/base/invariant.hpp"

namespace runtime {

namespace {

constexpr auto one = amount::whole(1);

bool is_gpu_amount(amount gpu) noexcept {
  return gpu < one || gpu.is_whole();
}

std::int64_t whole_devices(amount gpu) noexcept {
  return gpu.units() / amount::steps_in_one;
}

std::string neither_whole_nor_part(amount gpu) {
  return fmt::format("neither whole nor less than one device; use for example gpu={}, gpu={} or gpu=0.5",
                     whole_devices(gpu), whole_devices(gpu) + 1);
}

/// What set has of each name in lacking: "cpu=1 gpu=0".
std::string amounts_of(const resource_set& lacking, const resource_set& set) {
  std::string text;
  for (const auto [name, missing] : lacking) {
    const auto there = set.get(name);
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name,
                        name == "memory" ? memory_to_string(there) : there.to_string());
  }
  return text;
}

/// The share of capacity that is used when so much is wanted of what is free.
double used_share(amount capacity, amount free, amount wanted) noexcept {
  if (capacity.is_zero())
    return 0;
  return (capacity.to_double() - free.to_double() + wanted.to_double()) / capacity.to_double();
}

} // namespace

result<void> validate_demand(const resource_set& demand) {
  if (!is_gpu_amount(demand.gpu()))
    return fail(errc::invalid_argument,
                fmt::format("gpu={} is {}", demand.gpu(), neither_whole_nor_part(demand.gpu())));
  return {};
}

result<void> validate_capacity(const resource_set& capacity) {
  const auto gpu = capacity.gpu();
  if (!gpu.is_whole() || gpu > amount::whole(resource_stock::max_gpus))
    return fail(
      errc::invalid_argument,
      fmt::format("gpu={} is not a number of devices; use a whole number from 0 to {}", gpu, resource_stock::max_gpus));
  return {};
}

resource_stock::resource_stock(resource_set capacity) : capacity_(std::move(capacity)), free_(capacity_) {
  const auto valid = validate_capacity(capacity_);
  CAF_TUNE_INVARIANT(valid, "{}", valid.error().message);
  free_gpus_.assign(static_cast<std::size_t>(whole_devices(capacity_.gpu())), one);
}

amount resource_stock::usable_gpu(amount wanted) const noexcept {
  if (wanted.is_zero() || free_gpus_.empty())
    return {};
  if (wanted < one)
    return *std::max_element(free_gpus_.begin(), free_gpus_.end());
  return amount::whole(std::count(free_gpus_.begin(), free_gpus_.end(), one));
}

bool resource_stock::would_fit(const resource_set& demand) const noexcept {
  return demand.fits_in(free_) && is_gpu_amount(demand.gpu()) && demand.gpu() <= usable_gpu(demand.gpu());
}

bool resource_stock::could_ever_fit(const resource_set& demand) const noexcept {
  return demand.fits_in(capacity_) && is_gpu_amount(demand.gpu());
}

resource_set resource_stock::lacking(const resource_set& demand) const {
  auto usable = free_;
  usable.set("gpu", usable_gpu(demand.gpu()));
  return demand.missing_from(usable);
}

resource_set resource_stock::lacking_ever(const resource_set& demand) const {
  return demand.missing_from(capacity_);
}

error resource_stock::why_not(const resource_set& demand) const {
  if (const auto gpu = demand.gpu(); !is_gpu_amount(gpu))
    return {errc::invalid_argument, fmt::format("wants gpu={}, which is {}", gpu, neither_whole_nor_part(gpu))};
  if (const auto never = lacking_ever(demand); !never.empty())
    return {errc::infeasible,
            fmt::format("wants {} but the node has only {}", amounts_of(never, demand), amounts_of(never, capacity_))};
  const auto missing = lacking(demand);
  CAF_TUNE_INVARIANT(!missing.empty(), "{} would fit", demand);
  auto usable = free_;
  usable.set("gpu", usable_gpu(demand.gpu()));
  auto message = fmt::format("wants {} but only {} is free", amounts_of(missing, demand), amounts_of(missing, usable));
  if (!missing.gpu().is_zero() && demand.gpu() <= free_.gpu())
    message += fmt::format(" (gpu={} is free in parts of devices, which never add up to one)", free_.gpu());
  return {errc::refused, std::move(message)};
}

std::vector<gpu_share> resource_stock::choose_gpus(amount wanted) const {
  std::vector<gpu_share> chosen;
  const auto count = static_cast<std::uint32_t>(free_gpus_.size());
  if (wanted >= one) {
    for (std::uint32_t i = 0; i != count && chosen.size() != static_cast<std::size_t>(whole_devices(wanted)); ++i)
      if (free_gpus_[i] == one)
        chosen.push_back({i, one});
  } else if (!wanted.is_zero()) {
    auto best = count;
    for (std::uint32_t i = 0; i != count; ++i)
      if (free_gpus_[i] >= wanted && (best == count || free_gpus_[i] < free_gpus_[best]))
        best = i;
    chosen.push_back({best, wanted});
  }
  return chosen;
}

std::optional<std::vector<gpu_share>> resource_stock::take(const resource_set& demand) {
  if (!would_fit(demand))
    return std::nullopt;
  auto shares = choose_gpus(demand.gpu());
  free_ -= demand;
  for (const auto& [index, share] : shares)
    free_gpus_[index] -= share;
  return shares;
}

result<void> resource_stock::take_exactly(const resource_set& demand, const std::vector<gpu_share>& shares) {
  if (!would_fit(demand))
    return fail(why_not(demand));
  const auto wanted = demand.gpu();
  const auto devices = wanted.is_zero() ? 0 : std::max<std::int64_t>(1, whole_devices(wanted));
  if (shares.size() != static_cast<std::size_t>(devices))
    return fail(errc::invalid_argument,
                fmt::format("wants gpu={} but names {} devices; name {}", wanted, shares.size(), devices));
  for (std::size_t i = 0; i != shares.size(); ++i) {
    const auto [index, share] = shares[i];
    if (index >= free_gpus_.size())
      return fail(errc::infeasible, fmt::format("wants gpu {} but the node has only {}", index, free_gpus_.size()));
    if (share != std::min(wanted, one))
      return fail(errc::invalid_argument,
                  fmt::format("wants gpu={} but {} of gpu {}; use {}", wanted, share, index, std::min(wanted, one)));
    if (i != 0 && shares[i - 1].index >= index)
      return fail(errc::invalid_argument,
                  fmt::format("names gpu {} behind gpu {}; name each once, in order", index, shares[i - 1].index));
    if (share > free_gpus_[index])
      return fail(errc::refused,
                  fmt::format("wants {} of gpu {} but only {} of it is free", share, index, free_gpus_[index]));
  }
  free_ -= demand;
  for (const auto& [index, share] : shares)
    free_gpus_[index] -= share;
  return {};
}

void resource_stock::give_back(const resource_set& taken, const std::vector<gpu_share>& shares) {
  free_ += taken;
  for (const auto& [index, share] : shares)
    free_gpus_.at(index) += share;
  CAF_TUNE_INVARIANT(free_.fits_in(capacity_), "free {} of {}", free_, capacity_);
  for (const auto& [index, share] : shares)
    CAF_TUNE_INVARIANT(free_gpus_[index] <= one, "gpu {}: {} free after {}", index, free_gpus_[index], share);
}

double resource_stock::utilisation_after(const resource_set& demand) const noexcept {
  // Asked of every node for one demand: the known ones are not searched for by name.
  double highest = std::max({used_share(capacity_.cpu(), free_.cpu(), demand.cpu()),
                             used_share(capacity_.gpu(), free_.gpu(), demand.gpu()),
                             used_share(capacity_.memory(), free_.memory(), demand.memory())});
  for (auto custom = capacity_.begin_custom(); custom != capacity_.end(); ++custom) {
    const auto [name, capacity] = *custom;
    highest = std::max(highest, used_share(capacity, free_.get(name), demand.get(name)));
  }
  return highest;
}

} // namespace runtime
