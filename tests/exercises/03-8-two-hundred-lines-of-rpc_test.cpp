// Exercise 3.8, in the order in which a reader gets it right.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "channels/channels.hpp"
#include "common/random.hpp"
#include "goroutines/goroutines.hpp"
#include "goroutines/race_detector.hpp"
#include "rpc/memory_transport.hpp"
#include "rpc/wire.hpp"
#include "small_rpc.hpp"
#include "support/orders.hpp"
#include "testing/expect.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

using namespace std::chrono_literals;

/// What befalls a message that is about to be sent.
enum class Fate { arrives, is_lost, is_refused };

/// An end of a network whose messages a test looks at, and takes away.
class Tapped final : public rpc::Transport {
 public:
  explicit Tapped(rpc::MemoryNetwork& network) : end_(network) {}

  Result<std::string> listen(const std::string& address) override { return end_.listen(address); }
  Result<rpc::Peer> connect(const std::string& address) override { return end_.connect(address); }
  void disconnect(const rpc::Peer& peer) override { end_.disconnect(peer); }
  Status send(const rpc::Peer& to, rpc::Frames message, const Context& context) override {
    ++sendings;
    const Fate fate = fate_of ? fate_of(rpc::wire::unpack(message)) : Fate::arrives;
    if (fate == Fate::is_refused) return Status::resource_exhausted("the pipe is full");
    if (fate == Fate::is_lost) return {};
    return end_.send(to, std::move(message), context);
  }
  Result<rpc::Received> recv(const Context& context) override { return end_.recv(context); }
  void close() override { end_.close(); }

  std::function<Fate(const rpc::wire::Message&)> fate_of;  // unset: all arrive
  int sendings = 0;

 private:
  rpc::MemoryTransport end_;
};

/// A network with a server that counts, which takes `work` each time.
class World {
 public:
  explicit World(Duration work = {}, std::uint64_t seed = 1, const rpc::Faults& faults = {})
      : network(seed, faults), at_server(network) {
    static_cast<void>(at_server.listen("counter"));
    server = std::make_unique<SmallServer>(
        at_server, [this, work](const std::string& question, const Context& context) {
          if (on_execution) on_execution(context);
          if (work > Duration()) sleep_for(work);
          executed.push_back(question);
          return fmt::format("{} is {}", question, executed.size());
        });
    serving_.go([this] {
      server->serve(context_);
      has_returned = true;
    });
  }

  /// Ends the server, and waits for it.
  void stop() {
    cancel_();
    serving_.wait();
  }
  ~World() { stop(); }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  rpc::MemoryNetwork network;
  Tapped at_server;
  std::unique_ptr<SmallServer> server;
  std::vector<std::string> executed;  // the questions
  std::function<void(const Context&)> on_execution;
  bool has_returned = false;

 private:
  CancellableContext cancellable_ = with_cancel({});
  Context context_ = cancellable_.context;
  Cancel cancel_ = std::move(cancellable_.cancel);
  WaitGroup serving_;
};

/// A client with its end of the network.
struct Caller {
  explicit Caller(World& world, Life life = {7, 1})
      : wire(world.network), client(wire, *wire.connect("counter"), life) {}

  /// @return "a is 1", or "unavailable", with "not executed" where that is known
  std::string ask(const std::string& question, Duration limit = 1s) {
    const auto [context, cancel] = with_timeout({}, limit);
    return text_of(client.call(question, context));
  }

  static std::string text_of(const Result<std::string>& answer) {
    if (answer.ok()) return *answer;
    return fmt::format("{}{}", answer.status().code(),
                       answer.status().maybe_executed() ? "" : ", not executed");
  }

  Tapped wire;
  SmallClient client;
};

/// The first `count` messages have this fate.
std::function<Fate(const rpc::wire::Message&)> first(int count, Fate fate) {
  return [count, fate](const rpc::wire::Message&) mutable {
    return count-- > 0 ? fate : Fate::arrives;
  };
}

template <class T>
std::string list(const T& values) {
  return fmt::format("{}", fmt::join(values, ", "));
}

using Texts = std::vector<std::string>;

