#include "goroutines/semaphore.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "goroutines/goroutine.hpp"
#include "goroutines/panic.hpp"

namespace conclave {

/// What a parked goroutine asks for; lies on its stack.
struct Semaphore::Request {
  const Semaphore* semaphore;
  std::int64_t permits;
};

Semaphore::Semaphore(std::int64_t permits, std::source_location place) : size_(permits) {
  if (permits < 0) panic(fmt::format("Semaphore: made with {} permits", permits), place);
}

void Semaphore::acquire(std::int64_t n, std::source_location place) {
  const detail::Acquires order(released_);
  detail::current(place);
  if (detail::gone(this)) return;
  if (n < 0 || n > size_) {
    panic(fmt::format("Semaphore::acquire: {} permits asked of a semaphore of {}", n, size_),
          place);
  }
  if (waiters_.empty() && n <= available()) {
    used_ += n;
    return;
  }
  const Request request{this, n};
  const bool obtained = detail::park_in(
      waiters_, {"Semaphore::acquire", place, &request, explain}, [&] { release(n, place); },
      [&] { serve(); });
  if (!obtained) refused_ += n;
}

bool Semaphore::try_acquire(std::int64_t n, std::source_location place) {
  const detail::RuntimeCode runtime;
  detail::current(place);
  if (detail::gone(this)) return false;
  if (n < 0) panic(fmt::format("Semaphore::try_acquire: {} permits asked", n), place);
  if (!waiters_.empty() || n > available()) return false;
  used_ += n;
  released_.acquire();
  return true;
}

void Semaphore::release(std::int64_t n, std::source_location place) {
  const detail::Releases order(released_);
  detail::current(place);
  if (detail::gone(this)) return;
  const std::int64_t refused = std::clamp<std::int64_t>(n, 0, refused_);
  refused_ -= refused;
  n -= refused;
  if (n < 0 || n > used_) {
    panic(fmt::format("Semaphore::release: {} permits given back, {} in use", n, used_), place);
  }
  used_ -= n;
  serve();
}

void Semaphore::serve() noexcept {
  while (detail::Goroutine* waiter = waiters_.front()) {
    const auto& request = *static_cast<const Request*>(waiter->wait->object);
    if (request.permits > available()) break;  // those behind it wait for it
    used_ += request.permits;
    waiters_.pop();
    detail::ready(*waiter);
  }
}

std::string Semaphore::explain(const void* request) {
  const auto& [semaphore, permits] = *static_cast<const Request*>(request);
  return fmt::format("wants {}, free {} of {}", permits, semaphore->available(), semaphore->size_);
}

}  // namespace conclave
