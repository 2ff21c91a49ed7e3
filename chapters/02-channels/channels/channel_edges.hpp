/// @file
/// ChannelEdges: what a channel orders, for the race detector (see goroutines/race_detector.hpp).
/// @internal
///
/// Each place of the buffer has its own edges, and not the channel one: else a channel would order as much as a
/// mutex does, and hide races.  A value that goes from hand to hand, past the buffer, has the edges as if it had been in it.
/// In a build without the race detector, all of this is nothing.
///
/// Laws: these edges, and no others
///  1. The k-th send happens before the return of the k-th receive.
///  2. The k-th receive happens before the return of the (k + capacity)-th send.  (With capacity 0: of the k-th.)
///  3. close() happens before a receive that returns because of it, and a send that panics.
///  4. A handle that goes happens before the end of the values that nobody received.
///
/// Source: The Go Memory Model, "Channel communication"; Go, runtime/chan.go, racenotify and racesync.
#pragma once

#include <cstddef>

#include "goroutines/goroutine.hpp"
#include "goroutines/race_detector.hpp"

namespace conclave::detail {

/// What a channel orders.
class ChannelEdges {
 public:
  explicit ChannelEdges([[maybe_unused]] std::size_t capacity) noexcept {
    if constexpr (kDetectsRaces) *capacity_ = capacity;
  }
  ChannelEdges(const ChannelEdges&) = delete;
  ChannelEdges& operator=(const ChannelEdges&) = delete;
  ~ChannelEdges() {
    if constexpr (kDetectsRaces) forget_places();
  }

  /// This goroutine has put a value into the buffer.
  void sent() noexcept {
    if constexpr (kDetectsRaces) send_edges();
  }
  /// This goroutine has taken a value from the buffer.
  void received() noexcept {
    if constexpr (kDetectsRaces) receive_edges();
  }
  /// `other`, which is parked, has put a value into the buffer.
  void sent_by([[maybe_unused]] const Goroutine& other) noexcept {
    const OnBehalfOf the_sender(other.race_context);
    sent();
  }
  /// This goroutine has given its value to `other`, which is parked.
  void handed_to([[maybe_unused]] const Goroutine& other) noexcept {
    if constexpr (kDetectsRaces) hand_over(other);
  }
  /// This goroutine has taken the value of `other`, which is parked: the channel is unbuffered.
  void taken_from([[maybe_unused]] const Goroutine& other) noexcept {
    if constexpr (kDetectsRaces) meet(other);
  }

  void closed() noexcept { closed_.release(); }
  void saw_close() noexcept { closed_.acquire(); }
  /// `other`, which is parked, has seen the close.
  void close_seen_by([[maybe_unused]] const Goroutine& other) noexcept {
    const OnBehalfOf the_waiter(other.race_context);
    saw_close();
  }

  void handle_went() noexcept { handles_.release(); }
  void all_handles_went() noexcept { handles_.acquire(); }

 private:
  struct Places;

  Places& places() noexcept;
  void forget_places() noexcept;
  void send_edges() noexcept;
  void receive_edges() noexcept;
  void hand_over(const Goroutine& other) noexcept;
  void meet(const Goroutine& other) noexcept;

  [[no_unique_address]] Edge closed_;
  [[no_unique_address]] Edge handles_;
  [[no_unique_address]] OnlyForRaces<std::size_t> capacity_;
  [[no_unique_address]] OnlyForRaces<Places*> places_;  // null until a value moves
};

}  // namespace conclave::detail