TEST(SmallRpc, ACallIsExecutedAndAnswered) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("a call is executed, and its answer comes back");
    Texts answers;

    in_virtual_time(
        [&] {
          World world;
          Caller caller(world);
          for (const char* question : {"a", "b", "c"}) answers.push_back(caller.ask(question));
        },
        options);

    must_hold(law, answers == Texts{"a is 1", "b is 2", "c is 3"},
              "calls a, b and c, one after another: {}", list(answers));
  });
}

TEST(SmallRpc, CallsAtTheSameTimeGetTheirOwnAnswers) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce(
        "each request has a goroutine of its own, and each call gets its own answer (laws 4, 7)");
    Texts answers(4);

    const Duration took = in_virtual_time(
        [&] {
          World world(40ms);
          Caller one(world, {1, 1});
          Caller two(world, {2, 1});
          WaitGroup calls;
          calls.go([&] { answers[0] = one.ask("a"); });
          calls.go([&] { answers[1] = two.ask("b"); });
          calls.go([&] { answers[2] = one.ask("c"); });
          calls.go([&] { answers[3] = two.ask("d"); });
          calls.wait();
        },
        options);

    std::string own;
    std::string counts;
    for (const std::string& answer : answers) {
      own += answer.substr(0, 1);
      counts += answer.back();
    }
    std::ranges::sort(counts);
    must_hold(law, own == "abcd" && counts == "1234" && took == 40ms,
              "a and c of one client, b and d of another, at the same time, and each takes 40 ms\n"
              "answers to a, b, c and d: {}; after {} ms",
              list(answers), took / 1ms);
  });
}

TEST(SmallRpc, ALostRequestIsSentAgain) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("what is not answered is sent again, every 50 ms (law 2)");
    std::string answer;

    const Duration took = in_virtual_time(
        [&] {
          World world;
          Caller caller(world);
          caller.wire.fate_of = first(2, Fate::is_lost);
          answer = caller.ask("a");
        },
        options);

    must_hold(law, answer == "a is 1" && took == 2 * kAnswerTime,
              "call a; two of its sendings are lost\nanswer: {}; after {} ms", answer, took / 1ms);
  });
}

TEST(SmallRpc, ALostReplyCountsOnce) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("all sendings are the same request, and a copy gets the same answer (laws 3, 7)");
    std::string answer;
    Texts executed;

    in_virtual_time(
        [&] {
          World world;
          Caller caller(world);
          world.at_server.fate_of = first(2, Fate::is_lost);
          answer = caller.ask("a");
          executed = world.executed;
        },
        options);

    must_hold(law, answer == "a is 1" && executed.size() == 1,
              "call a; its first two replies are lost\nanswer: {}; executed {} times", answer,
              executed.size());
  });
}

TEST(SmallRpc, ACopyDuringTheExecutionIsNotExecuted) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("a copy that comes while the request is being executed is not executed (law 7)");
    std::string answer;
    Texts executed;

    in_virtual_time(
        [&] {
          World world(170ms);
          Caller caller(world);
          answer = caller.ask("a");
          world.stop();
          executed = world.executed;
        },
        options);

    must_hold(law, answer == "a is 1" && executed.size() == 1,
              "call a takes 170 ms, and comes again every 50 ms\nanswer: {}; executed {} times",
              answer, executed.size());
  });
}

TEST(SmallRpc, AReplyThatCannotBeSentIsKept) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce(
        "an answer is kept before it is sent, and whether or not it can be sent (law 7; RIFL §3)");
    std::string answer;
    Texts executed;

    in_virtual_time(
        [&] {
          World world;
          Caller caller(world);
          world.at_server.fate_of = first(2, Fate::is_refused);
          answer = caller.ask("a");
          executed = world.executed;
        },
        options);

    must_hold(law, answer == "a is 1" && executed.size() == 1,
              "call a; the pipe back to its client is full, twice\nanswer: {}; executed {} times",
              answer, executed.size());
  });
}

TEST(SmallRpc, AFullPipeIsNotDelivery) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("a sending that could not be made is made after 10 ms (law 2; transport.hpp)");
    std::string answer;

    const Duration took = in_virtual_time(
        [&] {
          World world;
          Caller caller(world);
          caller.wire.fate_of = first(3, Fate::is_refused);
          answer = caller.ask("a");
        },
        options);

    must_hold(law, answer == "a is 1" && took == 3 * kPause,
              "call a; the pipe is full, three times\nanswer: {}; after {} ms", answer, took / 1ms);
  });
}

