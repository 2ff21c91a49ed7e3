// simulated_network.hpp: what befalls messages, one law after the other.
#include "simulation/simulated_network.hpp"

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../01-goroutines/support.hpp"
#include "channels/channels.hpp"
#include "testing/seed.hpp"

namespace conclave::simulation {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::ElementsAre;
using testing::IsEmpty;

/// Hosts a, b and c, each with an end that listens at its name, and all faults off.
class Hosts {
 public:
  explicit Hosts(std::uint64_t seed)
      : trace_(clock_, 0), network(Random(seed), {"a", "b", "c"}, trace_) {
    for (std::size_t host = 0; host < 3; ++host) open(host);
  }

  void open(std::size_t host) {
    ends_[host] = std::make_unique<rpc::MemoryTransport>(network, host, 1000);
    EXPECT_TRUE(ends_[host]->listen(kNames[host]).ok());
  }

  void send(std::size_t from, std::size_t to, const std::string& text) {
    EXPECT_TRUE(ends_[from]->send(*ends_[from]->connect(kNames[to]), {text}, {}).ok());
  }

  /// What has come to a host within ten seconds.
  std::vector<std::string> received(std::size_t host, Duration within = 10s) {
    std::vector<std::string> texts;
    const auto [context, cancel] = with_timeout({}, within);
    for (;;) {
      Result<rpc::Received> one = ends_[host]->recv(context);
      if (!one.ok()) return texts;
      texts.push_back(one->message.at(0));
    }
  }

  /// How long a message took, in order of their coming.
  std::vector<Duration> delays(std::size_t from, std::size_t to, int count) {
    std::vector<Duration> result;
    for (int i = 0; i < count; ++i) {
      const TimePoint sent = now();
      send(from, to, "x");
      static_cast<void>(ends_[to]->recv({}));
      result.push_back(now() - sent);
    }
    return result;
  }

 private:
  static constexpr std::array kNames = {"a", "b", "c"};
  VirtualClock clock_;  // of the trace, which is not looked at here
  Trace trace_;

 public:
  SimulatedNetwork network;

