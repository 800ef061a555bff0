#include "runtime/process/driver.hpp"

#include "runtime/base/utf8.hpp"
#include "runtime/base/version.hpp"
#include "runtime/cluster.hpp"
#include "runtime/limits.hpp"
#include "runtime/message_codec.hpp"
#include "runtime/net/token_wire.hpp"
#include "runtime/owner/attachment_actor.hpp"
#include "runtime/owner/owner_wire.hpp"
#include "runtime/owner/package_server_actor.hpp"
#include "runtime/process/cluster_state_wire.hpp"
#include "runtime/process/posix_random.hpp"
#include "runtime/wire/protobuf_message.hpp"

#include <future>
#include <utility>

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

namespace runtime {
namespace {

template <class Id>
Id random_id() {
  return Id{random_number() | 1u << 8}; // Never one of the few small numbers that have a meaning.
}

constexpr std::chrono::seconds answer_deadline(5); // Of the head, for what it answers at once.

/// Stands behind a remote_actor: its stub, and how to stop it. It may outlive its driver, and the actor system.
class driver_actor_link : public detail::remote_actor_link {
public:
  using stop_function = std::function<result<void>(std::chrono::milliseconds deadline)>;

  driver_actor_link(std::shared_ptr<const lent_system> system, actor_stub stub, actor_id id, std::string name,
                    stop_function stop)
    : system_(std::move(system)),
      stub_(std::move(stub)),
      id_(id),
      name_(std::move(name)),
      stop_(std::move(stop)) {}

  void call(const caf::message& message, std::function<void(result<caf::message>)> then) override {
    auto bytes = encode(message);
    if (!bytes)
      return then(fail(bytes.error()));
    // A reply that is there comes from the stub, which the actor system runs; other answers are errors.
    auto* system = bytes->second;
    stub_.call(std::move(bytes->first), [system, then = std::move(then)](const result<std::string>& reply) {
      then(reply.and_then([&](const std::string& content) { return message_from_bytes(*system, content); }));
    });
  }
  void tell(const caf::message& message) override {
    if (auto bytes = encode(message))
      stub_.tell(std::move(bytes->first));
  }
  void on_end(std::function<void(const result<void>&)> listener) override { stub_.on_ended(std::move(listener)); }
  result<void> stop(std::chrono::milliseconds deadline) override {
    if (deadline < deadline.zero() || deadline > most_deadline)
      return fail(errc::invalid_argument,
                  fmt::format("stop: a deadline of {} ms; use 0 (it is killed at once) to {} ms", deadline.count(),
                              std::chrono::milliseconds(most_deadline).count()));
    if (!system_->with([](caf::actor_system&) { return true; }))
      return fail(cluster_has_ended());
    return stop_(deadline);
  }
  const caf::actor& stub() const override { return stub_.handle(); }
  const std::string& name() const override { return name_; }
  actor_id id() const override { return id_; }

private:
  result<std::pair<std::string, caf::actor_system*>> encode(const caf::message& message) const {
    auto bytes = system_->with([&](caf::actor_system& system) {
      return message_to_bytes(system, message).map([&](std::string text) {
        return std::pair(std::move(text), &system);
      });
    });
    if (!bytes)
      return fail(cluster_has_ended());
    return std::move(*bytes);
  }
  error cluster_has_ended() const {
    return {errc::cancelled, fmt::format("actor \"{}\" has ended, or is out of reach: the runtime::cluster that it was "
                                         "had from is gone; keep that for as long as its actors are used",
                                         stub_.name())};
  }