TEST(SmallRpc, ACallEndsWithItsContext) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("a call ends with its context, in that moment (law 1)");
    std::string expired;
    std::string cancelled;

    const Duration took = in_virtual_time(
        [&] {
          World world;
          Caller caller(world);
          caller.wire.fate_of = [](const rpc::wire::Message&) { return Fate::is_lost; };
          expired = caller.ask("a", 130ms);
          const auto [long_time, end_of_time] = with_timeout({}, 1h);
          const auto [context, cancel] = with_cancel(long_time);
          go([cancel_later = &cancel] {
            sleep_for(70ms);
            (*cancel_later)();
          });
          cancelled = Caller::text_of(caller.client.call("b", context));
        },
        options);

    must_hold(law, expired == "deadline_exceeded" && cancelled == "cancelled" && took == 200ms,
              "nothing arrives; a call with 130 ms, and then one that is cancelled after 70 ms\n"
              "the first: {}; the second: {}; both took {} ms",
              expired, cancelled, took / 1ms);
  });
}

TEST(SmallRpc, SaysNotExecutedWhenItKnows) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce(
        "an error is not_executed() when nothing has ever left, and else it is not (law 6)");
    std::string never_left;
    std::string once_left;

    in_virtual_time(
        [&] {
          World world;
          Caller caller(world);
          caller.wire.fate_of = first(1'000, Fate::is_refused);
          never_left = caller.ask("a", 100ms);
          world.at_server.fate_of = [](const rpc::wire::Message&) { return Fate::is_lost; };
          caller.wire.fate_of = [count = 0](const rpc::wire::Message&) mutable {
            return ++count == 2 ? Fate::arrives : Fate::is_refused;
          };
          once_left = caller.ask("b", 100ms);
        },
        options);

    must_hold(law,
              never_left == "deadline_exceeded, not executed" && once_left == "deadline_exceeded",
              "call a: the pipe is full all the time: {}\n"
              "call b: it is full but for the second sending, and the reply is lost: {}",
              never_left, once_left);
  });
}

TEST(SmallRpc, EachSendingSaysWhatIsLeft) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("each sending says what is left of its caller's time (law 3)");
    std::vector<std::int64_t> left_ms;
    std::optional<Duration> had;

    in_virtual_time(
        [&] {
          World world;
          world.on_execution = [&](const Context& context) {
            had = context.deadline().value_or(now() + 1h) - now();
          };
          Caller caller(world);
          caller.wire.fate_of = [&](const rpc::wire::Message& message) {
            left_ms.push_back(std::get<rpc::wire::Request>(message.content).remaining / 1ms);
            return left_ms.size() < 3 ? Fate::is_lost : Fate::arrives;
          };
          caller.ask("a", 130ms);
        },
        options);

    must_hold(law, left_ms == std::vector<std::int64_t>{130, 80, 30},
              "a call with 130 ms is sent three times, every 50 ms\nthey say, in ms: {}",
              list(left_ms));
    must_hold("an execution has its caller's time, and not more (law 8)", had == 30ms,
              "the third sending of a call arrived when 30 ms were left\nits execution had {} ms",
              had.value_or(Duration()) / 1ms);
  });
}

TEST(SmallRpc, KeepsNoAnswerForLongerThanItsClientWants) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce(
        "an answer is dropped when its client has it, or has given it up (law 5; RIFL §3)");
    std::vector<std::size_t> kept;

    in_virtual_time(
        [&] {
          World world;
          Caller caller(world);
          for (int i = 0; i < 5; ++i) caller.ask("a");
          kept.push_back(world.server->kept());
          world.at_server.fate_of = first(2, Fate::is_lost);
          caller.ask("b", 70ms);  // executed, and given up
          caller.ask("c");
          kept.push_back(world.server->kept());
        },
        options);

    must_hold(law, kept == std::vector<std::size_t>{1, 1},
              "after five calls the server keeps {} answers; after one more that was given up, and "
              "one that was answered: {}",
              kept[0], kept[1]);
  });
}

