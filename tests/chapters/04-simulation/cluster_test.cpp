// cluster.hpp: what is done to hosts, one thing after the other.
#include "simulation/cluster.hpp"

#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "channels/channels.hpp"

namespace conclave::simulation {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::ElementsAre;

/// A node that writes down when it takes a turn, and leaves an unsynced file.
class Counting final : public Program {
 public:
  void node(World& world) override {
    const auto file = world.disk().open("file", Open::any);
    sizes.push_back((*file)->size().value());
    static_cast<void>((*file)->write(0, "unsynced"));
    for (;; sleep_for(10ms)) ++turns;
  }

  std::vector<std::uint64_t> sizes;  // of the file, at the begin of each life
  int turns = 0;
};

/// Runs `body` with a cluster of one node, which runs.
void on_cluster(const std::function<void(Cluster&, Counting&)>& body) {
  Counting program;
  const Options options{.nodes = 1, .clients = 0, .faults = {}};
  VirtualClock clock;
  Trace trace(clock, 0);
  Cluster* there = nullptr;
  run(
      [&] {
        Cluster cluster(options, program, Random(1), trace, {});
        there = &cluster;
        cluster.start(0);
        sleep_for(100ms);
        body(cluster, program);
        there = nullptr;
      },
      {.clock = &clock, .between_turns = [&](const Turn& turn) {
         if (there != nullptr) there->turn_comes(turn);
       }});
}

/// How many turns the node takes in a second.
int turns_in_a_second(const Counting& program) {
  const int before = program.turns;
  sleep_for(1s);
  return program.turns - before;
}

TEST(Cluster, AKillKeepsThePageCache) {
  on_cluster([](Cluster& cluster, Counting& program) {
    cluster.crash(0, Ends::process, {});
    EXPECT_FALSE(cluster.is_up(0));
    cluster.start(0);
    sleep_for(100ms);
    EXPECT_THAT(program.sizes, ElementsAre(0U, 8U));
  });
}

TEST(Cluster, APowerFailureAlsoHitsAMachineOnWhichNothingRuns) {
  int lost = 0;
  for (int i = 0; i < 20; ++i) {
    on_cluster([&](Cluster& cluster, Counting& program) {
      for (int more = 0; more < i; ++more) {  // another draw each time
        cluster.crash(0, Ends::process, {});
        cluster.start(0);
        sleep_for(100ms);
      }
      cluster.crash(0, Ends::process, {});
      cluster.crash(0, Ends::machine, {});
      cluster.start(0);
      sleep_for(100ms);
      lost += program.sizes.back() == 0 ? 1 : 0;
    });
  }
  EXPECT_GT(lost, 3);
  EXPECT_LT(lost, 20);
}

TEST(Cluster, APauseEndsWhenAllHaveEnded) {
  on_cluster([](Cluster& cluster, Counting& program) {
    EXPECT_GT(turns_in_a_second(program), 90);
    const auto first = cluster.pause(0);
    const auto second = cluster.pause(0);
    EXPECT_EQ(turns_in_a_second(program), 0);
    first();
    first();  // a pause ends once
    EXPECT_EQ(turns_in_a_second(program), 0);
    second();
    EXPECT_GT(turns_in_a_second(program), 90);
  });
}

TEST(Cluster, APauseDoesNotOutliveTheLifeThatIsPaused) {
  on_cluster([](Cluster& cluster, Counting& program) {
    const auto of_the_first = cluster.pause(0);
    cluster.crash(0, Ends::process, {});
    cluster.start(0);
    EXPECT_GT(turns_in_a_second(program), 90);
    const auto of_the_second = cluster.pause(0);
    of_the_first();
    EXPECT_EQ(turns_in_a_second(program), 0);
  });
}

TEST(Cluster, AStartThatComesTooLateIsNobodys) {
  on_cluster([](Cluster& cluster, Counting& program) {
    cluster.crash(0, Ends::process, {});
    cluster.start_after(0, 1s);
    cluster.start(0);
    cluster.crash(0, Ends::process, {});
    sleep_for(2s);
    EXPECT_FALSE(cluster.is_up(0)) << "the start was for the life before";
    EXPECT_THAT(program.sizes, testing::SizeIs(1));
  });
}

TEST(Cluster, WhoIsToCrashAtATurnDoesNotTakeIt) {
  on_cluster([](Cluster& cluster, Counting& program) {
    const int before = program.turns;
    cluster.crash_at_turn(0, 3, Ends::process, 5s);
    sleep_for(1s);
    EXPECT_EQ(program.turns, before + 2);
    EXPECT_FALSE(cluster.is_up(0));
    sleep_for(5s);
    EXPECT_TRUE(cluster.is_up(0)) << "and is started again after its pause";
  });
}

TEST(Cluster, TheFirstFailureCountsAndNobodyGoesOn) {
  on_cluster([](Cluster& cluster, Counting& program) {
    cluster.fail(Verdict::liveness, "one");
    cluster.fail(Verdict::correctness, "two");
    EXPECT_EQ(cluster.failure()->what, "one");
    EXPECT_EQ(turns_in_a_second(program), 0);
    EXPECT_FALSE(cluster.failed().recv().has_value());
  });
}

}  // namespace
}  // namespace conclave::simulation
