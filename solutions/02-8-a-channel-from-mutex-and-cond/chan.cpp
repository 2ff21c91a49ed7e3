#include "chan.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "monitor.hpp"

namespace conclave::own {

/// The k-th send and the k-th receive belong together.  Numbers begin at 0.
template <class T>
struct Chan<T>::State {
  const std::size_t capacity;
  Mutex mutex{};
  Cond changed{};
  std::map<std::size_t, T> values{};  // sent, and not yet taken by the receive with the same number
  std::size_t sends = 0;              // have come
  std::size_t receives = 0;           // have come
  bool closed = false;
  std::size_t end =
      std::numeric_limits<std::size_t>::max();  // sends from this number on do not count

  /// Sends that need not wait any more: they have a receiver or a place in the buffer.
  [[nodiscard]] std::size_t accepted() const { return std::min({sends, receives + capacity, end}); }
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
  const std::size_t number = my.sends++;
  my.values.emplace(number, std::move(value));
  my.changed.notify_all();
  my.changed.wait(lock, [&] { return number < my.accepted() || my.closed; });
  if (number >= my.end) panic("send on a channel that was closed meanwhile");
}

template <class T>
std::optional<T> Chan<T>::recv() {
  State& my = *state_;
  std::unique_lock lock(my.mutex);
  const std::size_t number = my.receives++;
  my.changed.notify_all();
  my.changed.wait(lock, [&] { return number < my.sends || my.closed; });
  if (number >= my.end) return std::nullopt;
  return std::move(my.values.extract(number).mapped());
}

template <class T>
void Chan<T>::close() {
  State& my = *state_;
  const std::unique_lock lock(my.mutex);
  if (my.closed) panic("close of a closed channel");
  my.end = my.accepted();
  my.closed = true;
  my.values.erase(my.values.lower_bound(my.end), my.values.end());
  my.changed.notify_all();
}

template <class T>
std::size_t Chan<T>::len() const {
  const std::unique_lock lock(state_->mutex);
  return std::max(state_->accepted(), state_->receives) - state_->receives;
}

template <class T>
std::size_t Chan<T>::cap() const {
  return state_->capacity;
}

template class Chan<int>;
template class Chan<std::unique_ptr<int>>;

}  // namespace conclave::own
