#include "01-7-break-the-mutex/mutexes.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <source_location>
#include <utility>
#include <vector>

#include "goroutines/goroutine.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {
namespace {

/// A right mutex of the library, as tests see it.
class OurMutex final : public SomeMutex {
 public:
  void lock() override { mutex_.lock(); }
  bool try_lock() override { return mutex_.try_lock(); }
  void unlock() override { mutex_.unlock(); }

 private:
  Mutex mutex_;
};

class SemaphoreAsMutex final : public SomeMutex {
 public:
  void lock() override { permit_.acquire(); }
  bool try_lock() override { return permit_.try_acquire(); }
  void unlock() override { permit_.release(); }

 private:
  Semaphore permit_{1};
};

/// Parked goroutines, longest wait first.
class Queue {
 public:
  [[nodiscard]] bool empty() const { return waiters_.empty(); }
  [[nodiscard]] std::size_t size() const { return waiters_.size(); }

  /// Parks the goroutine that calls, until somebody wakes it.
  void park() {
    Waiter self{*this};
    Nothing nothing;
    self.woken.wait(nothing, [&self] { return self.queue == nullptr; });
  }

  void wake_first() {
    Waiter& first = *waiters_.front();
    waiters_.pop_front();
    first.queue = nullptr;
    first.woken.notify_one();
  }

  /// The first stays parked for ever.
  void lose_first() { waiters_.pop_front(); }

 private:
  struct Nothing {  // Cond wants a lock to give up; goroutines of one processor need none
    void lock() {}
    void unlock() {}
  };

  struct Waiter {
    explicit Waiter(Queue& place) : queue(&place) { place.waiters_.push_back(this); }
    ~Waiter() {
      if (queue != nullptr) queue->waiters_.remove(this);
    }

    Queue* queue;
    Cond woken;
  };

  std::list<Waiter*> waiters_;
};

/// The right mutex from which the planted ones differ.
class HandOver : public SomeMutex {
 public:
  void lock() override {
    if (held_) return queue_.park();  // unlock() has handed it over
    held_ = true;
  }

  bool try_lock() override { return !std::exchange(held_, true); }

  void unlock() override {
    if (!held_) panic("unlock: nobody holds this mutex");
    if (queue_.empty()) {
      held_ = false;
    } else {
      queue_.wake_first();
    }
  }

 protected:
  bool held_ = false;
  Queue queue_;
};

/// try_lock() waits for its turn.
class TryLockParks final : public HandOver {
 public:
  bool try_lock() override {
    lock();
    return true;
  }
};

/// unlock() lets everybody in who waits.
class WakesEveryone final : public HandOver {
 public:
  void lock() override {
    if (holders_ != 0) return queue_.park();
    holders_ = 1;
  }

  bool try_lock() override {
    if (holders_ != 0) return false;
    holders_ = 1;
    return true;
  }

  void unlock() override {
    if (holders_ == 0) panic("unlock: nobody holds this mutex");
    --holders_;
    for (; !queue_.empty(); ++holders_) queue_.wake_first();
  }

 private:
  int holders_ = 0;
};

/// Between the look and the queue the processor is given away: whoever unlocks meanwhile wakes nobody.
class LooksThenYields final : public HandOver {
 public:
  void lock() override {
    if (held_) {
      yield();
      queue_.park();
    } else {
      held_ = true;
    }
  }
};

/// unlock() frees the mutex and wakes the first, and whoever runs earlier takes it.
class LetsBargeIn final : public HandOver {
 public:
  void lock() override {
    while (held_) queue_.park();
    held_ = true;
  }

  void unlock() override {
    if (!held_) panic("unlock: nobody holds this mutex");
    held_ = false;
    if (!queue_.empty()) queue_.wake_first();
  }
};

/// unlock() of a free mutex is fine.
class AcceptsEveryUnlock final : public HandOver {
 public:
  void unlock() override {
    if (held_) HandOver::unlock();
  }
};

/// Its holder may lock it again.
class Recursive final : public HandOver {
 public:
  void lock() override {
    if (held_ && holder_ == self()) {
      ++depth_;
    } else {
      HandOver::lock();
      holder_ = self();
    }
  }

  bool try_lock() override {
    if (!HandOver::try_lock()) return false;
    holder_ = self();
    return true;
  }

  void unlock() override {
    if (depth_ != 0) {
      --depth_;
    } else {
      holder_ = 0;
      HandOver::unlock();
    }
  }

 private:
  static std::uint64_t self() { return detail::current(std::source_location::current()).id; }

  std::uint64_t holder_ = 0;
  int depth_ = 0;
};

/// There is room for two to wait; the third pushes the first out.
class TwoPlacesToWait final : public HandOver {
 public:
  void lock() override {
    if (held_ && queue_.size() == 2) queue_.lose_first();
    HandOver::lock();
  }
};

template <class T>
MutexMaker maker_of() {
  return [] { return std::make_unique<T>(); };
}

}  // namespace

MutexMaker our_mutex() { return maker_of<OurMutex>(); }

MutexMaker semaphore_as_mutex() { return maker_of<SemaphoreAsMutex>(); }

std::vector<std::pair<std::string, MutexMaker>> planted_mutexes() {
  return {
      {"its try_lock waits for its turn", maker_of<TryLockParks>()},
      {"its unlock lets in everybody who waits", maker_of<WakesEveryone>()},
      {"its lock looks first and queues later, and may miss an unlock between",
       maker_of<LooksThenYields>()},
      {"its unlock frees it, and whoever runs first takes it", maker_of<LetsBargeIn>()},
      {"its unlock is fine when nobody holds it", maker_of<AcceptsEveryUnlock>()},
      {"its holder may lock it again", maker_of<Recursive>()},
      {"it has room for two to wait, and a third pushes the first out",
       maker_of<TwoPlacesToWait>()},
  };
}

}  // namespace conclave
