// As the library does it: who waits stands in a queue, and who comes from the other side serves the
// first.
#include <deque>
#include <utility>

#include "chan.hpp"
#include "monitor.hpp"

namespace conclave::own {

template <class T>
struct Chan<T>::State {
  /// Somebody who waits: a sender with a value, or a receiver without.
  struct Waiter {
    std::optional<T> value{};
    bool done = false;
    bool closed = false;
    Cond woken{};

    void wake(bool by_close) {
      done = true;
      closed = by_close;
      woken.notify_one();
    }
  };

  static Waiter& take_first(std::deque<Waiter*>& queue) {
    Waiter& first = *queue.front();
    queue.pop_front();
    return first;
  }

  const std::size_t capacity;
  Mutex mutex{};
  std::deque<T> buffer{};
  std::deque<Waiter*> senders{};
  std::deque<Waiter*> receivers{};
  bool closed = false;
};

template <class T>
Chan<T>::Chan(std::size_t capacity) : state_(new State{capacity}) {}

template <class T>
Chan<T>::~Chan() = default;

template <class T>
void Chan<T>::send(T value) {
  State& my = *state_;
  std::unique_lock lock(my.mutex);
  if (my.closed) panic("send on a closed channel");
  if (!my.receivers.empty()) {
    auto& receiver = State::take_first(my.receivers);
    receiver.value = std::move(value);
    receiver.wake(false);
  } else if (my.buffer.size() < my.capacity) {
    my.buffer.push_back(std::move(value));
  } else {
    typename State::Waiter self{.value = std::move(value)};
    my.senders.push_back(&self);
    self.woken.wait(lock, [&self] { return self.done; });
    if (self.closed) panic("send on a channel that was closed meanwhile");
  }
}

template <class T>
std::optional<T> Chan<T>::recv() {
  State& my = *state_;
  std::unique_lock lock(my.mutex);
  if (!my.senders.empty()) {  // the buffer is full, or there is none
    auto& sender = State::take_first(my.senders);
    my.buffer.push_back(std::move(*sender.value));
    sender.wake(false);
  }
  if (!my.buffer.empty()) {
    std::optional<T> value = std::move(my.buffer.front());
    my.buffer.pop_front();
    return value;
  }
  if (my.closed) return std::nullopt;
  typename State::Waiter self;
  my.receivers.push_back(&self);
  self.woken.wait(lock, [&self] { return self.done; });
  return std::move(self.value);
}

template <class T>
void Chan<T>::close() {
  State& my = *state_;
  const std::unique_lock lock(my.mutex);
  if (my.closed) panic("close of a closed channel");
  my.closed = true;
  for (auto* queue : {&my.senders, &my.receivers}) {
    while (!queue->empty()) State::take_first(*queue).wake(true);
  }
}

template <class T>
std::size_t Chan<T>::len() const {
  const std::unique_lock lock(state_->mutex);
  return state_->buffer.size();
}

template <class T>
std::size_t Chan<T>::cap() const {
  return state_->capacity;
}

template class Chan<int>;
template class Chan<std::unique_ptr<int>>;

}  // namespace conclave::own