 private:
  std::array<std::unique_ptr<rpc::MemoryTransport>, 3> ends_;
};

/// Runs `body` on a clock that jumps; what it shares with goroutines, turns order.
void on_hosts(const std::function<void(Hosts&)>& body, std::uint64_t seed = 1) {
  in_virtual_time(
      [&] {
        Hosts hosts(seed);
        body(hosts);
      },
      {.between_turns = [](const Turn&) {}});
}

TEST(SimulatedNetwork, WithoutFaultsEverythingArrivesInOrder) {
  on_hosts([](Hosts& hosts) {
    std::vector<std::string> sent;
    for (int i = 0; i < 100; ++i) {
      sent.push_back(std::to_string(i));
      hosts.send(0, 1, sent.back());
    }

    EXPECT_EQ(hosts.received(1), sent);
    EXPECT_EQ(hosts.network.counters().arrived, 100U);
    EXPECT_EQ(hosts.network.counters().overtook, 0U);
  });
}

TEST(SimulatedNetwork, LosesAndDoublesAsOftenAsItShould) {
  on_hosts([](Hosts& hosts) {
    hosts.network.set_faults({.lost = 0.2, .twice = 0.25});
    for (int i = 0; i < 900; ++i) hosts.send(0, 1, "x");
    const NetworkCounters& counters = hosts.network.counters();

    const std::size_t received = hosts.received(1).size();

    EXPECT_NEAR(static_cast<double>(counters.lost), 900 * 0.2, 40);
    EXPECT_NEAR(static_cast<double>(counters.twice), 900 * 0.8 * 0.25, 40);
    EXPECT_EQ(received, 900 - counters.lost + counters.twice);
  });
}

TEST(SimulatedNetwork, ACutLinkLosesAllInItsDirectionAndNothingInTheOther) {  // law 2
  on_hosts([](Hosts& hosts) {
    hosts.network.cut(0, 1);
    hosts.send(0, 1, "lost");
    hosts.send(1, 0, "back");
    hosts.send(0, 2, "elsewhere");

    EXPECT_THAT(hosts.received(1), IsEmpty());
    EXPECT_THAT(hosts.received(0), ElementsAre("back"));
    EXPECT_THAT(hosts.received(2), ElementsAre("elsewhere"));
    EXPECT_EQ(hosts.network.counters().cut[Fault::partition], 1U);

    hosts.network.mend(0, 1);
    hosts.send(0, 1, "mended");
    EXPECT_THAT(hosts.received(1), ElementsAre("mended"));
  });
}

TEST(SimulatedNetwork, WhatWasOnItsWayWhenALinkIsCutArrives) {  // law 2
  on_hosts([](Hosts& hosts) {
    hosts.send(0, 1, "just in time");
    hosts.network.cut(0, 1);
    EXPECT_THAT(hosts.received(1), ElementsAre("just in time"));
  });
}

TEST(SimulatedNetwork, NothingBefallsWhatAHostTellsItself) {  // law 2
  on_hosts([](Hosts& hosts) {
    hosts.network.set_faults({.lost = 1, .twice = 1, .delay_typical = 1s, .delay_max = 10s});
    hosts.network.cut(0, 0);
    hosts.network.clog(0, 0, now() + 1h);
    hosts.send(0, 0, "to myself");
    EXPECT_THAT(hosts.received(0, 1ms), ElementsAre("to myself"));
  });
}

TEST(SimulatedNetwork, ACloggedLinkDeliversNothingBeforeItIsFree) {  // law 3
  on_hosts([](Hosts& hosts) {
    const TimePoint begin = now();
    hosts.network.clog(0, 1, begin + 5s);
    hosts.send(0, 1, "one");
    hosts.send(0, 1, "two");
    hosts.send(0, 2, "elsewhere");

    EXPECT_THAT(hosts.received(1, 4999ms), IsEmpty());
    EXPECT_THAT(hosts.received(1, 2ms), ElementsAre("one", "two"));
    EXPECT_THAT(hosts.received(2, 1ms), ElementsAre("elsewhere"));
    EXPECT_EQ(hosts.network.counters().clogged, 2U);
  });
}

TEST(SimulatedNetwork, MessagesOvertakeOnlyWhereTheyMay) {  // law 4
  for (const bool in_order : {true, false}) {
    on_hosts([in_order](Hosts& hosts) {
      hosts.network.set_faults({.delay_typical = 100ms, .delay_max = 10s, .in_order = in_order});
      std::vector<std::string> sent;
      for (int i = 100; i < 200; ++i) {
        sent.push_back(std::to_string(i));
        hosts.send(0, 1, sent.back());
        sleep_for(1ms);
      }
      const std::vector<std::string> received = hosts.received(1, 60s);
      EXPECT_EQ(received == sent, in_order);
      EXPECT_EQ(hosts.network.counters().overtook == 0, in_order);
      EXPECT_THAT(received, testing::UnorderedElementsAreArray(sent));
    });
  }
}

TEST(SimulatedNetwork, OrderHoldsAlsoForASenderWhoseClockIsWrong) {  // law 4
  for (const std::int64_t drift_ppm : {-100'000, 100'000}) {
    on_hosts([drift_ppm](Hosts& hosts) {
      hosts.network.set_faults({.delay_typical = 10ms, .delay_max = 10s});
      std::vector<std::string> sent;
      GroupClock clock{.offset = 1h, .drift_ppm = drift_ppm};
      GoroutineGroup sender("a", clock);
      sender.go([&] {
        for (int i = 0; i < 200; ++i) {
          sent.push_back(std::to_string(i));
          hosts.send(0, 1, sent.back());
          sleep_for(1ms);
        }
      });
      EXPECT_EQ(hosts.received(1, 60s), sent);
    });
  }
}

TEST(SimulatedNetwork, ALinkIsMendedAsOftenAsItWasCut) {  // law 2
  on_hosts([](Hosts& hosts) {
    hosts.network.cut(0, 1);
    hosts.network.cut(0, 1, Fault::bridge);
    hosts.network.mend(0, 1);
    hosts.send(0, 1, "still cut");
    EXPECT_THAT(hosts.received(1), IsEmpty());
    hosts.network.mend(0, 1);
    hosts.network.mend(0, 1);  // once too often
    hosts.network.cut(0, 1);
    hosts.send(0, 1, "cut again");
    EXPECT_THAT(hosts.received(1), IsEmpty());
    EXPECT_EQ(hosts.network.counters().cut[Fault::bridge], 1U);

    hosts.network.heal();
    hosts.send(0, 1, "healed");
    EXPECT_THAT(hosts.received(1), ElementsAre("healed"));
  });
}

TEST(SimulatedNetwork, WhenItHealsNothingWaitsForWhatIsLate) {  // law 4
  on_hosts([](Hosts& hosts) {
    hosts.network.clog(0, 1, now() + 10s);
    hosts.send(0, 1, "late");
    hosts.network.heal();
    hosts.send(0, 1, "at once");
    EXPECT_THAT(hosts.received(1, 1s), ElementsAre("at once"));
    EXPECT_THAT(hosts.received(1, 20s), ElementsAre("late"));
  });
}

TEST(SimulatedNetwork, WhatTheDeadHaveSentArrives) {  // law 5
  on_hosts([](Hosts& hosts) {
    hosts.send(0, 1, "from a, who");
    hosts.network.crash(0);

    EXPECT_THAT(hosts.received(1), ElementsAre("from a, who"));
    EXPECT_EQ(hosts.network.counters().of_dead, 1U);
  });
}

TEST(SimulatedNetwork, WhatWasOnItsWayToTheDeadIsNotTheirSuccessors) {
  on_hosts([](Hosts& hosts) {
    hosts.send(0, 1, "to the first b");
    hosts.network.crash(1);
    hosts.open(1);
    hosts.send(0, 1, "to the second b");

    EXPECT_THAT(hosts.received(1), ElementsAre("to the second b"));
    EXPECT_EQ(hosts.network.counters().refused, 1U);
  });
}

TEST(SimulatedNetwork, WhatOneLinkDrawsShiftsNothingOnAnother) {  // law 6
  const auto delays = [](bool with_others) {
    std::vector<Duration> result;
    on_hosts([&](Hosts& hosts) {
      hosts.network.set_faults({.delay_typical = 10ms, .delay_max = 1s});
      if (with_others) hosts.delays(0, 2, 10);
      result = hosts.delays(0, 1, 50);
    });
    return result;
  };
  EXPECT_EQ(delays(false), delays(true));
}

TEST(HeavyTail, HalfTakeTheTypicalTimeAndFewMuchLonger) {
  Random random(seed_of_this_test());
  int typical = 0;
  int late = 0;
  constexpr int kDraws = 10'000;
  for (int i = 0; i < kDraws; ++i) {
    const Duration drawn = heavy_tailed(random, 1ms, 10ms, 10s);
    ASSERT_GE(drawn, 1ms);
    ASSERT_LE(drawn, 10s);
    typical += drawn < 11ms ? 1 : 0;
    late += drawn > 1ms + 16 * 10ms ? 1 : 0;
  }
  EXPECT_NEAR(typical, kDraws / 2.0, 250);
  EXPECT_NEAR(late, kDraws / 32.0, 90);
}

TEST(HeavyTail, OfYearsIsWithinItsBounds) {
  Random random(seed_of_this_test());
  const Duration year = 8766h;
  for (int i = 0; i < 100'000; ++i) {
    const Duration drawn = heavy_tailed(random, year / 10, year, 20 * year);
    ASSERT_GE(drawn, year / 10);
    ASSERT_LE(drawn, 20 * year);
  }
}

}  // namespace
}  // namespace conclave::simulation
