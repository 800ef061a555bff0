// The small things that each call and each lease is made of, by Google Benchmark, one thread's cpu time each.
#include "bench/micro_figures.hpp"
#include "runtime/codec.hpp"
#include "runtime/head/placement.hpp"
#include "runtime/message_codec.hpp"
#include "runtime/resources/resource_book.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/message.hpp>
#include <caf/type_id.hpp>
#include <fmt/format.h>

namespace {

using namespace runtime;

void values_there_and_back(benchmark::State& state) {
  const std::vector<double> values(16, 0.5);
  for ([[maybe_unused]] auto round : state) {
    const auto bytes = to_bytes(std::int32_t{1}, values);
    benchmark::DoNotOptimize(from_bytes<std::int32_t, std::vector<double>>(bytes));
  }
}

void message_there_and_back(benchmark::State& state) {
  caf::actor_system_config config;
  caf::actor_system system(config);
  const auto message = caf::make_message(caf::add_atom_v, 1);
  for ([[maybe_unused]] auto round : state) {
    const auto bytes = or_throw(message_to_bytes(system, message));
    benchmark::DoNotOptimize(or_throw(message_from_bytes(system, bytes)));
  }
}

void book_take_and_give_back(benchmark::State& state) {
  auto total = cpus(64);
  total.set("gpu", amount::whole(8));
  total.set("memory", amount::whole(64'000'000'000));
  resource_book book(total);
  auto wants = cpus(1);
  wants.set("gpu", amount::whole(1));
  wants.set("memory", amount::whole(1'000'000'000));
  for (std::uint64_t lease = 1; lease <= 4; ++lease)
    or_throw(book.take(lease_id{lease}, wants));
  for ([[maybe_unused]] auto round : state) {
    benchmark::DoNotOptimize(book.take(lease_id{5}, wants));
    book.give_back(lease_id{5});
  }
}

void place_and_give_back(benchmark::State& state) {
  placement nodes;
  for (std::uint64_t id = 1; id <= 1'000; ++id)
    nodes.add({node_id{id}, incarnation{id}, fmt::format("node-{}", id), "host", 1, cpus(16), {}});
  demand wants;
  wants.resources = cpus(1);
  const claimant anybody{owner_id{1}, request_id{1}, 0};
  for (std::uint64_t lease = 1; lease <= 12'000; ++lease)
    or_throw(nodes.take(*nodes.choose(wants, anybody), lease_id{lease}, wants.resources));
  for ([[maybe_unused]] auto round : state) {
    const auto node = *nodes.choose(wants, anybody);
    benchmark::DoNotOptimize(nodes.take(node, lease_id{12'001}, wants.resources));
    nodes.give_back(node, lease_id{12'001});
  }
}

} // namespace

int main(int argc, char** argv) {
  return bench::run_micro_benchmarks(
    argc, argv,
    {
      {"codec_values_ns", values_there_and_back, {}, "a number and 16 doubles to bytes and back"},
      {"codec_message_ns", message_there_and_back, {}, "a CAF message of an atom and a number to bytes and back"},
      {"book_take_ns", book_take_and_give_back, {}, "cpu, gpu and memory taken of a node and given back"},
      {"placement_choose_ns", place_and_give_back, {}, "chosen, taken and given back, 1,000 nodes three quarters full"},
    });
}
