// simulate.hpp: runs of whole clusters; and that the simulator finds what it is there to find.
#include "simulation/simulate.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"
#include "testing/seed.hpp"

namespace conclave::simulation {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""h;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// A program made of what a test gives it.
class Made : public Program {
 public:
  void node(World& world) override { on_node(world); }
  void client(World& world, const Context& faults) override {
    if (on_client) on_client(world, faults);
  }
  Status invariant() override { return must_hold ? must_hold() : Status(); }
  Status converge(World& world, const Context& bound) override {
    return in_the_end ? in_the_end(world, bound) : Status();
  }
  Status durable(World& world, const Context& bound) override {
    return after_power ? after_power(world, bound) : Status();
  }

  std::function<void(World&)> on_node = [](World&) { sleep_for(1000h); };
  std::function<void(World&, const Context&)> on_client;
  std::function<Status()> must_hold;
  std::function<Status(World&, const Context&)> in_the_end;
  std::function<Status(World&, const Context&)> after_power;
};

/// Nodes that send each other numbers, and write down what they got.
class Gossip final : public Program {
 public:
  void node(World& world) override {
    const auto transport = world.transport();
    if (!transport->listen(world.address(world.name())).ok()) return;
    const auto file = world.disk().open("log", Open::any);
    if (!file.ok()) return;
    std::vector<rpc::Peer> peers;
    for (int i = 1; i <= 3; ++i) peers.push_back(*transport->connect(fmt::format("n{}", i)));
    Random random = world.random("gossip");
    for (int i = 0; i < 3; ++i) {
      go([&transport, peer = peers[static_cast<std::size_t>(i)], &world] {
        Random numbers = world.random("numbers");
        for (;; sleep_for(50ms)) {
          if (!transport->send(peer, {std::to_string(numbers.below(1000))}, {}).ok()) return;
        }
      });
    }
    std::uint64_t offset = 0;
    for (;;) {
      const Result<rpc::Received> received = transport->recv({});
      if (!received.ok()) return;
      world.trace("heard " + received->message.at(0));
      if (!(*file)->write(offset, received->message.at(0)).ok()) return;
      offset += received->message.at(0).size();
      if (random.chance(0.1) && !(*file)->sync().ok()) return;
      if (random.chance(0.05) && !(*file)->read(0, offset).ok()) return;
    }
  }
};

Options calm(std::uint64_t seed = 1) {
  return {.seed = seed, .nodes = 1, .clients = 0, .faults = {}, .faults_for = 2s, .bound = 10s};
}

/// The same with these faults, all of them.
Options with(Faults faults, std::uint64_t seed = 1) {
  Options options = calm(seed);
  options.faults = faults;
  options.draws_faults = false;
  return options;
}

// ---- laws 1 and 2: the seed ----

TEST(Simulate, TheSameSeedIsTheSameRunToTheByte) {
  for_each_seed(40, [](std::uint64_t seed) {
    const Outcome outcome =
        simulate_twice({.seed = seed}, [] { return std::make_unique<Gossip>(); });
    EXPECT_EQ(outcome.verdict, Verdict::ok) << outcome.what;
  });
}

TEST(Simulate, AnotherSeedIsAnotherRun) {
  std::set<std::uint64_t> hashes;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Gossip program;
    hashes.insert(simulate({.seed = seed}, program).hash);
  }
  EXPECT_EQ(hashes.size(), 20U);
}

TEST(Simulate, WhatIsKeptAsTextChangesNothing) {
  Gossip program;
  Gossip other;
  const Outcome without = simulate({.seed = 7}, program);
  const Outcome with_lines = simulate({.seed = 7, .lines_max = 10}, other);
  EXPECT_EQ(without.hash, with_lines.hash);
  EXPECT_EQ(with_lines.lines.size(), 10U);
  EXPECT_THAT(without.lines, IsEmpty());
}

TEST(Simulate, ADrawForOnePurposeShiftsNoOther) {  // law 2
  const auto drawn = [](bool draws_more) {
    std::vector<std::uint64_t> numbers;
    Made program;
    program.on_node = [&](World& world) {
      if (draws_more) {
        for (int i = 0; i < 10; ++i) static_cast<void>(world.random("more")());
      }
      Random random = world.random("numbers");
      for (int i = 0; i < 5; ++i) numbers.push_back(random());
      sleep_for(1000h);
    };
    EXPECT_EQ(simulate(calm(), program).verdict, Verdict::ok);
    return numbers;
  };
  EXPECT_EQ(drawn(false), drawn(true));
}

