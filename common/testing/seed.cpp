#include "testing/seed.hpp"

#include <string>

#include <gtest/gtest.h>

#include "common/assert.hpp"
#include "common/random.hpp"
#include "testing/environment.hpp"
#include "testing/journal.hpp"

namespace conclave {

namespace {

std::uint64_t seed_by_name() {
  const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
  ensure(test != nullptr, "the seed of a test is asked for while a test runs");
  const std::uint64_t hash = fnv1a(std::string(test->test_suite_name()) + "." + test->name());
  return hash % 1'000'000;  // short enough to be typed
}

}  // namespace

std::uint64_t seed_of_this_test() {
  const std::uint64_t seed = isolation::seed_from_environment().value().value_or(seed_by_name());
  isolation::note_seed(seed);
  return seed;
}

void for_each_seed(std::uint64_t count, const std::function<void(std::uint64_t seed)>& body) {
  ensure(count != 0, "for_each_seed(count, body) has a seed to try, so count is not 0");
  const std::uint64_t first = seed_of_this_test();
  const bool chosen = isolation::seed_from_environment().value().has_value();
  for (std::uint64_t i = 0; i < (chosen ? 1 : count); ++i) {
    isolation::note_seed(first + i);
    body(first + i);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace conclave
