#include "channels/chan.hpp"

#include <limits>

#include <fmt/format.h>

#include "common/place.hpp"
#include "goroutines/panic.hpp"

namespace conclave::detail {
namespace {

thread_local std::uint64_t last_number = 0;

std::string explain(const void* channel) {
  return const_cast<ChanCore*>(static_cast<const ChanCore*>(channel))->describe();
}

std::string explain_nil(const void* /*null*/) { return "nil channel"; }

}  // namespace

ChanCore::ChanCore(std::size_t capacity, Timer timer) noexcept
    : has_timer_(timer == Timer::inside),
      capacity_(capacity),
      number_(++last_number),
      edges_(capacity) {}

std::string ChanCore::describe() {
  return fmt::format("channel {}, length {}, capacity {}", number_, length_, capacity_);
}

void ChanCore::destroy(ChanCore* channel) noexcept {
  channel->edges_.all_handles_went();
  delete channel;
}

void ChanCore::close(std::source_location place) {
  const RuntimeCode runtime;
  if (closed_) {
    panic(fmt::format("close of closed channel {}; it was closed at {}", number_,
                      to_string(closed_at_)),
          place);
  }
  closed_ = true;
  edges_.closed();
  closed_at_ = place;
  for (Waiters* queue : {&receivers_, &senders_}) {
    while (Waiter* waiter = queue->first()) {
      waiter->claim();
      edges_.close_seen_by(*waiter->operation->goroutine);
      waiter->wake(false);
    }
  }
}

void ChanCore::panic_send_on_closed(std::source_location place) const {
  panic(
      fmt::format("send on closed channel {}; it was closed at {}", number_, to_string(closed_at_)),
      place);
}

void ChanCore::push_receiver(Waiter& waiter) noexcept {
  receivers_.push(waiter);
  if (has_timer_) await(true);
}

void ChanCore::receiver_left() noexcept {
  if (has_timer_ && receivers_.first() == nullptr) await(false);
}

void ChanCore::wait(Waiters& queue, void* value, const char* call, std::source_location place) {
  const RuntimeCode runtime;
  Operation operation{&current(place)};
  const boost::intrusive_ptr<ChanCore> alive(this);  // also when the last handle goes meanwhile
  Waiter waiter;
  waiter.operation = &operation;
  waiter.value = value;
  if (!unwinding()) {
    if (&queue == &receivers_) {
      push_receiver(waiter);
    } else {
      queue.push(waiter);
    }
  }
  park({call, place, this, explain});
  receiver_left();
  if (operation.chosen == Operation::kOpen) return;  // unwound: nothing happened
  if (&queue == &senders_ && !operation.passed) panic_send_on_closed(place);
}

void wait_on_nil(const char* call, std::source_location place) {
  current(place);
  park({call, place, nullptr, explain_nil});
}

void panic_close_of_nil(std::source_location place) { panic("close of nil channel", place); }

std::size_t checked_capacity(std::ptrdiff_t capacity, std::size_t bytes,
                             std::source_location place) {
  const std::ptrdiff_t most =
      std::numeric_limits<std::ptrdiff_t>::max() / static_cast<std::ptrdiff_t>(bytes);
  if (capacity < 0 || capacity > most) {
    panic(fmt::format(
              "make_chan: the capacity is {}; it must be between 0 and {} (elements of {} bytes)",
              capacity, most, bytes),
          place);
  }
  return static_cast<std::size_t>(capacity);
}

void panic_no_memory(std::size_t capacity, std::size_t bytes, std::source_location place) {
  panic(fmt::format("make_chan: no memory for a buffer of {} elements of {} bytes; "
                    "a channel that is never full also never slows its sender down",
                    capacity, bytes),
        place);
}

}  // namespace conclave::detail
