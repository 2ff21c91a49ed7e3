#include "goroutines/rw_mutex.hpp"

#include <fmt/format.h>

#include "goroutines/goroutine.hpp"
#include "goroutines/panic.hpp"

namespace conclave {

void RWMutex::lock(std::source_location place) {
  const detail::Acquires after_writers(written_);
  const detail::Acquires after_readers(read_);
  detail::Goroutine& self = detail::current(place);
  if (detail::gone(this)) return;
  if (!writer_ && readers_ == 0) {
    writer_ = {self.id};
    return;
  }
  detail::park_in(
      waiting_writers_, {"RWMutex::lock", place, this, explain}, [&] { unlock(place); },
      [&] {
        if (!writer_ && waiting_writers_.empty()) let_readers_in();  // they waited behind us
      });
}

bool RWMutex::try_lock(std::source_location place) {
  const detail::RuntimeCode runtime;
  detail::Goroutine& self = detail::current(place);
  if (self.ending) {
    lock(place);  // which returns at once; std::lock() would try for ever
    return true;
  }
  if (writer_ || readers_ != 0) return false;
  writer_ = {self.id};
  written_.acquire();
  read_.acquire();
  return true;
}

void RWMutex::unlock(std::source_location place) {
  const detail::Releases order(written_);
  const detail::Goroutine& self = detail::current(place);
  if (detail::gone(this)) return;
  if (self.ending && writer_.goroutine != self.id) return;  // its lock() returned without the mutex
  if (!writer_) panic("RWMutex::unlock: nobody holds this mutex for writing", place);
  writer_ = {};
  let_readers_in();
  if (readers_ == 0) let_writer_in();
}

void RWMutex::lock_shared(std::source_location place) {
  const detail::Acquires order(written_);
  detail::current(place);
  if (detail::gone(this)) return;
  if (!writer_ && waiting_writers_.empty()) {
    ++readers_;
    return;
  }
  const bool obtained =
      detail::park_in(waiting_readers_, {"RWMutex::lock_shared", place, this, explain},
                      [&] { unlock_shared(place); });
  if (!obtained) ++refused_readers_;
}

bool RWMutex::try_lock_shared(std::source_location place) {
  const detail::RuntimeCode runtime;
  if (detail::current(place).ending) {
    lock_shared(place);
    return true;
  }
  if (writer_ || !waiting_writers_.empty()) return false;
  ++readers_;
  written_.acquire();
  return true;
}

void RWMutex::unlock_shared(std::source_location place) {
  const detail::Releases order(read_);
  detail::current(place);
  if (detail::gone(this)) return;
  if (refused_readers_ != 0) {
    --refused_readers_;
    return;
  }
  if (readers_ == 0) panic("RWMutex::unlock_shared: nobody holds this mutex for reading", place);
  if (--readers_ == 0) let_writer_in();
}

void RWMutex::let_readers_in() noexcept {
  while (detail::Goroutine* reader = waiting_readers_.pop()) {
    ++readers_;
    detail::ready(*reader);
  }
}

void RWMutex::let_writer_in() noexcept {
  detail::Goroutine* writer = waiting_writers_.pop();
  if (writer == nullptr) return;
  writer_ = {writer->id};
  detail::ready(*writer);
}

std::string RWMutex::explain(const void* mutex) {
  const auto& self = *static_cast<const RWMutex*>(mutex);
  if (self.writer_) return self.writer_.describe();
  return fmt::format("{} reading", self.readers_);
}

}  // namespace conclave
