#include "runtime/node/package_actor.hpp"

#include <memory>

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
    receiver = time.add(time.system().spawn<package_actor>(wants_it));
    asker = time.add(time.system().spawn<recording_actor>(box));
  }
  void want(const caf::actor& from) {
    const package_wanted order{id, std::make_shared<const package_manifest>(manifest), from};
    caf::anon_send(asker, say_as_you{receiver, caf::make_message(order)});
    time.settle();
  }

  temporary_directory source_directory, directory;
  std::string content = std::string(300'000, 'a') + "end"; // Several chunks.
  package_manifest manifest;
  package_id id;
  std::shared_ptr<file_package_store> wants_it;
  std::shared_ptr<inbox> box = std::make_shared<inbox>();
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
