/// @file
/// Chan: a queue at which two goroutines meet.
///
/// `make_chan<T>()` makes an unbuffered channel: a send passes when a receiver takes the value, and not before.
/// `make_chan<T>(n)` makes one with room for n values.  A Chan is a handle, as cheap to copy as a pointer: all
/// its copies are the same channel.  A default one is nil and stands for a channel that never is ready.
///
/// Laws
///  1. Values are received in the order in which their sends were accepted; none is lost or doubled.
///  2. length <= capacity; an unbuffered channel holds nothing.
///  3. Waiting senders, and waiting receivers, are served first come, first served.
///  4. Closed stays closed.  What was accepted before can still be received; then every receive ends at once.
///  5. Sending on a closed channel, closing it again and closing nil panic, and change nothing.
///  6. On nil, every send and every receive parks for ever.
///  7. A copy of a T that throws does so before the channel is touched: nothing is sent.  A T whose move may
///     throw is moved at both ends in its own goroutine: a send that throws sends nothing; a receive that
///     throws has taken its value from the channel, and destroys it.
///
/// What does not park may be called anywhere on its thread, also outside run().  A T's move, and the destructor of what
/// was moved from, must neither park nor use the channel.
/// A channel lives as long as a handle to it, or a goroutine parked on it.
/// Source: Hoare 1978, §2.3; Go spec, "Channel types", "Send statements", "Receive operator", "Close".
#pragma once

#include <concepts>
#include <cstddef>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

#include "channels/chan_core.hpp"

namespace conclave {

/// A value that says nothing, for a channel whose message is that something happened.  Go's `struct{}`.
struct Signal {
  /// All of them are equal.
  friend bool operator==(Signal, Signal) = default;
};

/// What can travel through a channel: any object that can be moved.
template <class T>
concept Sendable = std::is_object_v<T> && !std::is_const_v<T> && std::move_constructible<T>;

/// What a handle may name: also a type that is not complete yet, as in `struct Request { Chan<Request> next; }`.
template <class T>
concept Carried = std::is_object_v<T> && !std::is_const_v<T>;

/// What try_recv() found: a value, nothing yet, or the end.
template <class T>
struct TryRecv {
  std::optional<T> value;  ///< Empty when there was none.
  bool closed =
      false;  ///< Whether the channel is closed and drained, so that there never will be one.

  /// Whether there was a value.
  [[nodiscard]] explicit operator bool() const noexcept { return value.has_value(); }
  /// The value.
  /// @pre there was one
  [[nodiscard]] T& operator*() noexcept { return *value; }
};

template <Carried T>
class Chan;
template <Carried T>
class SendChan;
template <Carried T>
class RecvChan;

namespace detail {

/// Whether `handle` is one that died with main's frame, seen from a destructor at the end of the program.
[[nodiscard]] inline bool out_of_reach(const void* handle) noexcept {
  return current_goroutine != nullptr && current_goroutine->ending && gone(handle);
}

/// For select, and for channels that are more than a queue.
struct ChanAccess {
  template <class T>
  [[nodiscard]] static Chan<T> handle(ChanState<T>* state) noexcept {
    return Chan<T>(state);
  }
  template <class T>
  [[nodiscard]] static ChanState<T>* state(const Chan<T>& channel) noexcept {
    return out_of_reach(&channel) ? nullptr : channel.state_.get();
  }
  template <class T>
  [[nodiscard]] static ChanState<T>* state(const SendChan<T>& channel) noexcept {
    return state(channel.channel_);
  }
  template <class T>
  [[nodiscard]] static ChanState<T>* state(const RecvChan<T>& channel) noexcept {
    return state(channel.channel_);
  }
};

/// Walks through the values of a channel, for range-for.
template <Carried T>
class ChanIterator {
 public:
  using value_type = T;  // NOLINT(readability-identifier-naming): the standard's name
  using difference_type = std::ptrdiff_t;  // NOLINT(readability-identifier-naming): likewise

  ChanIterator(const RecvChan<T>& from, std::source_location place);
  [[nodiscard]] T& operator*() const noexcept { return *value_; }
  ChanIterator& operator++();
  void operator++(int) { ++*this; }
  [[nodiscard]] bool operator==(std::default_sentinel_t /*end*/) const noexcept {
    return !value_.has_value();
  }

 private:
  RecvChan<T> from_;
  std::source_location place_;
  mutable std::optional<T> value_;
};

}  // namespace detail

/// A handle to a channel of T, for both directions.
///
///     Chan<int> jobs = make_chan<int>(16);
///     go([jobs] { for (int job : jobs) work(job); });
///     for (int job : {1, 2, 3}) jobs.send(job);
///     jobs.close();
template <Carried T>
class Chan {
 public:
  using value_type = T;  ///< What it carries.

