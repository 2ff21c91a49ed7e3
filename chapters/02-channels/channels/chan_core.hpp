/// @file
/// ChanCore, ChanState: what stands behind the handles of a channel.
/// @internal
///
/// ChanCore is what does not depend on the type of the elements: the numbers, the two queues, closing, parking.
/// ChanState<T> adds the buffer, and moves the values.
///
/// Laws
///  1. An open sender waits only while the buffer is full, an open receiver only while it is empty; so one of
///     the two queues has no open waiter (but for one select that waits on both sides of its own channel).
///  2. length() <= capacity().
///  3. Closed stays closed, and then nobody waits.
///  4. No value is lost, doubled or overtaken: values leave in the order in which their sends were accepted.
///
/// A value moves without an exception: a T whose move may throw travels in a box of its own (Stored).
/// Source: Go, runtime/chan.go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "channels/channel_edges.hpp"
#include "channels/waiters.hpp"

namespace conclave::detail {

/// A channel without its values.
class ChanCore {
 public:
  ChanCore(const ChanCore&) = delete;
  ChanCore& operator=(const ChanCore&) = delete;
  virtual ~ChanCore() = default;

  // --- questions
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::size_t length() noexcept {
    const RuntimeCode runtime;
    if (has_timer_) look_at_the_clock();
    return length_;
  }
  [[nodiscard]] bool closed() const noexcept { return closed_; }
  /// Whether a receive would not park.
  [[nodiscard]] bool can_receive() noexcept {
    const RuntimeCode runtime;
    if (has_timer_) [[unlikely]]
      look_at_the_clock();
    return length_ != 0 || closed_ || senders_.first() != nullptr;
  }
  /// Whether a send would not park: it would pass, or panic.
  [[nodiscard]] bool can_send() noexcept {
    const RuntimeCode runtime;
    return length_ < capacity_ || closed_ || receivers_.first() != nullptr;
  }
  /// "channel 3, length 0, capacity 2".
  [[nodiscard]] std::string describe();

  // --- verbs
  void close(std::source_location place);
  [[noreturn]] void panic_send_on_closed(std::source_location place) const;

  /// Parks until a receiver has taken `value`, a Stored<T>.  The caller's handle may be gone when it returns.
  /// @throws Panic when the channel is closed meanwhile
  void wait_to_send(void* value, std::source_location place) {
    wait(senders_, value, "Chan::send", place);
  }
  /// Parks until a sender has filled `slot`, an std::optional<Stored<T>>.
  void wait_to_receive(void* slot, std::source_location place) {
    wait(receivers_, slot, "Chan::recv", place);
  }
  void push_sender(Waiter& waiter) noexcept { senders_.push(waiter); }
  void push_receiver(Waiter& waiter) noexcept;
  /// A receiver that waited does so no more.
  void receiver_left() noexcept;

  // --- for select, which does not know the type.  Each does its work and returns true, or returns false.
  /// @pre not closed
  virtual bool send_now(void* value) noexcept = 0;
  virtual bool receive_now(void* slot) noexcept = 0;

 protected:
  enum class Timer : bool { none, inside };
  explicit ChanCore(std::size_t capacity, Timer timer = Timer::none) noexcept;

  /// What a channel with a timer inside does: puts a value that has become due into the buffer,
  virtual void look_at_the_clock() noexcept {}
  /// and sets its alarm only while somebody waits.
  virtual void await(bool /*somebody*/) noexcept {}

  // Fixed after construction.
  const bool has_timer_;
  const std::size_t capacity_;
  const std::uint64_t number_;

  // What goes on.
  [[no_unique_address]] ChannelEdges edges_;
  bool closed_ = false;
  std::size_t length_ = 0;
  Waiters receivers_;
  Waiters senders_;
  std::source_location closed_at_;

 private:
  /// One for both sides: whoever comes back from park() then returns the same way, which the processor foresees.
  void wait(Waiters& queue, void* value, const char* call, std::source_location place);

