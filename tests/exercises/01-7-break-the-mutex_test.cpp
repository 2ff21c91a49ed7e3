// Exercise 1.7: the reader's tests are the thing under test.
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "01-7-break-the-mutex/mutexes.hpp"
#include "goroutines/goroutines.hpp"
#include "mutex_tests.hpp"
#include "support/break_it.hpp"

namespace conclave {
namespace {

std::vector<Trial> trials_of(const MutexMaker& make) {
  std::vector<Trial> trials;
  for (const MutexTest& test : mutex_tests()) {
    trials.push_back({test.name, [test, make](const RunOptions& options) {
                        const auto mutex = make();
                        run([&] { test.examine(*mutex); }, options);
                      }});
  }
  return trials;
}

TEST(MutexTests, AcceptTheMutexOfThisChapter) {
  must_accept("mutex", "the Mutex of this chapter", trials_of(our_mutex()));
}

TEST(MutexTests, AcceptARightMutexBuiltAnotherWay) {
  must_accept("mutex", "a mutex made of a Semaphore, which keeps all four laws",
              trials_of(semaphore_as_mutex()));
}

TEST(MutexTests, RejectFiveOfSevenWrongOnes) {
  std::vector<Planted> planted;
  for (const auto& [flaw, make] : planted_mutexes()) planted.push_back({flaw, trials_of(make)});

  must_reject(5, planted);
}

}  // namespace
}  // namespace conclave
