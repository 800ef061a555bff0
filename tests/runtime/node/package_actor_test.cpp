#include "runtime/node/package_actor.hpp"

#include <map>
#include <memory>
#include <set>

#include <doctest/doctest.h>

#include "runtime/package/file_digest.hpp"
#include "runtime/package/file_package_store.hpp"
#include "runtime/wire/protobuf_message.hpp"
#include "tests/runtime/package/temporary_directory.hpp"
#include "tests/support/recording_actor.hpp"
#include "tests/support/virtual_time.hpp"

using namespace runtime;
using namespace std::chrono_literals;

namespace {

/// Dials the nodes that a test has.
class fake_middleman : public caf::event_based_actor {
public:
  using nodes = std::map<std::string, caf::actor>; // By host.
  fake_middleman(caf::actor_config& config, std::shared_ptr<nodes> there)
    : event_based_actor(config),
      there_(std::move(there)) {}
  caf::behavior make_behavior() override {
    return {[this](caf::connect_atom, const std::string& host, std::uint16_t) -> caf::result<caf::message> {
      const auto found = there_->find(host);
      if (found == there_->end())
        return caf::make_error(caf::sec::cannot_connect_to_node);
      return caf::make_message(found->second->node(), caf::actor_cast<caf::strong_actor_ptr>(found->second),
                               std::set<std::string>());
    }};
  }
  void on_exit() override { there_->clear(); }

private:
  std::shared_ptr<nodes> there_;
};

/// A package that one machine has, and another machine that wants it.
struct package_fixture {
  package_fixture() {
    write_text(source_directory / "program", content);
    manifest.files = {{"program", content.size(), digest_of(content), true}};
    manifest.main = "program";
    std::shared_ptr<file_package_store> has_it = or_throw(file_package_store::open(source_directory.path.string()));
    id = or_throw(has_it->adopt(manifest, {source_directory / "program"}));
    wants_it = or_throw(file_package_store::open(directory.path.string()));
    source = time.add(time.system().spawn<package_actor>(has_it));
    receiver =
      time.add(time.system().spawn<package_actor>(wants_it, time.add(time.system().spawn<fake_middleman>(nodes))));
    asker = time.add(time.system().spawn<recording_actor>(box));
  }
  void want(const caf::actor& from, std::vector<package_holder> holders = {}) {
    const package_wanted order{id, std::make_shared<const package_manifest>(manifest), from, std::move(holders)};
    caf::anon_send(asker, say_as_you{receiver, caf::make_message(order)});
    time.settle();
  }