TEST(Simulate, EachNodeIncarnationAndPurposeDrawsItsOwn) {
  std::set<std::uint64_t> numbers;
  Made program;
  program.on_node = [&](World& world) {
    numbers.insert(world.random("a")());
    numbers.insert(world.random("b")());
    sleep_for(1000h);
  };
  Options options = calm();
  options.nodes = 3;
  program.after_power = [](World&, const Context&) {
    sleep_for(1s);
    return Status();
  };
  EXPECT_EQ(simulate(options, program).verdict, Verdict::ok);
  EXPECT_EQ(numbers.size(), 3U * 2 * 2) << "three nodes, two purposes, and a second life";
}

TEST(Simulate, ARunThatDependsOnAnotherIsTold) {  // exit 130
  int runs = 0;
  const Outcome outcome = simulate_twice(calm(), [&] {
    auto program = std::make_unique<Made>();
    program->on_node = [&runs](World& world) {
      world.trace("before");
      world.trace(fmt::format("run {}", ++runs));
      sleep_for(1000h);
    };
    return program;
  });
  EXPECT_EQ(outcome.verdict, Verdict::nondeterminism);
  EXPECT_THAT(outcome.what, HasSubstr("run 5"));
  EXPECT_THAT(outcome.what, HasSubstr("run 7")) << "each run has a life before and after the power";
}

TEST(Simulate, TiesThatAddressesBreakAreTold) {
  // Memory as an allocator gives it: what was freed last is given first, so that a second run finds another order.
  std::vector<int> memory(8);
  std::vector<int*> free;
  for (int& place : memory) free.push_back(&place);
  const Outcome outcome = simulate_twice(calm(), [&] {
    auto program = std::make_unique<Made>();
    program->on_node = [&](World& world) {
      if (world.incarnation() > 1) return sleep_for(1000h);
      std::map<int*, int> peers;  // in the order of addresses
      std::vector<int*> mine;
      for (int peer = 0; peer < 8; ++peer) {
        mine.push_back(free.back());
        free.pop_back();
        peers[mine.back()] = peer;
      }
      for (const auto& [address, peer] : peers) world.trace(fmt::format("greets {}", peer));
      free.insert(free.end(), mine.begin(), mine.end());
      sleep_for(1000h);
    };
    return program;
  });
  EXPECT_EQ(outcome.verdict, Verdict::nondeterminism);
  EXPECT_THAT(outcome.what, HasSubstr("greets 0"));
}

// ---- faults: each that is drawn happens, and no other ----

TEST(Simulate, EveryFaultThatIsDrawnHappens) {
  PerFault<int> drawn;
  PerFault<std::uint64_t> happened;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    Gossip program;
    const Outcome outcome = simulate({.seed = seed}, program);
    ASSERT_EQ(outcome.verdict, Verdict::ok) << seed << ": " << outcome.what;
    for_each_fault([&](Fault fault) {
      drawn[fault] += outcome.drawn.has(fault) ? 1 : 0;
      if (outcome.drawn.has(fault)) {
        happened[fault] += outcome.happened[fault];
      } else {
        EXPECT_EQ(outcome.happened[fault], 0U) << seed << ": " << name(fault);
      }
    });
  }
  for_each_fault([&](Fault fault) {
    EXPECT_GT(drawn[fault], 50) << name(fault);
    EXPECT_LT(drawn[fault], 100) << name(fault);
    EXPECT_GT(happened[fault], 0U) << name(fault);
  });
}

TEST(Simulate, WithoutFaultsNothingHappens) {
  Gossip program;
  Options options{.faults = {}};
  const Outcome outcome = simulate(options, program);
  EXPECT_EQ(outcome.verdict, Verdict::ok) << outcome.what;
  EXPECT_EQ(outcome.happened, PerFault<std::uint64_t>());
  EXPECT_EQ(outcome.drawn, Faults());
}