  std::shared_ptr<const lent_system> system_;
  actor_stub stub_;
  actor_id id_;
  std::string name_;
  stop_function stop_;
};

/// Asks the head through the owner, and waits. Whoever asks when that has ended is told so.
[[nodiscard]] result<caf::message> ask_through(const caf::actor& owner, caf::message question,
                                               std::chrono::milliseconds deadline) {
  auto answer = std::make_shared<std::promise<result<caf::message>>>();
  ask_head order;
  order.question = std::move(question);
  order.deadline = deadline;
  order.on_answer = [answer](result<caf::message> told) { answer->set_value(std::move(told)); };
  caf::anon_send(owner, std::move(order));
  return answer->get_future().get();
}

[[nodiscard]] result<cluster_tokens> cluster_tokens_in(const caf::message& answer) {
  if (!answer.match_elements<wire::TokenReport>())
    return fail(errc::incompatible, "the head answered with something else than the cluster's tokens");
  return token_wire::from_wire(answer.get_as<wire::TokenReport>(0));
}

std::shared_ptr<work_spec> spec_of(const std::string& type, work_kind kind, const demand& wants,
                                   const std::map<std::string, std::string>& environment) {
  auto spec = std::make_shared<work_spec>();
  spec->kind = kind;
  spec->type_name = type;
  spec->wants = wants;
  spec->environment = environment;
  return spec;
}

[[nodiscard]] result<void> check_size(const std::string& what, const std::string& type, const std::string& arguments) {
  if (arguments.size() > most_message_bytes)
    return fail(errc::too_large,
                too_large_message(fmt::format("the arguments of {} \"{}\"", what, type), arguments.size()));
  return {};
}

[[nodiscard]] result<void> check_utf8(const char* what, const std::string& name, const std::string& text) {
  if (is_utf8(name) && is_utf8(text))
    return {};
  return fail(errc::invalid_argument,
              fmt::format("{} \"{}\" is \"{}\", which is not UTF-8", what, made_utf8(name), made_utf8(text)));
}

[[nodiscard]] result<void> check_utf8(const char* what, const std::map<std::string, std::string>& texts) {
  for (const auto& [name, text] : texts)
    if (auto valid = check_utf8(what, name, text); !valid)
      return valid;
  return {};
}

/// What a user may have from anywhere, and no message could carry.
[[nodiscard]] result<void> check_texts(const demand& wants, const std::map<std::string, std::string>& environment) {
  return check_utf8("the wanted", "node", wants.placement.node_name)
    .and_then([&] { return check_utf8("the avoided", "node", wants.avoided_node); })
    .and_then([&] { return check_utf8("the required label", wants.required_labels); })
    .and_then([&] { return check_utf8("the preferred label", wants.preferred_labels); })
    .and_then([&] { return check_utf8("the environment variable", environment); });
}

std::string readable_name(const std::string& type, const actor_options& options) {
  return options.name().empty() ? type : options.name();
}

} // namespace

std::shared_ptr<const work_spec> spec_of_task(const std::string& type, const task_options& options) {
  auto spec = spec_of(type, work_kind::task, options.wants(), options.environment());
  spec->max_restarts = options.retries();
  spec->group = options.group();
  spec->bundle = options.bundle();
  return spec;
}

driver::driver(cluster_process& process, driver_options options)
  : process_(process),
    system_(std::make_shared<lent_system>(process.system())),
    options_(std::move(options)),
    id_(random_id<owner_id>()) {
}

result<std::unique_ptr<driver>> driver::connect(cluster_process& process, driver_options options) {
  std::unique_ptr<driver> made(new driver(process, std::move(options)));
  auto connected = std::make_shared<std::promise<result<void>>>();
  owner_actor_options owner;
  owner.core.owner = made->id_;
  owner.core.head_address = made->options_.head_address;
  owner.core.connect_deadline = made->options_.connect_deadline;
  owner.name = made->options_.name;
  owner.version = version;
  owner.quota = made->options_.quota;
  owner.head_host = made->options_.head_host;
  owner.head_port = made->options_.head_port;
  owner.middleman = process.switchboard();
  owner.drop_link = [&process](const caf::node_id& peer) { process.disconnect(peer); };
  owner.log = made->options_.log;
  if (made->options_.token_learner)
    owner.on_head_linked = [learner = made->options_.token_learner](const caf::actor& head) {
      caf::anon_send(learner, caf::put_atom_v, head);
    };
  owner.on_connected = [connected](result<void> how) { connected->set_value(std::move(how)); };
  made->packages_ = process.system().spawn<package_server_actor, caf::detached>(made->options_.program);
  process.end_with_process(made->packages_);
  owner.packages = made->packages_;
  made->owner_ = process.system().spawn<owner_actor>(std::move(owner));
  process.end_with_process(made->owner_);
  if (auto how = connected->get_future().get(); !how)
    return fail(how.error());
  made->was_connected_ = true;
  return made;
}

driver::~driver() {
  if (owner_) {
    const leave_cluster order;
    caf::scoped_actor self{process_.system(), true};
    if (was_connected_ &&
        options_.token_learner) // Who is here for a moment only must not miss a change of the tokens for ever.
      self->request(options_.token_learner, order.deadline, caf::flush_atom_v)
        .receive([](caf::ok_atom) {}, [](const caf::error&) {});
    self->request(owner_, 2 * order.deadline, order)
      .receive([](caf::ok_atom) {}, [](const caf::error&) {}); // It ends with its process in any case.
  }
  system_->take_back();
}

void driver::submit(std::shared_ptr<const work_spec> spec, std::string arguments, task_outcome then) {
  if (const auto fits = check_size("task", spec->type_name, arguments); !fits)
    return then(fail(fits.error()));
  if (const auto valid = check_texts(spec->wants, spec->environment); !valid)
    return then(fail(within(fmt::format("task \"{}\"", spec->type_name), valid.error())));
  submit_task order;
  order.task = task_id{++last_task_};
  order.spec = std::move(spec);
  order.arguments = std::make_shared<const std::string>(std::move(arguments));
  order.on_end = [then = std::move(then)](result<task_result> outcome) {
    then(std::move(outcome).map([](task_result done) { return std::move(done.bytes); }));
  };
  caf::anon_send(owner_, std::move(order));
}

result<remote_actor> driver::spawn(const std::string& type, const actor_options& options, std::string arguments) {
  if (const auto fits = check_size("actor", type, arguments); !fits)
    return fail(fits.error());
  if (const auto valid = check_utf8("the", "name", options.name()).and_then([&] {
        return check_texts(options.wants(), options.environment());
      });
      !valid)
    return fail(within(fmt::format("actor type \"{}\"", type), valid.error()));
  if (options.is_detached() && options.group() != group_id{})
    return fail(errc::invalid_argument,
                fmt::format("a detached actor of type {} cannot run in a placement group: it outlives this driver, and "
                            "the group does not; leave out detached(), or in()",
                            type));
  if (options.is_detached())
    return spawn_detached(type, options, std::move(arguments));
  const auto id = random_id<actor_id>();
  if (options.name().empty())
    return spawn_owned(id, type, options, std::move(arguments));
  for (;;) {
    const auto reserved = reserve_name(id, options.name()); // The owner does so again: the same actor has it then.
    if (reserved)
      return spawn_owned(id, type, options, std::move(arguments));
    if (reserved.error().code != errc::already_exists)
      return fail(reserved.error());
    const auto existing = record_of(options.name());
    if (!existing && existing.error().code != errc::not_found)
      return fail(existing.error());
    if (!existing || existing->state == actor_state::dead)
      continue; // It has ended in between, so that the name is free.
    if (options.gets_if_exists())
      return attach(*existing);
    return fail(errc::already_exists, fmt::format("there is an actor \"{}\" already, of type {} on node {}; choose "
                                                  "another name, or use get_if_exists()",
                                                  options.name(), existing->type_name, existing->node_name));
  }
}

remote_actor driver::spawn_owned(actor_id id, const std::string& type, const actor_options& options,
                                 std::string arguments) {
  auto spec = spec_of(type, work_kind::actor, options.wants(), options.environment());
  spec->name = options.name();
  spec->max_restarts = options.max_restarts();
  spec->group = options.group();
  spec->bundle = options.bundle();
  actor_stub stub(process_.system(), readable_name(type, options), codec());
  submit_actor order;
  order.actor = id;
  order.spec = std::move(spec);
  order.arguments = std::make_shared<const std::string>(std::move(arguments));
  order.watch = stub.watch();
  caf::anon_send(owner_, std::move(order));
  return remote_actor(
    std::make_shared<driver_actor_link>(system_, std::move(stub), id, options.name(),
                                        [owner = owner_, id](std::chrono::milliseconds deadline) -> result<void> {
                                          caf::anon_send(owner, stop_actor{id, deadline});
                                          return {};
                                        }));
}

result<remote_actor> driver::spawn_detached(const std::string& type, const actor_options& options,
                                            std::string arguments) {
  const auto program = options_.program->own();
  if (!program)
    return fail(program.error());
  wire::SpawnDetached question;
  question.set_name(options.name());
  question.set_get_if_exists(options.gets_if_exists() && !options.name().empty());
  question.set_type_name(type);
  question.set_arguments(std::move(arguments));
  *question.mutable_package() = make_package(**program);
  auto spec = spec_of(type, work_kind::actor, options.wants(), {});
  *question.mutable_demand() =
    std::move(*make_demand(owner_id{}, owner_core::demand_lease{{}, std::move(spec)}).mutable_demand());
  question.set_max_restarts(static_cast<std::uint32_t>(options.max_restarts()));
  question.mutable_environment()->insert(options.environment().begin(), options.environment().end());
  // The head may have to fetch the program first.
  const auto answer = ask(caf::make_message(std::move(question)), /*deadline=*/std::chrono::minutes(5));
  if (!answer)
    return fail(answer.error());
  return actor_record_in(*answer).map([this](const actor_record& record) { return attach(record); });
}

result<void> driver::reserve_name(actor_id actor, const std::string& name) {
  wire::ReserveName question;
  question.set_owner_id(id_.value);
  question.set_actor_id(actor.value);
  question.set_name(name);
  return ask(caf::make_message(std::move(question))).map([](const caf::message&) {});
}

result<actor_record> driver::record_of(const std::string& name) {
  wire::FindActor question;
  question.set_name(name);
  return ask(caf::make_message(std::move(question))).and_then(actor_record_in);
}

result<remote_actor> driver::find(const std::string& name) {
  if (!is_utf8(name)) // No actor can have it, and no message could carry it.
    return fail(errc::not_found, fmt::format("there is no actor \"{}\"", made_utf8(name)));
  return record_of(name).map([this](const actor_record& record) { return attach(record); });
}

remote_actor driver::attach(const actor_record& record) {
  actor_stub stub(process_.system(), record.name.empty() ? record.type_name : record.name, codec());
  attachment_query query;
  query.actor = record.id;
  const auto attachment =
    process_.system().spawn<attachment_actor>(owner_, process_.switchboard(), std::move(query), stub.watch());
  process_.end_with_process(attachment);
  return remote_actor(std::make_shared<driver_actor_link>(
    system_, std::move(stub), record.id, record.name,
    [owner = owner_, id = record.id](std::chrono::milliseconds deadline) -> result<void> {
      wire::StopActor question;
      question.set_actor_id(id.value);
      question.set_deadline_ms(static_cast<std::uint64_t>(deadline.count()));
      return ask_through(owner, caf::make_message(std::move(question)), answer_deadline).map([](const caf::message&) {
      });
    }));
}

group_id driver::reserve(group_demand bundles, std::function<void(result<std::vector<granted_lease>>)> granted) {
  if (auto valid = check_utf8("the required label", bundles.required_labels).and_then([&] {
        return check_utf8("the preferred label", bundles.preferred_labels);
      });
      !valid) {
    granted(fail(within("placement group", std::move(valid.error()))));
    return group_id{++last_group_}; // What is submitted to it hears that there is none.
  }
  submit_group order;
  order.group = group_id{++last_group_};
  order.wants = std::make_shared<const group_demand>(std::move(bundles));
  order.on_granted = std::move(granted);
  caf::anon_send(owner_, order);
  return order.group;
}

std::function<void()> driver::release_of(group_id group) const {
  return [owner = owner_, group] { caf::anon_send(owner, release_group{group}); };
}

result<cluster_state> driver::state() {
  return ask(caf::make_message(wire::AskCluster{})).and_then([this](const caf::message& answer) {
    return cluster_state_in(answer, id_);
  });
}

result<cluster_tokens> driver::tokens() {
  return ask(caf::make_message(wire::AskTokenReport{})).and_then(cluster_tokens_in);
}

result<cluster_tokens> driver::rotate_token() {
  return ask(caf::make_message(wire::RotateToken{})).and_then(cluster_tokens_in);
}

result<cluster_tokens> driver::end_token(const std::string& fingerprint, peers_behind what) {
  wire::EndToken order;
  order.set_fingerprint(fingerprint);
  order.set_leave_behind(what == peers_behind::are_left);
  return ask(caf::make_message(std::move(order))).and_then(cluster_tokens_in);
}

result<caf::message> driver::ask(caf::message question, std::chrono::milliseconds deadline) const {
  return ask_through(owner_, std::move(question), deadline);
}

message_codec driver::codec() {
  auto& system = process_.system();
  return {[&system](const caf::message& message) { return message_to_bytes(system, message); },
          [&system](const std::string& bytes) { return message_from_bytes(system, bytes); }};
}

} // namespace runtime
