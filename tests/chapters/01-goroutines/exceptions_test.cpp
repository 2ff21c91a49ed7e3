// go.hpp, law 5: exceptions and errno belong to the goroutine; no switch carries them over to another.
#include <cerrno>
#include <exception>
#include <stdexcept>

#include "support.hpp"

namespace conclave {
namespace {

struct Tagged : std::runtime_error {
  explicit Tagged(int number) : std::runtime_error("tagged"), tag(number) {}
  int tag;
};

TEST(Exceptions, AThousandGoroutinesYieldInsideCatchAndRethrowTheirOwn) {
  for (const Order order : {Order::standard, Order::random}) {
    int right = 0;
    run(
        [&] {
          WaitGroup group;
          for (int id = 0; id < 1000; ++id) {
            group.go([&right, id] {
              try {
                try {
                  throw Tagged(id);
                } catch (const Tagged&) {
                  for (int i = 0; i < 3; ++i) yield();
                  throw;
                }
              } catch (const Tagged& mine) {
                if (mine.tag == id) ++right;
              }
            });
          }
        },
        {.order = order});
    EXPECT_EQ(right, 1000);
  }
}

TEST(Exceptions, WhatOneHandlesNobodyElseSees) {
  run([] {
    bool handling = true;
    go([&] {
      try {
        throw Tagged(1);
      } catch (const Tagged&) {
        while (handling) yield();
        EXPECT_NE(std::current_exception(), nullptr);
      }
      EXPECT_EQ(std::current_exception(), nullptr);
    });
    yield();
    EXPECT_EQ(std::current_exception(), nullptr);
    go([&] { EXPECT_EQ(std::current_exception(), nullptr); });  // a new goroutine starts clean
    yield();
    handling = false;
    let_others_park();
    EXPECT_EQ(num_goroutines(), 1u);
  });
}

/// Parks in its destructor until `until` is true; writes how many exceptions it saw in flight.
struct ParksInDestructor {
  const bool& until;
  int& before;
  int& after;
  ~ParksInDestructor() {
    before = std::uncaught_exceptions();
    while (!until) yield();
    after = std::uncaught_exceptions();
  }
};

TEST(Exceptions, WhatIsInFlightInOneIsInFlightInNobodyElse) {
  run([] {
    bool until = false;
    int before = -1;
    int after = -1;
    int newcomer = -1;
    go([&] {
      try {
        const ParksInDestructor parks{until, before, after};
        throw Tagged(1);
      } catch (const Tagged& mine) {
        EXPECT_EQ(mine.tag, 1);
      }
      EXPECT_EQ(std::uncaught_exceptions(), 0);
    });
    yield();
    EXPECT_EQ(std::uncaught_exceptions(), 0);
    go([&] { newcomer = std::uncaught_exceptions(); });
    try {
      throw Tagged(2);  // another exception while the first is in flight elsewhere
    } catch (const Tagged& other) {
      yield();
      EXPECT_EQ(other.tag, 2);
    }
    until = true;
    let_others_park();
    EXPECT_EQ(before, 1);
    EXPECT_EQ(after, 1);
    EXPECT_EQ(newcomer, 0);
    EXPECT_EQ(num_goroutines(), 1u);
  });
}

/// Throws and handles `depth` exceptions inside each other, parking at every level both ways.
void nest(int id, int depth, int& right) {
  if (depth == 0) return;
  try {
    throw Tagged(id * 100 + depth);
  } catch (const Tagged&) {
    yield();
    nest(id, depth - 1, right);
    sleep_for(std::chrono::milliseconds(id % 3));
    try {
      throw;
    } catch (const Tagged& mine) {
      if (mine.tag == id * 100 + depth) ++right;
    }
  }
}

TEST(Exceptions, NestedHandlersKeepTheirOrder) {
  int right = 0;
  in_virtual_time([&] {
    WaitGroup group;
    for (int id = 0; id < 100; ++id) group.go(nest, id, 10, std::ref(right));
  });
  EXPECT_EQ(right, 1000);
}

TEST(Exceptions, ParkingInEveryPrimitiveKeepsThem) {
  run([] {
    Mutex mutex;
    RWMutex rw_mutex;
    Semaphore semaphore(1);
    int right = 0;
    WaitGroup group;
    for (int id = 0; id < 20; ++id) {
      group.go([&, id] {
        try {
          throw Tagged(id);
        } catch (const Tagged&) {
          const std::scoped_lock locks(mutex);
          const std::unique_lock writer(rw_mutex);
          semaphore.acquire();
          yield();
          semaphore.release();
          try {
            throw;
          } catch (const Tagged& mine) {
            if (mine.tag == id) ++right;
          }
        }
      });
    }
    group.wait();
    EXPECT_EQ(right, 20);
  });
}

TEST(Exceptions, AnExceptionPointerTravelsBetweenGoroutines) {
  run([] {
    std::exception_ptr error;
    WaitGroup group;
    group.go([&] {
      try {
        throw Tagged(7);
      } catch (...) {
        error = std::current_exception();
      }
    });
    group.wait();
    try {
      std::rethrow_exception(error);
    } catch (const Tagged& theirs) {
      EXPECT_EQ(theirs.tag, 7);
    }
  });
}

TEST(Exceptions, TheThreadsOwnAreThereAgainAfterRun) {
  try {
    throw Tagged(1);
  } catch (const Tagged&) {
    run([] {
      EXPECT_EQ(std::current_exception(), nullptr);
      go([] { sleep_for(std::chrono::hours(1)); });
      yield();
      try {
        throw Tagged(2);
      } catch (const Tagged&) {
        yield();
      }
    });
    try {
      throw;
    } catch (const Tagged& mine) {
      EXPECT_EQ(mine.tag, 1);
    }
  }
}

TEST(Errno, SurvivesASwitch) {
  in_virtual_time([] {
    WaitGroup group;
    for (int id = 1; id <= 50; ++id) {
      group.go([id] {
        errno = id;
        yield();
        EXPECT_EQ(errno, id);
        sleep_for(std::chrono::milliseconds(id % 5));
        EXPECT_EQ(errno, id);
      });
    }
    errno = 1000;
    group.wait();
    EXPECT_EQ(errno, 1000);
  });
}

TEST(Errno, SurvivesAWaitInTheKernel) {
  run([] {
    errno = 77;
    sleep_for(std::chrono::milliseconds(1));
    EXPECT_EQ(errno, 77);
  });
}

}  // namespace
}  // namespace conclave