TEST(Simulate, ClocksDriftAndTheTimeOfDayJumps) {
  std::set<std::int64_t> seconds;
  std::set<std::int64_t> jumps;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Made program;
    program.on_node = [&](World& world) {
      const TimePoint begin = now();
      WallTime wall = world.wall_time();
      for (int i = 0; i < 100; ++i) {
        sleep_for(10ms);
        const WallTime next = world.wall_time();
        jumps.insert((next - wall) / 10s);
        wall = next;
      }
      if (world.incarnation() == 1)
        seconds.insert((now() - begin) / 1s + (world.wall_time() - wall) / 1s);
      sleep_for(1000h);
    };
    Options options = with({Fault::drift, Fault::wall_jump}, seed);
    options.nodes = 3;
    EXPECT_EQ(simulate(options, program).verdict, Verdict::ok);
  }
  EXPECT_EQ(seconds, std::set<std::int64_t>{1}) << "by its own clock, each slept for a second";
  EXPECT_THAT(jumps, Contains(testing::Ne(0)));
}

TEST(Simulate, APausedNodeDoesNotNoticeButForTheTime) {
  Duration longest{};
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Made program;
    program.on_node = [&](World&) {
      for (;;) {
        const TimePoint before = now();
        sleep_for(10ms);
        longest = std::max(longest, now() - before);
      }
    };
    EXPECT_EQ(simulate(with({Fault::pause}, seed), program).verdict, Verdict::ok);
  }
  EXPECT_GT(longest, 50ms);
}

// ---- laws 3 and 4: crashes ----

TEST(Simulate, ACrashComesAtAnyTurn) {
  std::map<std::string, int> last;  // what a life had done when it ended
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Made program;
    program.on_node = [&](World& world) {
      struct Last {
        std::map<std::string, int>& last;
        std::string step = "nothing";
        ~Last() { ++last[step]; }
      } at{last};
      const auto file = world.disk().open("file", Open::any);
      if (!file.ok()) return;
      for (;;) {
        at.step = "before it writes";
        yield();
        if (!(*file)->write(0, "x").ok()) return;
        at.step = "between write and sync";
        yield();
        if (!(*file)->sync().ok()) return;
        at.step = "between sync and sleep";
        yield();
        at.step = "asleep";
        sleep_for(3ms);
      }
    };
    EXPECT_EQ(simulate(with({Fault::crash}, seed), program).verdict, Verdict::ok);
  }
  for (const char* step :
       {"before it writes", "between write and sync", "between sync and sleep", "asleep"})
    EXPECT_GT(last[step], 3) << step;
}

TEST(Simulate, NothingThatTheDeadDoHasAnEffect) {  // law 3
  int deaths = 0;
  std::vector<std::string> heard;
  Made program;
  program.on_node = [&](World& world) {
    if (world.name() == "n2") {
      const auto transport = world.transport();
      static_cast<void>(transport->listen("n2"));
      for (;;) {
        const Result<rpc::Received> received = transport->recv({});
        if (!received.ok()) return;
        heard.push_back(received->message.at(0));
      }
    }
    const auto transport = world.transport();
    const rpc::Peer n2 = *transport->connect("n2");
    struct Testament {
      World& world;
      rpc::Transport& transport;
      const rpc::Peer& to;
      int& deaths;
      ~Testament() {
        ++deaths;
        const auto file = world.disk().open("testament", Open::any);
        EXPECT_EQ(file.status().code(), Code::unavailable);
        EXPECT_FALSE(world.disk().rename("alive", "dead").ok());
        EXPECT_FALSE(world.disk().remove("alive").ok());
        EXPECT_FALSE(world.disk().list().ok());
        EXPECT_FALSE(world.disk().sync_directory().ok());
        EXPECT_FALSE(transport.send(to, {"testament"}, {}).ok());
        const auto fresh = world.transport();
        EXPECT_FALSE(fresh->listen("dead").ok());
        world.trace("testament");
        go([] { ADD_FAILURE() << "the dead start nothing"; });
      }
    } const testament{world, *transport, n2, deaths};
    const auto file = world.disk().open("alive", Open::any);
    static_cast<void>(transport->send(n2, {"alive"}, {}));
    for (;;) sleep_for(1ms);
  };
  Options options = with({Fault::crash});
  options.nodes = 2;
  options.lines_max = 100'000;

  const Outcome outcome = simulate(options, program);

  EXPECT_EQ(outcome.verdict, Verdict::ok) << outcome.what;
  EXPECT_GT(deaths, 3);
  EXPECT_THAT(heard, Contains("alive"));
  EXPECT_THAT(heard, Not(Contains("testament")));
  EXPECT_THAT(outcome.lines, Not(Contains(HasSubstr("testament"))));
}

