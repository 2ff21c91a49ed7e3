// Random programs of everything the chapter has, held against a model that a reader can check by eye.
#include <deque>
#include <mutex>
#include <set>
#include <shared_mutex>

#include "common/random.hpp"
#include "support.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

/// A mutex and what is known of it.
class ModelledMutex {
 public:
  void lock(int who) {
    const bool must_wait = held_ || !waiters_.empty();
    EXPECT_EQ(mutex_.try_lock(), !must_wait);
    if (must_wait) {
      waiters_.push_back(who);
      mutex_.lock();
      EXPECT_EQ(waiters_.front(), who) << "first come, first served";
      waiters_.pop_front();
    }
    EXPECT_FALSE(held_);
    held_ = true;
  }

  void unlock() {
    held_ = false;
    mutex_.unlock();
  }

 private:
  Mutex mutex_;
  bool held_ = false;
  std::deque<int> waiters_;
};

/// A semaphore and what is known of it.
class ModelledSemaphore {
 public:
  explicit ModelledSemaphore(std::int64_t permits) : size_(permits), semaphore_(permits) {}

  void acquire(int who, std::int64_t n) {
    const bool must_wait = !waiters_.empty() || used_ + n > size_;
    if (must_wait) {
      waiters_.push_back({who, n});
    } else {
      used_ += n;
    }
    semaphore_.acquire(n);
    if (must_wait) {
      EXPECT_EQ(served_.erase(who), 1u) << "nobody overtakes";
    }
    EXPECT_EQ(semaphore_.available(), size_ - used_);
  }

  void release(std::int64_t n) {
    used_ -= n;
    while (!waiters_.empty() && used_ + waiters_.front().n <= size_) {
      used_ += waiters_.front().n;
      served_.insert(waiters_.front().who);
      waiters_.pop_front();
    }
    semaphore_.release(n);
    EXPECT_EQ(semaphore_.available(), size_ - used_);
  }

 private:
  struct Request {
    int who;
    std::int64_t n;
  };

  std::int64_t size_;
  std::int64_t used_ = 0;
  Semaphore semaphore_;
  std::deque<Request> waiters_;
  std::set<int> served_;  // and had no turn since
};

/// One random program; its trace says what happened, in order.
class Program {
 public:
  explicit Program(std::uint64_t seed, Order order) : random_(seed), seed_(seed), order_(order) {}

  Log run_to_the_end() {
    const Duration took = in_virtual_time([&] { main(); }, {.order = order_, .seed = seed_});
    log_.push_back(fmt::format("took {} ns", took.count()));
    EXPECT_EQ(items_, 0);
    EXPECT_EQ(alive_, 0);
    return std::move(log_);
  }

  /// The same, and main leaves after `yields` turns.
  void run_and_leave(int yields) {
    in_virtual_time(
        [&] {
          start_all(nullptr);
          for (int i = 0; i < yields; ++i) yield();
        },
        {.order = order_, .seed = seed_});
    EXPECT_EQ(alive_, 0);
  }

 private:
  static constexpr int kGoroutines = 6;
  static constexpr int kSteps = 20;

  struct Alive {
    explicit Alive(int& counter) : count(counter) { ++count; }
    Alive(const Alive&) = delete;
    Alive& operator=(const Alive&) = delete;
    ~Alive() { --count; }
    int& count;
  };

  void main() {
    WaitGroup group;
    start_all(&group);
    group.wait();
  }

  void start_all(WaitGroup* group) {
    for (int who = 0; who < kGoroutines; ++who) {
      const auto body = [this, who] { live(who); };
      group != nullptr ? group->go(body) : go(body);
    }
  }