  // The handles are counted, without atomics: a channel stays on its thread.
  friend void intrusive_ptr_add_ref(ChanCore* channel) noexcept {
    const RuntimeCode runtime;
    ++channel->handles_;
  }
  friend void intrusive_ptr_release(ChanCore* channel) noexcept {
    const RuntimeCode runtime;
    channel->edges_.handle_went();
    if (--channel->handles_ == 0) destroy(channel);
  }
  static void destroy(ChanCore* channel) noexcept;  // not inline: a handle ends at many places

  std::size_t handles_ = 0;
};

/// Parks for ever on a channel that is nil; returns only while the goroutine is unwound.
void wait_on_nil(const char* call, std::source_location place);
[[noreturn]] void panic_close_of_nil(std::source_location place);

/// @throws Panic unless 0 <= capacity, and capacity elements of `bytes` bytes can be addressed
std::size_t checked_capacity(std::ptrdiff_t capacity, std::size_t bytes,
                             std::source_location place);
[[noreturn]] void panic_no_memory(std::size_t capacity, std::size_t bytes,
                                  std::source_location place);

/// How a T travels: as it is, or in a box when its move may throw.
template <class T>
using Stored = std::conditional_t<std::is_nothrow_move_constructible_v<T>, T, std::unique_ptr<T>>;

template <class T>
inline constexpr bool kBoxed = !std::is_nothrow_move_constructible_v<T>;

/// A channel with its values.
template <class T>
class ChanState : public ChanCore {
 public:
  using Value = Stored<T>;
  using Slot = std::optional<Value>;

  explicit ChanState(std::size_t capacity, Timer timer = Timer::none)
      : ChanCore(capacity, timer),
        ring_(capacity != 0 ? std::allocator<Value>().allocate(capacity) : nullptr) {}

  ~ChanState() override {
    while (length_ != 0) std::destroy_at(take_first());
    if (ring_ != nullptr) std::allocator<Value>().deallocate(ring_, capacity_);
  }

  /// Hands `value` to a waiting receiver or to the buffer, if either can take it now.
  /// @pre not closed
  bool send_now(Value& value) noexcept {
    const RuntimeCode runtime;
    if (Waiter* receiver = receivers_.first()) {
      receiver->claim();
      static_cast<Slot*>(receiver->value)->emplace(std::move(value));
      edges_.handed_to(*receiver->operation->goroutine);
      receiver->wake(true);
      return true;
    }
    if (length_ == capacity_) return false;
    put_last(value);
    edges_.sent();
    return true;
  }

  /// Fills `slot` with the next value, or leaves it empty at the end of a closed channel.
  /// @return false when there is neither a value nor an end
  bool receive_now(Slot& slot) noexcept {
    const RuntimeCode runtime;
    if (has_timer_) [[unlikely]]
      look_at_the_clock();
    if (length_ != 0) {
      Value* first = take_first();
      slot.emplace(std::move(*first));
      std::destroy_at(first);
      edges_.received();
      // The place that this freed belongs to the sender that waits longest.
      if (Waiter* sender = senders_.first()) {
        sender->claim();
        put_last(*static_cast<Value*>(sender->value));
        edges_.sent_by(*sender->operation->goroutine);
        sender->wake(true);
      }
      return true;
    }
    if (Waiter* sender = senders_.first()) {
      sender->claim();
      slot.emplace(std::move(*static_cast<Value*>(sender->value)));
      edges_.taken_from(*sender->operation->goroutine);
      sender->wake(true);
      return true;
    }
    if (closed_) edges_.saw_close();
    return closed_;
  }

  bool send_now(void* value) noexcept final { return send_now(*static_cast<Value*>(value)); }
  bool receive_now(void* slot) noexcept final { return receive_now(*static_cast<Slot*>(slot)); }

 private:
  void put_last(Value& value) noexcept {
    std::size_t last = first_ + length_;
    if (last >= capacity_) last -= capacity_;
    std::construct_at(ring_ + last, std::move(value));
    ++length_;
  }

  Value* take_first() noexcept {
    Value* first = ring_ + first_;
    if (++first_ == capacity_) first_ = 0;
    --length_;
    return first;
  }

  Value* ring_;  // capacity_ places, of which length_ are taken from first_ on, round and round
  std::size_t first_ = 0;
};

}  // namespace conclave::detail