TEST(Simulate, ANodeThatReturnsIsStartedAgain) {  // law 4
  std::uint64_t incarnations = 0;
  Made program;
  program.on_node = [&](World& world) {
    incarnations = world.incarnation();
    go([] { sleep_for(1000h); });  // ends with the process
    sleep_for(100ms);
  };
  EXPECT_EQ(simulate(calm(), program).verdict, Verdict::ok);
  EXPECT_GT(incarnations, 3U);
}

TEST(Simulate, APowerFailureTakesWhatWasNotSyncedAndAKillDoesNot) {
  for (const Fault fault : {Fault::crash, Fault::power_failure}) {
    int kept = 0;
    int gone = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      bool is_over = false;
      Made program;
      program.on_node = [&](World& world) {
        const auto file = world.disk().open("file", Open::any);
        if (!file.ok()) return;
        const Result<std::uint64_t> size = (*file)->size();
        if (world.incarnation() > 1 && !is_over) ++(size.ok() && *size != 0 ? kept : gone);
        static_cast<void>((*file)->truncate(0));
        static_cast<void>((*file)->write(0, "unsynced"));
        sleep_for(1000h);
      };
      program.in_the_end = [&](World&, const Context&) {
        is_over = true;  // at the end all lose power
        return Status();
      };
      EXPECT_EQ(simulate(with({fault}, seed), program).verdict, Verdict::ok);
    }
    EXPECT_GT(kept, 5);
    if (fault == Fault::crash) {
      EXPECT_EQ(gone, 0);
    } else {
      EXPECT_GT(gone, 10);
    }
  }
}

// ---- a node is all that runs on it, whatever groups it makes, as servers and clients do ----

/// A node that does everything in a group of its own.
class Nested final : public Program {
 public:
  void node(World& world) override {
    GoroutineGroup group("inner");
    group.go([&] {
      local = now();
      for (const char* step : {"one", "two", "three"}) {
        last = step;
        yield();
      }
      for (;; sleep_for(10ms)) {
        longest = std::max(longest, now() - local);
        local = now();
      }
    });
    outer = now();
    struct Count {
      Nested& program;
      ~Count() { ++program.ends[program.last]; }
    } const count{*this};
    for (;;) {
      world.trace("lives");
      sleep_for(10ms);
    }
  }

  TimePoint outer;
  TimePoint local;
  Duration longest{};
  std::string last;
  std::map<std::string, int> ends;  // what the inner goroutine had done when a life ended
};

TEST(Simulate, AGroupInANodeHasTheNodesClock) {
  Nested program;
  EXPECT_EQ(simulate(with({Fault::drift}), program).verdict, Verdict::ok);
  EXPECT_LT(program.local - program.outer, 60s);
  EXPECT_GE(program.local, program.outer);
}

TEST(Simulate, AGroupInANodeIsPausedWithIt) {
  Nested program;
  EXPECT_EQ(simulate(with({Fault::pause}), program).verdict, Verdict::ok);
  EXPECT_GT(program.longest, 50ms);
}

TEST(Simulate, ACrashComesAtAnyTurnOfAGroupInANode) {
  std::map<std::string, int> ends;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Nested program;
    EXPECT_EQ(simulate(with({Fault::crash}, seed), program).verdict, Verdict::ok);
    for (const auto& [step, count] : program.ends) ends[step] += count;
  }
  for (const char* step : {"one", "two", "three"}) EXPECT_GT(ends[step], 0) << step;
}