  /// Nil.
  Chan() noexcept = default;
  // As a pointer: a copy throws nothing, so that what captures one needs no memory of its own in go().
  Chan(const Chan&) noexcept = default;
  Chan& operator=(const Chan&) noexcept = default;
  Chan(Chan&&) noexcept = default;
  Chan& operator=(Chan&&) noexcept = default;
  ~Chan() = default;

  /// Sends `value`: parks until a receiver takes it, or until there is room in the buffer.
  /// @throws Panic when the channel is closed, or is closed while this goroutine waits (the value is then
  ///         destroyed); outside run(), when it would have to park there
  /// @rule{Go spec, "Send statements": a send on an unbuffered channel can proceed if a receiver is ready}
  void send(T value, std::source_location place = std::source_location::current()) const {
    if (detail::out_of_reach(this)) return;
    if (state_ == nullptr) return detail::wait_on_nil("Chan::send", place);
    if (state_->closed()) [[unlikely]]
      state_->panic_send_on_closed(place);
    if constexpr (detail::kBoxed<T>) {
      auto box = std::make_unique<T>(std::move(value));
      send_stored(box, place);
    } else {
      send_stored(value, place);
    }
  }

  /// Sends `value` if that is possible without parking.
  /// @return whether it was sent; if not, `value` is as it was
  /// @throws Panic when the channel is closed
  /// @{
  [[nodiscard]] bool try_send(T&& value,
                              std::source_location place = std::source_location::current()) const {
    if (detail::out_of_reach(this) || state_ == nullptr) return false;
    if (state_->closed()) [[unlikely]]
      state_->panic_send_on_closed(place);
    if constexpr (detail::kBoxed<T>) {
      if (!state_->can_send()) return false;
      auto box = std::make_unique<T>(std::move(value));
      return state_->send_now(box);
    } else {
      return state_->send_now(value);
    }
  }
  [[nodiscard]] bool try_send(const T& value,
                              std::source_location place = std::source_location::current()) const
    requires std::copy_constructible<T>
  {
    if (detail::out_of_reach(this) || state_ == nullptr) return false;
    if (!state_->can_send()) return false;
    return try_send(T(value), place);
  }
  /// @}

  /// Receives the next value: parks until there is one, or until the channel is closed.
  /// @return the value; nothing when the channel is closed and drained
  /// @throws Panic outside run(), when it would have to park there
  /// @rule{Go spec, "Receive operator": a receive blocks until a value is available; on a closed channel it
  ///       can always proceed}
  std::optional<T> recv(std::source_location place = std::source_location::current()) const {
    if (detail::out_of_reach(this)) return std::nullopt;
    if (state_ == nullptr) {
      detail::wait_on_nil("Chan::recv", place);
      return std::nullopt;
    }
    if constexpr (detail::kBoxed<T>) {
      std::optional<std::unique_ptr<T>> box;
      if (!state_->receive_now(box)) state_->wait_to_receive(&box, place);
      return box ? std::optional<T>(std::move(**box)) : std::nullopt;
    } else {
      std::optional<T> value;
      if (!state_->receive_now(value)) state_->wait_to_receive(&value, place);
      return value;
    }
  }

  /// Receives a value if that is possible without parking.
  /// @return the value, nothing yet, or the end
  [[nodiscard]] TryRecv<T> try_recv() const {
    TryRecv<T> found;
    if (detail::out_of_reach(this) || state_ == nullptr) return found;
    typename detail::ChanState<T>::Slot slot;
    if (!state_->receive_now(slot)) return found;
    found.closed = !slot.has_value();
    if constexpr (detail::kBoxed<T>) {
      if (slot) found.value.emplace(std::move(**slot));
    } else {
      if (slot) found.value.emplace(std::move(*slot));
    }
    return found;
  }

  /// Says that no more values come.  Waiting receivers end, waiting senders panic.  Does not block.
  /// @throws Panic when the channel is closed already, naming the place of the first close; when it is nil
  /// @rule{Go spec, "Close": sending to or closing a closed channel panics; closing nil panics}
  void close(std::source_location place = std::source_location::current()) const {
    if (detail::out_of_reach(this)) return;
    if (state_ == nullptr) detail::panic_close_of_nil(place);
    state_->close(place);
  }

  /// How many values lie in the buffer; 0 for nil.  Does not block.  Go's `len(ch)`.
  [[nodiscard]] std::size_t len() const { return *this ? state_->length() : 0; }
  /// How many values the buffer has room for; 0 for nil and for an unbuffered channel.  Go's `cap(ch)`.
  [[nodiscard]] std::size_t cap() const noexcept { return *this ? state_->capacity() : 0; }

  /// Receives value after value until the channel is closed and drained: `for (T value : ch)`.
  [[nodiscard]] auto begin(std::source_location place = std::source_location::current()) const {
    return detail::ChanIterator<T>(*this ? *this : Chan(), place);
  }
  /// The end of that walk.
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

