#include "runtime/node/hosted_actor.hpp"

#include <doctest/doctest.h>

#include "runtime/base/result.hpp"
#include "runtime/limits.hpp"
#include "runtime/proto/worker.pb.h"
#include "runtime/wire/protobuf_message.hpp"
#include "tests/support/recording_actor.hpp"
#include "tests/support/virtual_time.hpp"

using namespace runtime;

namespace {

/// A worker that is only told.
class silent_launcher : public worker_launcher {
public:
  void listen(listener) override {}
  void start(worker_id, worker_program, worker_setting) override {}
  void send(worker_id, std::string frame) override {
    wire::ToWorker message;
    REQUIRE(message.ParseFromString(frame));
    told.push_back(std::move(message));
  }
  void kill(worker_id, std::string) override {}

  std::vector<wire::ToWorker> told;
};

struct caller {
  std::shared_ptr<inbox> box = std::make_shared<inbox>();
  caf::actor handle;
};

/// The actor that stands for work 3.1 in worker 9, and who deals with it.
struct hosting {
  hosting() {
    hosted = time.add(time.system().spawn<hosted_actor>(hosted_work{{lease_id(3), 1}, actor_id(42), worker_id(9), 77},
                                                        workers, owner.handle));
    time.settle();
  }

  caller make_caller() {
    caller made;
    made.handle = time.add(time.system().spawn<recording_actor>(made.box));
    return made;
  }
  void say(const caller& from, const wire::Calls& calls) {
    caf::anon_send(from.handle, say_as_you{hosted, caf::make_message(calls)});
    time.settle();
  }

  virtual_time time;
  std::shared_ptr<silent_launcher> workers = std::make_shared<silent_launcher>();
  caller owner = make_caller();
  caf::actor hosted;
};

wire::Calls call(std::uint64_t id, std::string content) {
  wire::Calls calls;
  calls.add_calls()->set_id(id);
  calls.mutable_calls(0)->set_content(std::move(content));
  return calls;
}

} // namespace

TEST_CASE("hosted actor: a batch that no frame could carry is answered, and does not reach the worker") {
  hosting h;
  auto batch = call(1, std::string(most_message_bytes, 'a'));
  batch.MergeFrom(call(0, std::string(most_message_bytes, 'b')));
  batch.MergeFrom(call(2, ""));

  h.say(h.owner, batch);

  CHECK(h.workers->told.empty());
  const auto replies = h.owner.box->take<wire::Replies>();
  REQUIRE(replies);
  REQUIRE(replies->replies_size() == 2); // Who wants no answer gets none.
  CHECK(replies->replies(0).id() == 1);
  CHECK(replies->replies(1).id() == 2);
  CHECK(replies->replies(0).why_not().code() == static_cast<std::uint32_t>(errc::too_large));
  CHECK(replies->replies(0).why_not().message() ==
        "a batch of calls takes 33554458 bytes, more than the limit of 33554432 (32 MiB); put what is large into a "
        "file or store and pass its name, or split it into several messages");
}

TEST_CASE("hosted actor: a call that is as large as may be reaches the worker, with what gathered beside it") {
  hosting h;
  auto batch = call(1, std::string((1u << 20) - 1, 'a'));
  batch.MergeFrom(call(2, std::string(most_message_bytes, 'b')));

  h.say(h.owner, batch);

  REQUIRE(h.workers->told.size() == 1);
  wire::Calls arrived;
  REQUIRE(arrived.ParseFromString(h.workers->told[0].deliver().calls()));
  CHECK(arrived.calls_size() == 2);
}
