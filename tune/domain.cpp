#include "tune/domain.hpp"

#include "tune/search_space.hpp"
#include "tune/space/domain_mistakes.hpp"
#include "tune/space/domain_values.hpp"

#include <fmt/format.h>

namespace tune {
namespace {

domain made(domain::form what) {
  return domain(std::move(what));
}

} // namespace

domain::domain(const search_space& inner) : form_(group{std::make_shared<const search_space>(inner)}) {
}

domain domain::when(std::string parameter, value is) const {
  return when(std::move(parameter), std::vector<value>{std::move(is)});
}

domain domain::when(std::string parameter, std::initializer_list<value> is_one_of) const {
  return when(std::move(parameter), std::vector<value>(is_one_of));
}

domain domain::when(std::string parameter, std::vector<value> is_one_of) const {
  domain with = *this;
  with.conditions_.push_back({std::move(parameter), std::move(is_one_of)});
  return with;
}

domain uniform(double low, double high) {
  return made(domain::numbers{low, high, std::nullopt, domain::scale::linear});
}

domain quniform(double low, double high, double step) {
  return made(domain::numbers{low, high, step, domain::scale::linear});
}

domain log_uniform(double low, double high) {
  return made(domain::numbers{low, high, std::nullopt, domain::scale::log});
}

domain qlog_uniform(double low, double high, double step) {
  return made(domain::numbers{low, high, step, domain::scale::log});
}

domain normal(double mean, double deviation) {
  return made(domain::bell{mean, deviation, std::nullopt});
}

domain qnormal(double mean, double deviation, double step) {
  return made(domain::bell{mean, deviation, step});
}

domain integer(std::int64_t low, std::int64_t high, std::int64_t step) {
  return made(domain::integers{low, high, step, domain::scale::linear});
}

domain log_integer(std::int64_t low, std::int64_t high, std::int64_t step) {
  return made(domain::integers{low, high, step, domain::scale::log});
}

domain choice(std::initializer_list<value> values) {
  return choice(std::vector<value>(values));
}

domain choice(std::vector<value> values) {
  return made(domain::options{std::move(values), /*ordered=*/false});
}

domain ordinal(std::initializer_list<value> values) {
  return ordinal(std::vector<value>(values));
}

domain ordinal(std::vector<value> values) {
  return made(domain::options{std::move(values), /*ordered=*/true});
}

domain grid(std::initializer_list<value> values) {
  return grid(std::vector<value>(values));
}

domain grid(std::vector<value> values) {
  return made(domain::crossed{std::move(values), {}});
}

domain grid(const domain& finite) {
  constexpr std::uint64_t most = 1'000'000; // Listed one by one: nobody crosses a longer axis.
  domain::crossed all;
  if (const auto mistakes = mistakes_of_domain(finite); !mistakes.empty())
    all.mistake = mistakes.front();
  else if (const auto count = count_of(finite); !count)
    all.mistake = "grid over " + description_of(finite) + ", which has no end of values; list some, or give it a step";
  else if (*count > most)
    all.mistake = fmt::format("grid over {} values; at most {} can be crossed", *count, most);
  else
    for (std::uint64_t i = 0; i < *count; ++i)
      all.values.push_back(value_at(finite, i));
  auto crossed = made(std::move(all));
  for (const auto& each : finite.conditions())
    crossed = crossed.when(each.parameter, each.values);
  return crossed;
}

domain sample_from(std::string name, sample_function function) {
  return made(domain::sampled{std::move(name), std::move(function)});
}

domain sample_from(sample_function function) {
  return sample_from("function", std::move(function));
}

} // namespace tune