  temporary_directory source_directory, directory;
  std::string content = std::string(300'000, 'a') + "end"; // Several chunks.
  package_manifest manifest;
  package_id id;
  std::shared_ptr<file_package_store> wants_it;
  std::shared_ptr<fake_middleman::nodes> nodes = std::make_shared<fake_middleman::nodes>();
  std::shared_ptr<inbox> box = std::make_shared<inbox>();
  std::shared_ptr<inbox> owner_box = std::make_shared<inbox>();
  virtual_time time;
  caf::actor source, receiver, asker;
};

} // namespace

TEST_CASE("package actor: fetches what is not there from whoever has it, and says where it lies") {
  package_fixture f;

  f.want(f.source);

  const auto ready = f.box->take<package_ready>();
  REQUIRE(ready);
  CHECK(ready->package == f.id);
  CHECK(read_text(ready->program.path) == f.content);
  f.want(f.source); // It is there: asked again, answered again.
  CHECK(f.box->take<package_ready>());
}

TEST_CASE("package actor: a lost source is replaced by the next one") {
  package_fixture f;
  auto silent = f.time.add(f.time.system().spawn<recording_actor>(std::make_shared<inbox>()));
  f.want(nullptr);
  CHECK(f.box->entries.empty());

  f.want(silent);
  caf::anon_send_exit(silent, caf::exit_reason::kill);
  f.time.settle();
  f.want(f.source);

  CHECK(f.box->take<package_ready>());
}

TEST_CASE("package actor: a source that has it not fails it, with the cause") {
  package_fixture f;
  f.manifest.files[0].name = f.manifest.main = "other";
  f.id = id_of(f.manifest);

  f.want(f.source);

  const auto failed = f.box->take<package_failed>();
  REQUIRE(failed);
  CHECK(failed->why.code == errc::not_found);
}

TEST_CASE("package actor: a node that has it spares the owner") {
  package_fixture f;
  auto owner = f.time.add(f.time.system().spawn<recording_actor>(f.owner_box));
  f.nodes->emplace("has it", f.source);

  f.want(owner, {{"is gone", 1}, {"has it", 1}});

  const auto ready = f.box->take<package_ready>();
  REQUIRE(ready);
  CHECK(read_text(ready->program.path) == f.content);
  CHECK(f.owner_box->entries.empty());
}

TEST_CASE("package actor: it comes from a node when the owner has gone") {
  package_fixture f;
  f.nodes->emplace("has it", f.source);

  f.want(nullptr, {{"has it", 1}});

  CHECK(f.box->take<package_ready>());
}

TEST_CASE("package actor: a node that has it not, sends nothing or something else is left for the next source") {
  package_fixture f;
  SUBCASE("has it not") {
    temporary_directory empty;
    f.nodes->emplace("other", f.time.add(f.time.system().spawn<package_actor>(
                                or_throw(file_package_store::open(empty.path.string())))));
  }
  SUBCASE("sends nothing") {
    f.nodes->emplace("other", f.time.add(f.time.system().spawn<recording_actor>(f.owner_box)));
  }
  SUBCASE("has another file in its place") {
    write_text(f.directory / "program", std::string(f.content.size(), 'b'));
    std::shared_ptr<file_package_store> damaged = or_throw(file_package_store::open(f.directory / "damaged"));
    or_throw(damaged->adopt(f.manifest, {f.directory / "program"}));
    f.nodes->emplace("other", f.time.add(f.time.system().spawn<package_actor>(damaged)));
  }

  f.want(f.source, {{"other", 1}});
  f.time.pass(15s);

  const auto ready = f.box->take<package_ready>();
  REQUIRE(ready);
  CHECK(read_text(ready->program.path) == f.content);
}

TEST_CASE("package actor: when owner and nodes have it not, it fails with the owner's reason") {
  package_fixture f;
  f.manifest.files[0].name = f.manifest.main = "other";
  f.id = id_of(f.manifest);
  f.nodes->emplace("other", f.source);

  f.want(f.source, {{"other", 1}, {"is gone", 1}});

  const auto failed = f.box->take<package_failed>();
  REQUIRE(failed);
  CHECK(failed->why.code == errc::not_found);
}

TEST_CASE("package actor: a fault of this machine's store is no mistake of the owner's") {
  package_fixture f;
  boost::filesystem::remove_all(f.directory.path);
  write_text(f.directory.path.string(), "no directory");

  f.want(f.source);

  const auto failed = f.box->take<package_failed>();
  REQUIRE(failed);
  CHECK(failed->why.code == errc::io);
}

TEST_CASE("package actor: what nobody wants any more is not fetched further") {
  package_fixture f;
  f.want(nullptr);

  caf::anon_send(f.receiver, package_unwanted{f.id});
  f.time.pass(2min);

  CHECK(f.box->entries.empty());
  CHECK_FALSE(f.wants_it->has(f.id));
}

TEST_CASE("package actor: a question for too large a chunk is refused") {
  package_fixture f;
  wire::AskPackageChunk question;
  question.set_package_id(std::string(f.id.bytes()));
  question.set_file_name("program");
  question.set_size_bytes(package_actor::most_chunk_bytes + 1);

  caf::anon_send(f.asker, say_as_you{f.source, caf::make_message(question)});
  f.time.settle();

  const auto chunk = f.box->take<wire::PackageChunk>();
  REQUIRE(chunk);
  CHECK(chunk->why_not().message() == "a chunk of 1048577 bytes is too large; ask for at most 1048576");
}
