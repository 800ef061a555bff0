#include "tune/journal/record_wire.hpp"

#include <fstream>
#include <iterator>

#include <doctest/doctest.h>

#include "tests/tune/journal/records_for_test.hpp"

using namespace tune;
namespace wire = caf_tune::tune::v1;

namespace {

std::string hex(const std::string& bytes) {
  std::string out;
  for (const unsigned char c : bytes) {
    out += "0123456789abcdef"[c >> 4];
    out += "0123456789abcdef"[c & 15];
  }
  return out;
}

/// The lines of a file: one record each, as hexadecimal digits.
std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream in(file);
  REQUIRE_MESSAGE(in, file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

std::string unhex(const std::string& digits) {
  std::string out;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    out += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return out;
}

template <class Change>
std::string mistake_in(std::size_t which, Change change) {
  wire::Record message;
  REQUIRE(message.ParseFromString(or_throw(record_wire::to_bytes(one_of_each_record()[which]))));
  change(message);
  const auto read = record_wire::record_from(message.SerializeAsString());
  REQUIRE(!read);
  return read.error().message;
}

template <class Record, class Change>
std::string refusal_to_write(Change change) {
  for (auto& each : one_of_each_record())
    if (auto* found = std::get_if<Record>(&each)) {
      change(*found);
      const auto bytes = record_wire::to_bytes(*found);
      REQUIRE(!bytes);
      return bytes.error().message;
    }
  FAIL("no such record");
  return {};
}

} // namespace

TEST_CASE("record wire: every kind of record comes back as it was") {
  for (const auto& record : one_of_each_record()) {
    const auto bytes = or_throw(record_wire::to_bytes(record));
    const auto back = or_throw(record_wire::record_from(bytes));

    CHECK(back.index() == record.index());
    CHECK(hex(or_throw(record_wire::to_bytes(back))) == hex(bytes)); // Each field is in the bytes.
  }

  const record::attempt_started lent{trial_id(4), 2, 9, {}, trial_id(2)};
  CHECK(
    std::get<record::attempt_started>(or_throw(record_wire::record_from(or_throw(record_wire::to_bytes(lent))))).of ==
    trial_id(2));
  const record::checkpoint_lost for_one{trial_id(1), 7, 2, trial_id(4)};
  CHECK(std::get<record::checkpoint_lost>(or_throw(record_wire::record_from(or_throw(record_wire::to_bytes(for_one)))))
          .borrower == trial_id(4));
  const record::trial_changed held{trial_id(4), trial_state::paused, "the room is hot", {}, /*by_user=*/true};
  const auto again = or_throw(record_wire::record_from(or_throw(record_wire::to_bytes(held))));
  CHECK(std::get<record::trial_changed>(again).by_user);

  const auto all = one_of_each_record();
  const auto resized = std::get<record::trial_resized>(all.back());
  const auto same =
    std::get<record::trial_resized>(or_throw(record_wire::record_from(or_throw(record_wire::to_bytes(resized)))));
  REQUIRE(same.from);
  CHECK(same.from->cluster == resized.from->cluster);
  CHECK(same.from->to_come == 5);
  const record::trial_resized refused{trial_id(4), 9, 1, "they were not granted", {}, std::nullopt};
  CHECK_FALSE(
    std::get<record::trial_resized>(or_throw(record_wire::record_from(or_throw(record_wire::to_bytes(refused))))).from);

  const auto made =
    std::get<record::trial_created>(or_throw(record_wire::record_from(or_throw(record_wire::to_bytes(all[3])))));
  CHECK(made.values == std::get<record::trial_created>(all[3]).values);
  CHECK(made.at == std::get<record::trial_created>(all[3]).at);
  const auto counted =
    std::get<record::result_reported>(or_throw(record_wire::record_from(or_throw(record_wire::to_bytes(all[6])))));
  const auto& was = std::get<record::result_reported>(all[6]);
  CHECK(counted.values == was.values);
  CHECK(counted.checkpoint == was.checkpoint);
  CHECK(counted.decided == was.decided);
  CHECK(counted.becomes == was.becomes);
  CHECK(counted.done);
}

TEST_CASE("record wire: a checkpoint knows the result that it was written after, if that is not the newest") {
  const record::checkpoint_saved saved{trial_id{3}, {2, 2, "n1", "/d", true, 5}, checkpoint_result{0.25, 12.5}};

  const auto read = or_throw(record_wire::record_from(or_throw(record_wire::to_bytes(saved))));

  const auto& result = std::get<record::checkpoint_saved>(read).result;
  REQUIRE(result);
  CHECK(result->loss == 0.25);
  CHECK(result->time_total_s == 12.5);
}

TEST_CASE("record wire: the bytes of a released format are read for ever") {
  const auto golden = lines_of(CAF_TUNE_GOLDEN "/records_v1.hex");
  const auto all = one_of_each_record();

  REQUIRE(golden.size() == all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK(hex(or_throw(record_wire::to_bytes(all[i]))) == golden[i]);
    CHECK(or_throw(record_wire::record_from(unhex(golden[i]))).index() == i);
  }
}

TEST_CASE("record wire: what cannot be is refused, and the error says where") {
  CHECK(mistake_in(3, [](auto& m) { m.mutable_trial_created()->set_trial(0); }) ==
        "trial created: trial: they are numbered from 1");
  CHECK(mistake_in(3, [](auto& m) { m.mutable_trial_created()->mutable_config(0)->clear_value(); }) ==
        "trial created: config: \"lr\": a value of no kind");
  CHECK(mistake_in(3, [](auto& m) { m.mutable_trial_created()->mutable_config(1)->set_name("lr"); }) ==
        "trial created: config: \"lr\" is there twice");
  CHECK(mistake_in(3, [](auto& m) { m.mutable_trial_created()->clear_origin(); }) ==
        "trial created: origin: 0 is not known");
  CHECK(mistake_in(4, [](auto& m) { m.mutable_attempt_started()->set_attempt(0); }) ==
        "attempt started: attempt: they are numbered from 1");
  CHECK(mistake_in(4, [](auto& m) { m.mutable_attempt_started()->set_from_iteration(-1); }) ==
        "attempt started: from_iteration: -1 is less than 0");
  CHECK(mistake_in(6, [](auto& m) { m.mutable_result_reported()->set_iteration(0); }) ==
        "result reported: iteration: 0 is less than 1");
  CHECK(mistake_in(6, [](auto& m) { m.mutable_result_reported()->set_time_total_s(-1); }) ==
        "result reported: time_total_s: -1 is no duration");
  CHECK(mistake_in(6, [](auto& m) { m.mutable_result_reported()->mutable_checkpoint()->set_attempt(0); }) ==
        "result reported: checkpoint: attempt: they are numbered from 1");
  CHECK(mistake_in(6, [](auto& m) {
          m.mutable_result_reported()->set_verdict(static_cast<wire::ResultReported::Verdict>(99));
        }) == "result reported: verdict: 99 is not known");
  CHECK(mistake_in(6, [](auto& m) { m.mutable_result_reported()->clear_becomes(); }) ==
        "result reported: state: 0 is not known");
  CHECK(mistake_in(7, [](auto& m) { m.mutable_checkpoint_saved()->clear_checkpoint(); }) ==
        "checkpoint saved: checkpoint: attempt: they are numbered from 1");
  CHECK(mistake_in(10, [](auto& m) { m.mutable_checkpoint_lost()->set_iteration(-1); }) ==
        "checkpoint lost: iteration: -1 is less than 0");
  CHECK(mistake_in(8, [](auto& m) { m.mutable_attempt_ended()->clear_cause(); }) ==
        "attempt ended: cause: 0 is not known");
  CHECK(mistake_in(9, [](auto& m) { m.mutable_trial_changed()->clear_state(); }) ==
        "trial changed: state: 0 is not known");
  CHECK(mistake_in(11, [](auto& m) { m.mutable_trial_ordered()->set_trial(0); }) ==
        "trial ordered: trial: they are numbered from 1");
  CHECK(mistake_in(11, [](auto& m) { m.mutable_trial_ordered()->set_becomes(wire::TrialState::ERROR); }) ==
        "trial ordered: becomes: 6 cannot be ordered");
  CHECK(mistake_in(12, [](auto& m) { m.mutable_trial_exploited()->set_donor(0); }) ==
        "trial exploited: donor: trials are numbered from 1");
  CHECK(mistake_in(12, [](auto& m) { m.mutable_trial_exploited()->set_iteration(0); }) ==
        "trial exploited: iteration: 0 is less than 1");
  CHECK(mistake_in(12, [](auto& m) { m.mutable_trial_exploited()->clear_checkpoint(); }) ==
        "trial exploited: checkpoint: attempt: they are numbered from 1");
  CHECK(mistake_in(12, [](auto& m) { m.mutable_trial_exploited()->mutable_config(1)->set_name("lr"); }) ==
        "trial exploited: config: \"lr\" is there twice");
  CHECK(mistake_in(13, [](auto& m) { m.mutable_trial_resized()->set_size(0); }) ==
        "trial resized: size: 0 is less than 1");
  CHECK(mistake_in(13, [](auto& m) { m.mutable_trial_resized()->set_trial(0); }) ==
        "trial resized: trial: they are numbered from 1");
  CHECK(mistake_in(13, [](auto& m) { m.mutable_trial_resized()->set_iteration(-1); }) ==
        "trial resized: iteration: -1 is less than 0");
  CHECK(record_wire::record_from(std::string_view("")).error().message ==
        "a record of a kind that this version does not know");
  CHECK(record_wire::record_from(std::string_view("\xff\xff")).error().message == "2 bytes that are no record");
}

TEST_CASE("record wire: what could not be read again is not written") {
  value deep = 1;
  for (int i = 0; i < 33; ++i)
    deep = value::list{deep};

  CHECK(refusal_to_write<record::trial_created>([&](auto& r) { r.values.set("deep", deep); }) ==
        "trial created: config: \"deep\" has lists in lists more than 32 deep");
  CHECK(refusal_to_write<record::result_reported>([&](auto& r) { r.values.set("deep", deep); }) ==
        "result reported: metrics: \"deep\" has lists in lists more than 32 deep");
  CHECK(refusal_to_write<record::trial_exploited>([&](auto& r) { r.values.set("deep", deep); }) ==
        "trial exploited: config: \"deep\" has lists in lists more than 32 deep");
  CHECK(refusal_to_write<record::result_reported>([&](auto& r) { r.iteration = 0; }) ==
        "result reported: iteration: 0 is less than 1");

  const auto just = value::list{std::get<value::list>(deep.get())[0].as<value::list>()};
  const journal_record fits = record::trial_created{trial_id(1), {{"deep", just[0]}}, record::trial_origin::point, {}};
  CHECK(record_wire::record_from(or_throw(record_wire::to_bytes(fits))));
}