  void live(int who) {
    const Alive alive(alive_);
    Random random = random_.stream(fmt::format("goroutine {}", who));
    for (int step = 0; step < kSteps; ++step) {
      const auto choice = random.below(8);
      log_.push_back(fmt::format("{:>12} ns  goroutine {} does {}",
                                 now().time_since_epoch().count(), who, choice));
      switch (choice) {
        case 0:
          yield();
          break;
        case 1:
          sleep_for(std::chrono::milliseconds(random.below(5)));
          break;
        case 2:
          lock_one(who, mutexes_[random.below(2)], random);
          break;
        case 3:
          lock_two(who, random);
          break;
        case 4:
          hold_permits(who, random);
          break;
        case 5:
          read_or_write(random);
          break;
        case 6:
          put_and_take();
          break;
        case 7:
          ask_children(random);
          break;
        default:
          FAIL();
      }
    }
  }

  static void pause(Random& random) {
    if (random.chance(0.5)) {
      yield();
    } else if (random.chance(0.5)) {
      sleep_for(std::chrono::microseconds(random.below(2000)));
    }
  }

  static void lock_one(int who, ModelledMutex& mutex, Random& random) {
    mutex.lock(who);
    pause(random);
    mutex.unlock();
  }

  void lock_two(int who, Random& random) {
    mutexes_[0].lock(who);
    pause(random);
    mutexes_[1].lock(who);
    pause(random);
    mutexes_[0].unlock();
    mutexes_[1].unlock();
  }

  void hold_permits(int who, Random& random) {
    const auto n = random.between<std::int64_t>(1, 3);
    semaphore_.acquire(who, n);
    pause(random);
    semaphore_.release(n);
  }

  void read_or_write(Random& random) {
    if (random.chance(0.6)) {
      const std::shared_lock lock(rw_mutex_);
      const Alive reader(readers_);
      pause(random);
      EXPECT_EQ(writers_, 0);
    } else {
      const std::unique_lock lock(rw_mutex_);
      const Alive writer(writers_);
      pause(random);
      EXPECT_EQ(writers_, 1);
      EXPECT_EQ(readers_, 0);
    }
  }

  /// Everybody puts before taking, so nobody waits for ever: as many items come as are taken.
  void put_and_take() {
    std::unique_lock lock(items_mutex_);
    ++items_;
    items_cond_.notify_one();
    lock.unlock();
    yield();
    lock.lock();
    items_cond_.wait(lock, [&] { return items_ > 0; });
    --items_;
  }

  void ask_children(Random& random) {
    int answers = 0;
    WaitGroup children;
    const auto count = random.between(0, 4);
    for (int i = 0; i < count; ++i) {
      children.go([this, &answers, i] {
        const Alive child(alive_);
        config_.call([] { yield(); });
        if (i % 2 == 0) yield();
        ++answers;
      });
    }
    children.wait();
    EXPECT_EQ(answers, count);
  }

  Random random_;
  std::uint64_t seed_;
  Order order_;
  Log log_;
  int alive_ = 0;

  ModelledMutex mutexes_[2];
  ModelledSemaphore semaphore_{3};
  RWMutex rw_mutex_;
  int readers_ = 0;
  int writers_ = 0;
  Mutex items_mutex_;
  Cond items_cond_;
  int items_ = 0;
  Once config_;
};

constexpr std::uint64_t kSeeds = kUnderSanitizer ? 40 : 200;

TEST(RandomPrograms, KeepEveryLaw) {
  for_each_seed(kSeeds, [](std::uint64_t seed) {
    Program(seed, Order::standard).run_to_the_end();
    Program(seed, Order::random).run_to_the_end();
  });
}

TEST(RandomPrograms, RepeatToTheByte) {
  for_each_seed(kSeeds / 4, [](std::uint64_t seed) {
    for (const Order order : {Order::standard, Order::random}) {
      EXPECT_EQ(Program(seed, order).run_to_the_end(), Program(seed, order).run_to_the_end());
    }
  });
}

TEST(RandomPrograms, MayBeLeftAtAnyMoment) {
  for_each_seed(kSeeds, [](std::uint64_t seed) {
    Program(seed, Order::random).run_and_leave(static_cast<int>(seed % 100));
  });
}

}  // namespace
}  // namespace conclave
