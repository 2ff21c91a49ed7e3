/// @file
/// Exercise 2.8: a channel.
///
/// Laws
///  1. Values are received in the order in which their sends came; none is lost or doubled.
///  2. A send returns when its value has a receiver or a place in the buffer, and not before; a receive when it has its
///     value.  Who waits is parked.
///  3. Waiting senders, and waiting receivers, are served first come, first served; nobody overtakes one that was woken.
///  4. Closed stays closed.  What has a place in the buffer can still be received; then every receive ends at once.
///  5. Sending on a closed channel and closing it again panic, and change nothing.
///
/// Call from any goroutine.  Source: Hoare 1974 (monitors); Go spec, "Send statements", "Receive operator", "Close".
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

namespace conclave::own {

/// A channel of T, which can be moved and perhaps not copied.  It is no handle: goroutines share it by reference.
template <class T>
class Chan {
 public:
  /// An unbuffered channel, or one with room for `capacity` values.
  explicit Chan(std::size_t capacity = 0);
  Chan(const Chan&) = delete;
  Chan& operator=(const Chan&) = delete;
  ~Chan();

  /// Sends `value`; parks until a receiver has come for it, or until there is room.
  /// @throws Panic when the channel is closed, or is closed while this goroutine waits: nobody receives the value then
  void send(T value);

  /// Receives the next value; parks until there is one, or until the channel is closed.
  /// @return the value; nothing when the channel is closed and drained
  std::optional<T> recv();

  /// Says that no more values come.  Waiting receivers end, waiting senders panic.
  /// @throws Panic when it is closed already
  void close();

  /// How many values lie in the buffer.
  [[nodiscard]] std::size_t len() const;
  /// How many it has room for.
  [[nodiscard]] std::size_t cap() const;

 private:
  struct State;  // yours to say, in chan.cpp
  std::unique_ptr<State> state_;
};

// The two channels that there are.
extern template class Chan<int>;
extern template class Chan<std::unique_ptr<int>>;

}  // namespace conclave::own