TEST(SmallRpc, KeepsWhatAClientStillWaitsFor) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("while a call has not ended, its answer is kept (laws 5, 7)");
    std::string early;
    Texts executed;

    in_virtual_time(
        [&] {
          World world;
          Caller caller(world);
          WaitGroup calls;
          int early_replies = 0;
          world.at_server.fate_of = [&](const rpc::wire::Message& message) {
            return message.body == "early is 1" && ++early_replies < 4 ? Fate::is_lost
                                                                       : Fate::arrives;
          };
          calls.go([&] { early = caller.ask("early"); });
          sleep_for(10ms);
          for (int i = 0; i < 5; ++i) {
            caller.ask("late");
            sleep_for(20ms);
          }
          calls.wait();
          executed = world.executed;
        },
        options);

    must_hold(law, early == "early is 1" && executed.size() == 6,
              "the replies to 'early' are lost, three times; meanwhile come five other calls\n"
              "answer to 'early': {}; {} executions for 6 calls",
              early, executed.size());
  });
}

TEST(SmallRpc, ADeadLifeHasNoEffect) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("what comes late from an earlier life is refused, and not executed (law 9)");
    Texts answers;
    Texts executed;
    std::size_t kept = 0;

    in_virtual_time(
        [&] {
          World world;
          Caller before(world, {7, 3});
          Caller other(world, {8, 1});
          answers.push_back(before.ask("old"));
          Caller now_living(world, {7, 4});
          answers.push_back(now_living.ask("new"));
          answers.push_back(before.ask("late"));
          answers.push_back(now_living.ask("newer"));
          answers.push_back(other.ask("another"));
          kept = world.server->kept();
          executed = world.executed;
        },
        options);

    must_hold(
        law,
        answers == Texts{"old is 1", "new is 2", "failed_precondition, not executed", "newer is 3",
                         "another is 4"} &&
            kept == 2,
        "life 3 of client 7 asks 'old', then its life 4 'new', then comes 'late' from life 3\n"
        "then 'newer' from life 4, and 'another' from client 8\n"
        "answers: {}; kept: {}; executed: {}",
        list(answers), kept, list(executed));
  });
}

TEST(SmallRpc, StrangeMessagesAreDropped) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("what is no request, or no reply to a call, is dropped (law 4)");
    Texts answers;

    in_virtual_time(
        [&] {
          World world;
          Caller caller(world);
          rpc::MemoryTransport stranger(world.network);
          const rpc::Peer server = *stranger.connect("counter");
          const auto say = [&](rpc::Frames message) {
            static_cast<void>(stranger.send(server, std::move(message), {}));
          };
          say({"hello"});
          say({"hello", "world"});
          say(rpc::wire::pack({.call = 9, .content = rpc::wire::Ping{}}));
          say(rpc::wire::pack({.call = 9, .content = rpc::wire::Reply{}}));
          say(rpc::wire::pack({.call = 9, .content = rpc::wire::Request{.method = kMethod}}));
          others_left();
          answers.push_back(caller.ask("a"));

          // The server says more than it was asked.
          const auto babble = [&](const rpc::wire::Message& message) {
            world.at_server.fate_of = nullptr;
            const rpc::Peer to{.link = 0,
                               .id = "2"};  // the caller's end: the second of the network
            static_cast<void>(world.at_server.send(to, {"what"}, {}));
            static_cast<void>(world.at_server.send(
                to, rpc::wire::pack({.call = message.call, .content = rpc::wire::Pong{}}), {}));
            static_cast<void>(world.at_server.send(to,
                                                   rpc::wire::pack({.call = message.call + 1,
                                                                    .content = rpc::wire::Reply{},
                                                                    .body = "of another call"}),
                                                   {}));
            return Fate::arrives;
          };
          world.at_server.fate_of = babble;
          answers.push_back(caller.ask("b"));
          answers.push_back(caller.ask("c"));
        },
        options);

    must_hold(
        law, answers == Texts{"a is 1", "b is 2", "c is 3"},
        "a stranger sends the server five things that are no request with `once`; then call a\n"
        "the server sends the client three things that are no reply to b; then b's, then c\n"
        "answers: {}",
        list(answers));
  });
}