TEST(Simulate, ACrashEndsAlsoWhatIsOnNoStack) {
  std::unique_ptr<GoroutineGroup> kept;  // outlives the node that has made it
  int turns = 0;
  std::uint64_t lives = 0;
  Made program;
  program.on_node = [&](World& world) {
    lives = world.incarnation();
    if (lives == 1) {
      kept = std::make_unique<GoroutineGroup>("kept");
      kept->go([&] {
        for (;; sleep_for(10ms)) {
          EXPECT_EQ(lives, 1U) << "it lives on";
          ++turns;
        }
      });
    }
    sleep_for(1000h);
  };
  program.in_the_end = [&](World&, const Context&) {
    sleep_for(1s);
    return Status();
  };
  EXPECT_EQ(simulate(with({Fault::crash}), program).verdict, Verdict::ok);
  EXPECT_GT(lives, 1U);
  EXPECT_GT(turns, 0);
}

TEST(Simulate, WhatIsOnDisksIsPartOfTheTrace) {
  int runs = 0;
  const Outcome outcome = simulate_twice(calm(), [&] {
    auto program = std::make_unique<Made>();
    program->on_node = [&runs](World& world) {
      const auto file = world.disk().open("file", Open::any);
      static_cast<void>((*file)->write(0, std::to_string(++runs)));
      static_cast<void>((*file)->truncate(0));
      sleep_for(1000h);
    };
    return program;
  });
  EXPECT_EQ(outcome.verdict, Verdict::nondeterminism);
}

TEST(Simulate, AFaultMoreShiftsNoOther) {  // law 2
  const auto lives = [](Faults faults) {
    std::vector<TimePoint> begins;
    Made program;
    program.on_node = [&](World& world) {
      begins.push_back(now());
      world.trace("begins");
      sleep_for(1000h);
    };
    program.after_power = [](World&, const Context&) {
      sleep_for(1s);
      return Status();
    };
    EXPECT_EQ(simulate(with(faults, 7), program).verdict, Verdict::ok);
    return begins;
  };
  const std::vector<TimePoint> alone = lives({Fault::crash});
  EXPECT_GT(alone.size(), 2U);
  EXPECT_EQ(lives({Fault::crash, Fault::clog, Fault::loss, Fault::one_way, Fault::wall_jump}),
            alone);
}

// ---- law 5, and what a run can come to ----

TEST(Simulate, AnInvariantIsAskedAfterEveryTurn) {  // exit 129
  int step = 0;
  Made program;
  program.on_node = [&](World&) {
    sleep_for(500ms);
    step = 1;
    yield();
    step = 2;
    yield();
    step = 3;  // and it is over before anybody sleeps
    sleep_for(1000h);
  };
  program.must_hold = [&] { return step == 2 ? Status::internal("step 2 was seen") : Status(); };

  const Outcome outcome = simulate(calm(), program);

  EXPECT_EQ(outcome.verdict, Verdict::correctness);
  EXPECT_EQ(outcome.what, "step 2 was seen");
  EXPECT_EQ(step, 2) << "nobody goes on";
  EXPECT_EQ(outcome.virtual_time / 1ms, 500);
}

TEST(Simulate, WhatThrowsIsACrash) {  // exit 127
  Made program;
  program.on_node = [](World&) {
    sleep_for(1s);
    throw std::runtime_error("lost its mind");
  };
  const Outcome outcome = simulate(calm(), program);
  EXPECT_EQ(outcome.verdict, Verdict::crash);
  EXPECT_THAT(outcome.what, HasSubstr("n1 has thrown: "));
  EXPECT_THAT(outcome.what, HasSubstr("lost its mind"));

  Made deeper;
  deeper.on_node = [](World&) {
    GoroutineGroup group("inner");
    group.go([] {
      sleep_for(1s);
      throw 42;
    });
    sleep_for(1000h);
  };
  const Outcome inner = simulate(calm(), deeper);
  EXPECT_EQ(inner.verdict, Verdict::crash);
  EXPECT_THAT(inner.what, HasSubstr("n1 has thrown: uncaught exception int"));

  Made other;
  other.must_hold = []() -> Status { throw std::runtime_error("not here"); };
  EXPECT_EQ(simulate(calm(), other).verdict, Verdict::crash);
}

