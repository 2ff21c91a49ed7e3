#include "chan.hpp"

#include "common/todo.hpp"
#include "monitor.hpp"

namespace conclave::own {

template <class T>
struct Chan<T>::State {
  const std::size_t capacity;
  Mutex mutex{};
};

template <class T>
Chan<T>::Chan(std::size_t capacity) : state_(new State{capacity}) {}

template <class T>
Chan<T>::~Chan() = default;

template <class T>
void Chan<T>::send(T value) {
  todo("2.8: send, into the buffer or to a receiver");
}

template <class T>
std::optional<T> Chan<T>::recv() {
  todo("2.8: recv, from the buffer or from a sender");
}

template <class T>
void Chan<T>::close() {
  todo("2.8: close, and everybody who waits learns it");
}

template <class T>
std::size_t Chan<T>::len() const {
  todo("2.8: len, the values in the buffer");
}

template <class T>
std::size_t Chan<T>::cap() const {
  todo("2.8: cap, the room in the buffer");
}

template class Chan<int>;
template class Chan<std::unique_ptr<int>>;

}  // namespace conclave::own