TEST(SmallRpc, LeavesNoGoroutineBehind) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("no goroutine is left, of the client or of the server (law 10)");
    bool had_returned = true;
    bool has_returned = false;
    std::size_t left = 0;

    in_virtual_time(
        [&] {
          {
            World world;
            world.on_execution = [](const Context& context) {  // until somebody ends it
              context.done().recv();
              sleep_for(5ms);
            };
            Caller caller(world);
            caller.ask("a", 20ms);
            WaitGroup calls;
            calls.go([&] { caller.ask("b"); });
            sleep_for(50ms);
            had_returned = world.has_returned;
            world.at_server.close();
            sleep_for(6ms);
            has_returned = world.has_returned;
            calls.wait();
          }
          left = others_left();
        },
        options);

    must_hold(law, !had_returned && has_returned && left == 0,
              "two executions that end 5 ms after their contexts; one caller gave up, one waits "
              "for a second\n"
              "serve() had returned before the transport was closed: {}; 6 ms after it: {}\n"
              "goroutines left in the end: {}",
              had_returned, has_returned, left);
  });
}

/// What became of the calls of one run.
struct Weather {
  int calls = 0;
  Texts acknowledged;    // answers, each the counter after the call
  Texts without_effect;  // questions that ended with not_executed()
  Texts executed;
  Texts
      dead_and_executed;  // questions of a dead life that were executed after the next one's first
  std::size_t left = 0;
};

void weather(std::uint64_t seed, Weather& result) {
  Random random(seed);
  {
    World world(std::chrono::milliseconds(random.between(0, 30)), seed,
                {.lost = 0.2, .twice = 0.2, .delay_min = 1ms, .delay_max = 60ms});
    WaitGroup clients;
    for (std::uint32_t number = 1; number <= 2; ++number) {
      clients.go([&, number, pace = random.between(0, 20)] {
        for (std::uint32_t life = 1; life <= 2; ++life) {
          Caller caller(world, {number, life});
          const auto [living, die] = with_timeout({}, life == 1 ? 150ms : 10s);
          WaitGroup calls;
          for (int of_life = 1; of_life <= 4; ++of_life) {
            calls.go([&, of_life, living = living] {
              const std::string question = fmt::format("{}.{}.{}", number, life, of_life);
              ++result.calls;
              const Result<std::string> answer = caller.client.call(question, living);
              if (answer.ok()) result.acknowledged.push_back(*answer);
              if (!answer.ok() && !answer.status().maybe_executed())
                result.without_effect.push_back(question);
            });
            sleep_for(std::chrono::milliseconds(pace));
          }
          calls.wait();
        }
      });
    }
    clients.wait();
    sleep_for(1s);  // for what is late
    result.executed = world.executed;
  }
  result.left = others_left();
}

TEST(SmallRpc, CountsOnceUnderAThousandSeeds) {
  // The race detector takes a thousand times as long, and looks at something else.
  constexpr std::uint64_t kSeeds = conclave::detail::kDetectsRaces ? 20 : 1'000;
  for_each_seed(kSeeds, [](std::uint64_t seed) {
    const Claim law =
        announce("whatever the network does, no call is executed twice and no answer is untrue");
    Weather result;

    in_virtual_time([&] { weather(seed, result); }, {.order = Order::random, .seed = seed});

    Texts twice = result.executed;
    std::ranges::sort(twice);
    const auto repeated = std::ranges::adjacent_find(twice);
    Texts untrue;
    for (const std::string& answer : result.acknowledged) {
      const auto place = std::stoul(answer.substr(answer.rfind(' ') + 1)) - 1;
      if (!answer.starts_with(result.executed.at(place) + " is ")) untrue.push_back(answer);
    }
    for (const std::string& question : result.without_effect) {
      if (std::ranges::count(result.executed, question) != 0) untrue.push_back("no " + question);
    }
    must_hold(
        law, repeated == twice.end() && untrue.empty() && result.left == 0,
        "2 clients of 2 lives with 4 calls each; messages take up to 60 ms, 1 in 5 is lost, 1 "
        "in 5 comes twice\nexecuted: {} of {}; twice: {}; untrue: {}; goroutines left: {}",
        result.executed.size(), result.calls, repeated == twice.end() ? "none" : *repeated,
        untrue.empty() ? "none" : untrue.front(), result.left);
    must_hold("a client that has ten seconds gets all its answers", result.acknowledged.size() >= 8,
              "of 8 calls with ten seconds each, and 8 with 150 ms, {} were answered",
              result.acknowledged.size());
  });
}

}  // namespace
}  // namespace conclave
