#include "support/break_it.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <new>
#include <sys/mman.h>

#include <fmt/format.h>

#include "common/assert.hpp"
#include "goroutines/clock.hpp"
#include "support/apart.hpp"
#include "testing/expect.hpp"

namespace conclave {
namespace {

constexpr std::uint64_t kSeeds = 50;

/// What an examination has come to; the process that makes it writes, the one that waits for it reads.
struct Progress {
  std::uint64_t seed = 0;  // 0: the standard order
  bool rejected = false;
  char why[300] = {};
};

Progress& progress() {
  static Progress* shared = [] {
    void* memory = ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ensure(memory != MAP_FAILED, "there is memory for an examination's verdict");
    return new (memory) Progress;
  }();
  return *shared;
}

/// What one test says of one candidate.
struct Finding {
  bool accepted = false;
  std::string
      order;  ///< in which it was rejected, if that matters: "in the random order of seed 7: "
  std::string reason;  ///< why; empty when it was accepted
  std::string output;  ///< what the test printed
};

/// Up to the first order in which the test rejects the candidate.
void examine_in_every_order(const Trial& trial) {
  const std::uint64_t seeds = trial.has_one_order ? 0 : kSeeds;
  for (std::uint64_t seed = 0; seed <= seeds; ++seed) {
    progress().seed = seed;
    VirtualClock clock;
    RunOptions options{.clock = &clock};
    if (seed != 0) {
      options.order = Order::random;
      options.seed = seed;
    }
    trial.examine(options);
  }
}

Finding examine(const Trial& trial) {
  progress() = {};
  const Apart apart = run_apart([&] { examine_in_every_order(trial); });

  Finding finding;
  finding.output = apart.ending.output;
  if (!trial.has_one_order) {
    finding.order = progress().seed == 0
                        ? "in the standard order: "
                        : fmt::format("in the random order of seed {}: ", progress().seed);
  }
  if (progress().rejected) {
    finding.reason = fmt::format("your expect does not hold: {}", progress().why);
  } else if (apart.was_running) {
    finding.reason = fmt::format("it was still running after {} s of the processor's time",
                                 kProcessorSecondsMax);
  } else if (apart.verdict.outcome == isolation::Outcome::passed) {
    finding.accepted = true;
  } else {
    finding.reason = apart.verdict.happened;
  }
  return finding;
}

}  // namespace

void must_accept(std::string_view kind, std::string_view which, const std::vector<Trial>& trials,
                 std::source_location place) {
  must_hold({"a test that is not there accepts and rejects nothing", place}, !trials.empty(),
            "your list of tests is empty");
  const bool has_one_order = !trials.empty() && trials.front().has_one_order;
  const std::string claim =
      fmt::format("every test accepts a right {}{}", kind, has_one_order ? "" : ", in every order");
  for (const Trial& trial : trials) {
    const Finding finding = examine(trial);
    if (!finding.accepted) fmt::print("{}", finding.output);
    if (!must_hold({claim, place}, finding.accepted, "your test '{}' rejects {}\n{}{}", trial.name,
                   which, finding.order, finding.reason)) {
      return;
    }
  }
}

void must_reject(std::size_t wanted, const std::vector<Planted>& planted,
                 std::source_location place) {
  std::vector<bool> rejected(planted.size());
  std::string each;
  for (std::size_t test = 0; test < planted.front().trials.size(); ++test) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < planted.size(); ++i) {
      if (examine(planted[i].trials[test]).accepted) continue;
      rejected[i] = true;
      ++count;
    }
    each += fmt::format("\n  {} by '{}'", count, planted.front().trials[test].name);
  }

  const auto count = static_cast<std::size_t>(std::ranges::count(rejected, true));
  const auto living =
      static_cast<std::size_t>(std::ranges::find(rejected, false) - rejected.begin());
  if (const char* file = std::getenv("CONCLAVE_LIVING"); file != nullptr && count < planted.size())
    std::ofstream(file) << planted[living].flaw;
  const std::string claim =
      fmt::format("your tests reject {} of the {} wrong ones", wanted, planted.size());
  if (count >= wanted)
    remark(fmt::format("your tests reject {} of the {} wrong ones", count, planted.size()));
  must_hold({claim, place}, count >= wanted,
            "they reject {}, and {} live; of the {} are rejected{}", count, planted.size() - count,
            planted.size(), each);
}

void expect(bool holds, std::string_view what) {
  if (holds) return;
  Progress& own = progress();
  own.rejected = true;
  *fmt::format_to_n(own.why, sizeof own.why - 1, "{}", what).out = '\0';
  std::_Exit(0);
}

}  // namespace conclave
