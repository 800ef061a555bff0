#pragma once

#include <memory>
#include <utility>
#include <vector>

#include <caf/actor_cast.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/message.hpp>

/// What a recording_actor has heard, oldest first.
class inbox {
public:
  struct entry {
    caf::message content;
    caf::strong_actor_ptr sender;
  };
  std::vector<entry> entries;
  std::vector<caf::down_msg> downs;

  /// Removes and returns the first message of this type; its sender goes to last_sender.
  template <class Message>
  std::unique_ptr<Message> take() {
    for (auto it = entries.begin(); it != entries.end(); ++it)
      if (it->content.template match_elements<Message>()) {
        auto found = std::make_unique<Message>(it->content.template get_as<Message>(0));
        last_sender = caf::actor_cast<caf::actor>(it->sender);
        entries.erase(it);
        return found;
      }
    return nullptr;
  }
  template <class Message>
  std::size_t count() const {
    std::size_t n = 0;
    for (const auto& e : entries)
      n += e.content.template match_elements<Message>() ? 1 : 0;
    return n;
  }
  void clear() {
    entries.clear();
    downs.clear();
    last_sender = nullptr;
  }

  caf::actor last_sender;
};

/// Tell a recording_actor to say something, or to watch somebody.
struct say_as_you {
  caf::actor to;
  caf::message what;
};
struct watch_as_you {
  caf::actor whom;
};
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(say_as_you)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(watch_as_you)

/// A peer of the actor under test: it says what it is told to and keeps what it hears.
class recording_actor : public caf::event_based_actor {
public:
  recording_actor(caf::actor_config& config, std::shared_ptr<inbox> box)
    : event_based_actor(config),
      box_(std::move(box)) {
    set_down_handler([this](caf::down_msg& down) { box_->downs.push_back(down); });
    set_default_handler([this](caf::scheduled_actor*, caf::message_view& m) -> caf::result<caf::message> {
      box_->entries.push_back({m.move_content_to_message(), current_sender()});
      return caf::message{};
    });
  }
  caf::behavior make_behavior() override {
    return {
      [this](const say_as_you& order) { send(order.to, order.what); },
      [this](const watch_as_you& order) { monitor(order.whom); },
    };
  }

private:
  std::shared_ptr<inbox> box_;
};