  /// Whether it is a channel, and not nil.
  [[nodiscard]] explicit operator bool() const noexcept {
    return !detail::out_of_reach(this) && state_ != nullptr;
  }
  /// Whether both are the same channel, or both nil.
  [[nodiscard]] friend bool operator==(const Chan& left, const Chan& right) noexcept {
    return left.state_ == right.state_;
  }

 private:
  friend struct detail::ChanAccess;

  explicit Chan(detail::ChanState<T>* state) noexcept : state_(state) {}

  void send_stored(auto& value, std::source_location place) const {
    if (state_->send_now(value)) return;
    state_->wait_to_send(std::addressof(value), place);
  }

  boost::intrusive_ptr<detail::ChanState<T>> state_;
};

/// Makes a channel.  Does not block.
/// @param capacity  how many values its buffer holds; 0 for an unbuffered channel
/// @throws Panic for a negative capacity, or one that no memory can hold
/// @rule{Go spec, "Making slices, maps and channels": make(chan T, n)}
template <Sendable T>
[[nodiscard]] Chan<T> make_chan(std::ptrdiff_t capacity = 0,
                                std::source_location place = std::source_location::current()) {
  constexpr std::size_t kBytes = sizeof(detail::Stored<T>);
  const std::size_t places = detail::checked_capacity(capacity, kBytes, place);
  try {
    return detail::ChanAccess::handle(new detail::ChanState<T>(places));
  } catch (const std::bad_alloc&) {
    detail::panic_no_memory(places, kBytes, place);
  }
}

/// The sending end of a channel: a Chan that cannot receive.  Go's `chan<- T`.
template <Carried T>
class SendChan {
 public:
  using value_type = T;  ///< What it carries.

  /// Nil.
  SendChan() noexcept = default;
  // NOLINTNEXTLINE(google-explicit-constructor): as in Go, a channel converts to either of its ends
  SendChan(Chan<T> channel) noexcept : channel_(std::move(channel)) {}

  /// As Chan::send.
  void send(T value, std::source_location place = std::source_location::current()) const {
    channel_.send(std::move(value), place);
  }
  /// As Chan::try_send.
  /// @{
  [[nodiscard]] bool try_send(T&& value,
                              std::source_location place = std::source_location::current()) const {
    return channel_.try_send(std::move(value), place);
  }
  [[nodiscard]] bool try_send(const T& value,
                              std::source_location place = std::source_location::current()) const
    requires std::copy_constructible<T>
  {
    return channel_.try_send(value, place);
  }
  /// @}
  /// As Chan::close.
  void close(std::source_location place = std::source_location::current()) const {
    channel_.close(place);
  }
  /// As Chan::len.
  [[nodiscard]] std::size_t len() const { return channel_.len(); }
  /// As Chan::cap.
  [[nodiscard]] std::size_t cap() const noexcept { return channel_.cap(); }
  /// Whether it is a channel, and not nil.
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(channel_); }
  /// Whether both are ends of the same channel, or both nil.
  [[nodiscard]] friend bool operator==(const SendChan&, const SendChan&) noexcept = default;

 private:
  friend struct detail::ChanAccess;
  Chan<T> channel_;
};

/// The receiving end of a channel: a Chan that can neither send nor close.  Go's `<-chan T`.
template <Carried T>
class RecvChan {
 public:
  using value_type = T;  ///< What it carries.

  /// Nil.
  RecvChan() noexcept = default;
  // NOLINTNEXTLINE(google-explicit-constructor): as in Go, a channel converts to either of its ends
  RecvChan(Chan<T> channel) noexcept : channel_(std::move(channel)) {}

  /// As Chan::recv.
  std::optional<T> recv(std::source_location place = std::source_location::current()) const {
    return channel_.recv(place);
  }
  /// As Chan::try_recv.
  [[nodiscard]] TryRecv<T> try_recv() const { return channel_.try_recv(); }
  /// As Chan::begin.
  [[nodiscard]] auto begin(std::source_location place = std::source_location::current()) const {
    return channel_.begin(place);
  }
  /// As Chan::end.
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }
  /// As Chan::len.
  [[nodiscard]] std::size_t len() const { return channel_.len(); }
  /// As Chan::cap.
  [[nodiscard]] std::size_t cap() const noexcept { return channel_.cap(); }
  /// Whether it is a channel, and not nil.
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(channel_); }
  /// Whether both are ends of the same channel, or both nil.
  [[nodiscard]] friend bool operator==(const RecvChan&, const RecvChan&) noexcept = default;

 private:
  friend struct detail::ChanAccess;
  Chan<T> channel_;
};

template <Carried T>
detail::ChanIterator<T>::ChanIterator(const RecvChan<T>& from, std::source_location place)
    : from_(from), place_(place), value_(from_.recv(place)) {}

template <Carried T>
detail::ChanIterator<T>& detail::ChanIterator<T>::operator++() {
  value_.reset();
  if (std::optional<T> next = from_.recv(place_)) value_.emplace(std::move(*next));
  return *this;
}

}  // namespace conclave
