#include "runtime/net/liveness_connection.hpp"

#include "runtime/net/dial_failure.hpp"

namespace runtime {
namespace {

/// A peer that lets so many frames lie is not reading; each is only worth something while it is fresh.
constexpr std::size_t most_waiting = 64 * std::tuple_size<liveness_bytes>::value;
constexpr int most_frames = 1000; ///< At once. One that talks all the time must not keep this thread from the others.

} // namespace

liveness_connection::liveness_connection(socket_handle socket, std::shared_ptr<const tls_context> context,
                                         tls_session::side side, std::size_t token_choice)
  : socket_(std::move(socket)),
    session_(std::move(context), socket_.get(), side, token_choice) {
}

liveness_connection::state liveness_connection::drive(const std::function<void(const liveness_frame&)>& on_frame) {
  if (state_ == state::shaking_hands)
    switch (session_.shake_hands()) {
    case tls_session::progress::failed: lose(describe_stranger(session_.why_failed())); break;
    case tls_session::progress::waits: break;
    case tls_session::progress::done: state_ = state::open; has_proved_token_ = true;
    }
  if (state_ == state::open)
    flush();
  if (state_ == state::open)
    read(on_frame);
  return state_;
}

bool liveness_connection::send(const liveness_frame& frame) {
  const auto bytes = encode(frame);
  out_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (state_ == state::open)
    flush();
  if (out_.size() > most_waiting)
    lose("it does not read");
  return state_ != state::lost;
}

void liveness_connection::read(const std::function<void(const liveness_frame&)>& on_frame) {
  for (int frames = 0; state_ == state::open;) {
    const auto n = session_.read(in_.data() + received_, in_.size() - received_);
    if (!n)
      return lose("it ended the connection");
    if (*n == 0)
      return;
    received_ += *n;
    if (received_ < in_.size())
      continue;
    received_ = 0;
    if (++frames > most_frames)
      return lose("it talks too much");
    const auto frame = decode(in_);
    if (!frame)
      return lose("it sent no liveness frame; is it of another version?");
    on_frame(*frame);
  }
}

void liveness_connection::flush() {
  while (!out_.empty()) {
    const auto n = session_.write(out_.data(), out_.size());
    if (!n)
      return lose("it ended the connection");
    if (*n == 0)
      return;
    out_.erase(0, *n);
  }
}

void liveness_connection::lose(const char* why) {
  if (state_ != state::lost)
    why_lost_ = why;
  state_ = state::lost;
}

} // namespace runtime