TEST(Simulate, WhatDoesNotComeToBeIsLiveness) {  // exit 128
  Made late;
  late.in_the_end = [](World&, const Context& bound) {
    static_cast<void>(bound.done().recv());
    return bound.status();
  };
  EXPECT_EQ(simulate(calm(), late).verdict, Verdict::liveness);

  Made deaf;
  deaf.in_the_end = [](World&, const Context&) {
    sleep_for(1000h);
    return Status();
  };
  EXPECT_EQ(simulate(calm(), deaf).verdict, Verdict::liveness);

  Made hangs;
  hangs.on_client = [](World&, const Context&) { sleep_for(1000h); };
  Options options = calm();
  options.clients = 1;
  const Outcome outcome = simulate(options, hangs);
  EXPECT_EQ(outcome.verdict, Verdict::liveness);
  EXPECT_THAT(outcome.what, HasSubstr("clients have not returned"));

  Made circles;
  circles.on_node = [](World&) {
    for (;;) yield();
  };
  options = calm();
  options.turns_max = 10'000;
  EXPECT_EQ(simulate(options, circles).verdict, Verdict::liveness);
}

TEST(Simulate, WhatIsWrongInTheEndIsCorrectness) {
  Made wrong;
  wrong.in_the_end = [](World&, const Context&) { return Status::data_loss("one is missing"); };
  const Outcome outcome = simulate(calm(), wrong);
  EXPECT_EQ(outcome.verdict, Verdict::correctness);
  EXPECT_EQ(outcome.what, "after everything had healed: one is missing");
}

TEST(Simulate, WhatWasPromisedAndNotSyncedIsMissedInTheEnd) {
  for (const bool syncs : {true, false}) {
    int lost = 0;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      Made program;
      program.on_node = [&](World& world) {
        const auto file = world.disk().open("promise", Open::any);
        if (world.incarnation() == 1) {
          static_cast<void>((*file)->write(0, "kept"));
          if (syncs) static_cast<void>((*file)->sync());
          if (syncs) static_cast<void>(world.disk().sync_directory());
        } else if ((*file)->size().value() != 4) {
          ++lost;
        }
        sleep_for(1000h);
      };
      program.after_power = [&](World&, const Context&) {
        sleep_for(1s);
        return lost == 0 ? Status() : Status::data_loss("a promise is lost");
      };
      const Outcome outcome = simulate(calm(seed), program);
      EXPECT_EQ(outcome.verdict, lost == 0 ? Verdict::ok : Verdict::correctness) << outcome.what;
    }
    EXPECT_EQ(lost == 0, syncs);
  }
}

TEST(Simulate, WhenNothingFailsAnyMoreAllNodesRunAndReachEachOther) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    std::set<std::string> reached;
    Made program;
    program.on_node = [&](World& world) {
      const auto transport = world.transport();
      if (!transport->listen(world.name()).ok()) return;
      GoroutineGroup greetings;
      for (const char* node : {"n1", "n2", "n3"}) {
        greetings.go([&world, &transport, node] {
          for (const rpc::Peer peer = *transport->connect(node);; sleep_for(20ms))
            static_cast<void>(transport->send(peer, {world.name() + " to " + node}, {}));
        });
      }
      for (;;) {
        Result<rpc::Received> received = transport->recv({});
        if (!received.ok()) return;
        reached.insert(received->message.at(0));
      }
    };
    program.in_the_end = [&](World&, const Context& bound) {
      sleep_for(1s);
      reached.clear();
      while (reached.size() < 9 && bound.status().ok()) sleep_for(20ms);
      return bound.status();
    };
    const Outcome outcome = simulate({.seed = seed, .bound = 20s}, program);
    EXPECT_EQ(outcome.verdict, Verdict::ok) << seed << ": " << outcome.what;
  }
}

TEST(Simulate, OptionsThatMakeNoSensePanic) {
  Made program;
  EXPECT_THROW(static_cast<void>(simulate({.nodes = 0}, program)), Panic);
  EXPECT_THROW(static_cast<void>(simulate({.nodes = 100}, program)), Panic);
  EXPECT_THROW(static_cast<void>(simulate({.bound = Duration{}}, program)), Panic);
}

TEST(Faults, HaveNamesThatFindThem) {
  for_each_fault([](Fault fault) { EXPECT_EQ(*fault_named(name(fault)), fault); });
  EXPECT_EQ(name(Fault::schedule), "schedule");
  const Status unknown = fault_named("gremlin").status();
  EXPECT_EQ(unknown.code(), Code::invalid_argument);
  EXPECT_THAT(to_string(unknown), HasSubstr("rolling_restart"));
}

}  // namespace
}  // namespace conclave::simulation
