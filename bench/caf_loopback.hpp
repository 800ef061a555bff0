#pragma once

#include <memory>

namespace bench {

/// An actor in another process that answers numbers, reached with CAF's own plain io over loopback: what calls through
/// the runtime are measured against.
class caf_loopback {
public:
  caf_loopback();
  ~caf_loopback();
  caf_loopback(const caf_loopback&) = delete;
  caf_loopback& operator=(const caf_loopback&) = delete;

  double calls_per_second_one_by_one(int calls);
  double calls_per_second_pipelined(int calls, int in_flight);

  /// The argument that makes this program the other process, and what it runs then.
  static constexpr const char* serve_argument = "serve-loopback";
  static int serve();

private:
  class implementation;
  std::unique_ptr<implementation> how_;
};

/// How many actors a second CAF spawns in this process, calls once and ends: the limit without processes.
double caf_local_actors_per_second(int actors, int in_flight);

} // namespace bench
