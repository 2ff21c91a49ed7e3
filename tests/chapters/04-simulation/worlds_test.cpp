// world.hpp and real_world.hpp: one node code, two worlds.
#include <functional>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "disks.hpp"
#include "rpc/client.hpp"
#include "rpc/server.hpp"
#include "simulation/real_world.hpp"
#include "simulation/simulate.hpp"

namespace conclave {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::HasSubstr;

struct Add {
  int delta = 0;
  MSGPACK_DEFINE(delta)
};

struct Sum {
  int value = 0;
  std::uint64_t incarnation = 0;
  MSGPACK_DEFINE(value, incarnation)
};

/// A node: counts, on its disk, for those who ask.
void count(World& world) {
  const Result<std::string> before = read_whole(world.disk(), "sum", 20);
  int sum = before.ok() ? std::stoi(*before) : 0;
  const auto transport = world.transport();
  rpc::Server server(*transport);
  server.handle("Add", [&](const Add& add, const Context&) -> Result<Sum> {
    sum += add.delta;
    if (Status status = write_whole(world.disk(), "sum", std::to_string(sum)); !status.ok())
      return status;
    return Sum{sum, world.incarnation()};
  });
  if (transport->listen(world.address(world.name())).ok()) static_cast<void>(server.serve());
}

/// What the node "n1" says when it is asked to add.
Result<Sum> add(World& world, int delta, const Context& context) {
  const auto transport = world.transport();
  rpc::Client client(*transport, {world.address("n1")}, {.seed = world.random("client")()});
  return client.call<Sum>("Add", Add{delta}, context, {.timeout = 10s});
}

TEST(Worlds, OneNodeCodeRunsOnThisMachine) {
  const rpc::Folder node_folder;
  const rpc::Folder client_folder;
  const std::map<std::string, std::string> addresses = {
      {"n1", "ipc://" + client_folder.path("n1.socket")}};
  run([&] {
    const auto client =
        RealWorld::open({.name = "c1", .folder = client_folder.path(""), .addresses = addresses});
    ASSERT_TRUE(client.ok()) << client.status();
    for (int life = 1; life <= 3; ++life) {
      GoroutineGroup machine("n1");
      machine.go([&] {
        const auto world =
            RealWorld::open({.name = "n1", .folder = node_folder.path(""), .addresses = addresses});
        ASSERT_TRUE(world.ok()) << world.status();
        count(**world);
      });

      const Result<Sum> sum = add(**client, 10, {});

      ASSERT_TRUE(sum.ok()) << sum.status();
      EXPECT_EQ(sum->value, 10 * life);
      EXPECT_EQ(sum->incarnation, static_cast<std::uint64_t>(life));
    }
  });
}

TEST(Worlds, AndInASimulatedOne) {
  class Counter final : public simulation::Program {
    void node(World& world) override { count(world); }
    Status converge(World& world, const Context& bound) override { return ask(world, bound); }
    Status durable(World& world, const Context& bound) override { return ask(world, bound); }

    Status ask(World& world, const Context& bound) {
      const Result<Sum> sum = add(world, 10, bound);
      if (!sum.ok()) return sum.status();
      const int life = ++asked_;
      return sum->value == 10 * life && sum->incarnation == static_cast<std::uint64_t>(life)
                 ? Status()
                 : Status::internal(fmt::format("{} in life {}", sum->value, sum->incarnation));
    }
    int asked_ = 0;
  } program;

  const simulation::Outcome outcome =
      simulate({.nodes = 1, .clients = 0, .faults = {}, .faults_for = 1s}, program);

  EXPECT_EQ(outcome.verdict, simulation::Verdict::ok) << outcome.what;
}

TEST(RealWorld, DrawsByNodeLifeAndPurpose) {
  const rpc::Folder folder;
  run([&] {
    std::vector<std::uint64_t> draws;
    for (int life = 1; life <= 2; ++life) {
      const auto world = RealWorld::open({.name = "n1", .folder = folder.path(""), .seed = 7});
      ASSERT_TRUE(world.ok()) << world.status();
      EXPECT_EQ((*world)->random("a")(), (*world)->random("a")());
      EXPECT_NE((*world)->random("a")(), (*world)->random("b")());
      draws.push_back((*world)->random("a")());
    }
    EXPECT_NE(draws[0], draws[1]);
  });
}

TEST(RealWorld, KnowsTheTimeOfDayAndHandsTracesOn) {
  const rpc::Folder folder;
  run([&] {
    std::string traced;
    const auto world = RealWorld::open({.name = "n1",
                                        .folder = folder.path(""),
                                        .trace = [&](std::string_view what) { traced = what; }});
    ASSERT_TRUE(world.ok()) << world.status();
    const WallTime before = std::chrono::system_clock::now();
    EXPECT_GE((*world)->wall_time(), before);
    (*world)->trace("hello");
    EXPECT_EQ(traced, "hello");
    EXPECT_EQ((*world)->address("nobody"), "nobody");
    EXPECT_EQ((*world)->transport()->connect("nobody").status().code(), Code::invalid_argument);
  });
}

TEST(RealWorld, SaysWhatIsWrongWithItsFolder) {
  run([] {
    EXPECT_EQ(RealWorld::open({.name = "n1", .folder = "/nowhere"}).status().code(),
              Code::not_found);
    const rpc::Folder folder;
    {
      const auto disk = RealDisk::open_folder(folder.path(""));
      ASSERT_TRUE(write_whole(**disk, "incarnation", "second").ok());
      EXPECT_EQ(RealWorld::open({.name = "n1", .folder = folder.path("")}).status().code(),
                Code::failed_precondition)
          << "somebody has it";
    }
    const Status status = RealWorld::open({.name = "n1", .folder = folder.path("")}).status();
    EXPECT_EQ(status.code(), Code::data_loss);
    EXPECT_THAT(to_string(status), HasSubstr("\"second\""));
  });
}

}  // namespace
}  // namespace conclave
