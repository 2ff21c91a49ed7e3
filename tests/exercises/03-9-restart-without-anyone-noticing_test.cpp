// Exercise 3.9, in the order in which a reader gets it right.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"
#include "rpc/client.hpp"
#include "rpc/memory_transport.hpp"
#include "support/orders.hpp"
#include "testing/expect.hpp"
#include "testing/seed.hpp"
#include "worker.hpp"

namespace conclave {
namespace {

using namespace std::chrono_literals;
namespace wire = rpc::wire;

using Texts = std::vector<std::string>;

/// A client that writes down what it hears.
class Listener {
 public:
  explicit Listener(rpc::MemoryNetwork& network) : end_(network), server_(*end_.connect("worker")) {
    hearing_.go([this] {
      while (Result<rpc::Received> received = end_.recv({}))
        heard.push_back(text_of(wire::unpack(std::move(received->message))));
    });
  }
  ~Listener() {
    end_.close();
    hearing_.wait();
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void ask(std::uint64_t call, const std::string& method, const std::string& question = "x") {
    say({.call = call,
         .content = wire::Request{.method = method, .remaining = 1h, .attempt = 2},
         .body = question});
  }
  void ping(std::uint64_t number) { say({.call = number, .content = wire::Ping{}}); }

  /// Only what came after the last call of this.
  Texts news() { return std::exchange(heard, {}); }

  Texts heard;

 private:
  void say(wire::Message message) {
    static_cast<void>(end_.send(server_, wire::pack(std::move(message)), {}));
  }

  static std::string text_of(const wire::Message& message) {
    if (const auto* reply = std::get_if<wire::Reply>(&message.content)) {
      const std::string what =
          reply->status.ok() ? message.body : fmt::format("{}", reply->status.code());
      return fmt::format("{}.{}: {}{}", message.call, reply->attempt, what,
                         reply->status.maybe_executed() ? "" : ", not executed");
    }
    if (const auto* pong = std::get_if<wire::Pong>(&message.content))
      return fmt::format("pong {}{}", message.call, pong->is_serving ? "" : ", not serving");
    if (std::holds_alternative<wire::GoAway>(message.content)) return "go away";
    return "something else";
  }

  rpc::MemoryTransport end_;
  rpc::Peer server_;
  WaitGroup hearing_;
};

/// A worker that serves, with the methods of these tests.
class Serving {
 public:
  explicit Serving(rpc::MemoryNetwork& network, const std::string& address = "worker")
      : end_(network), worker_((static_cast<void>(end_.listen(address)), end_)) {
    worker_.handle("At.Once", Waits::as_a_goroutine,
                   [](const std::string& question, const Context&) { return question + "!"; });
    worker_.handle("In.100ms", Waits::as_a_goroutine,
                   [](const std::string& question, const Context&) {
                     sleep_for(100ms);
                     return question + "!";
                   });
    worker_.handle("When.Told", Waits::as_a_goroutine,
                   [](const std::string& question, const Context& context) {
                     context.done().recv();
                     return question + " was told to end";
                   });
    worker_.handle("On.A.Disk", Waits::as_a_thread,
                   [this](const std::string& question, const Context&) { return read(question); });
    serving_.go([this] {
      worker_.serve();
      has_ended = true;
    });
  }
  /// Ends it, unless that has been done.
  ~Serving() {
    end_.close();
    serving_.wait();
  }
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  Status shutdown(const Context& grace = {}) { return worker_.shutdown(grace); }

  bool has_ended = false;
  std::atomic<bool> is_reading = false;
  std::atomic<bool> blocked_everybody = false;
  std::promise<void> may_go_on;

 private:
  /// Blocks its thread until it may go on; or says that this is the thread of all goroutines.
  std::string read(const std::string& question) {
    blocked_everybody = std::this_thread::get_id() == thread_;
    is_reading = true;
    if (!blocked_everybody) may_go_on.get_future().wait();
    return question + "!";
  }

  std::thread::id thread_ = std::this_thread::get_id();
  rpc::MemoryTransport end_;
  Worker worker_;
  WaitGroup serving_;
};

std::string list(const Texts& values) { return fmt::format("[{}]", fmt::join(values, "; ")); }

TEST(Restart, AWorkerAnswersWhatItIsAsked) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("a request is answered, with its call and its attempt (law 1)");
    Texts heard;

    in_virtual_time(
        [&] {
          rpc::MemoryNetwork network;
          Serving worker(network);
          Listener client(network);
          client.ask(7, "At.Once", "a");
          others_left();
          client.ask(8, "No.Such", "b");
          others_left();
          heard = client.news();
        },
        options);

    must_hold(law, heard == Texts{"7.2: a!", "8.2: unimplemented, not executed"},
              "call 7 of At.Once, call 8 of a method that is not there, each its second attempt\n"
              "the client hears {}",
              list(heard));
  });
}

TEST(Restart, NobodyWaitsForAHandler) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("while a handler waits, others are executed, and pings answered (laws 1, 2)");
    Texts heard;
    Duration took{};

    in_virtual_time(
        [&] {
          rpc::MemoryNetwork network;
          Serving worker(network);
          Listener client(network);
          const TimePoint start = now();
          client.ask(1, "When.Told");
          client.ask(2, "At.Once");
          client.ping(3);
          others_left();
          heard = client.news();
          took = now() - start;
        },
        options);
    std::ranges::sort(heard);

    must_hold(law, heard == Texts{"2.2: x!", "pong 3"} && took < 1ms,
              "call 1 waits, then comes call 2, then ping 3\nthe client hears {}", list(heard));
  });
}

TEST(Restart, AHandlerThatBlocksStopsNobody) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce(
        "a handler that blocks its thread stops nobody: a server that answers no ping is taken for "
        "dead (law 2)");
    Texts meanwhile;
    Texts afterwards;
    bool blocked_everybody = false;

    in_virtual_time(
        [&] {
          rpc::MemoryNetwork network;
          Serving worker(network);
          Listener client(network);
          client.ask(1, "On.A.Disk");
          while (!worker.is_reading && client.heard.empty()) yield();
          blocked_everybody = worker.blocked_everybody;
          client.ping(2);
          for (int i = 0; i < 1'000 && client.heard.empty(); ++i) yield();
          meanwhile = client.news();
          worker.may_go_on.set_value();
          others_left();
          afterwards = client.news();
        },
        options);

    must_hold(law,
              !blocked_everybody && meanwhile == Texts{"pong 2"} && afterwards == Texts{"1.2: x!"},
              "call 1 blocks its thread, {}\nthen comes ping 2; meanwhile the client hears {}, and "
              "when the handler goes on {}",
              blocked_everybody ? "which is that of all goroutines" : "which is another one",
              list(meanwhile), list(afterwards));
  });
}

TEST(Restart, ClientsAreToldToGoAway) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("whoever has ever sent a message is told to go away, once (law 3)");
    std::vector<Texts> heard;

    in_virtual_time(
        [&] {
          rpc::MemoryNetwork network;
          Serving worker(network);
          Listener asks(network);
          Listener pings(network);
          Listener is_silent(network);
          for (const int call : {1, 2}) asks.ask(static_cast<std::uint64_t>(call), "At.Once");
          pings.ping(1);
          others_left();
          for (Listener* client : {&asks, &pings}) client->news();
          static_cast<void>(worker.shutdown());
          others_left();
          for (Listener* client : {&asks, &pings, &is_silent}) heard.push_back(client->news());
        },
        options);

    must_hold(law, heard == std::vector<Texts>{{"go away"}, {"go away"}, {}},
              "a client with two calls, one with a ping, one that is silent; then shutdown()\n"
              "they hear {}",
              fmt::join({list(heard[0]), list(heard[1]), list(heard[2])}, ", "));
  });
}

TEST(Restart, WhatWasTakenIsFinished) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("what has been taken is finished and answered (laws 4, 6)");
    Texts heard;
    Status status;
    Duration took{};

    in_virtual_time(
        [&] {
          rpc::MemoryNetwork network;
          Serving worker(network);
          Listener client(network);
          client.ask(1, "In.100ms");
          sleep_for(40ms);
          const TimePoint start = now();
          const auto [grace, cancel] = with_timeout({}, 1s);
          status = worker.shutdown(grace);
          took = now() - start;
          others_left();
          heard = client.news();
        },
        options);

    must_hold(
        law, heard == Texts{"go away", "1.2: x!"} && status.ok() && took / 1ms == 60,
        "call 1 takes 100 ms; after 40 ms shutdown(), with a grace of a second\nit returns {} "
        "after {} ms; the client hears {}",
        status.code(), took / 1ms, list(heard));
  });
}

TEST(Restart, WhatIsNewIsRefused) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("while it ends, a new request is refused, and a ping is told so (laws 2, 4)");
    Texts heard;

    in_virtual_time(
        [&] {
          rpc::MemoryNetwork network;
          Serving worker(network);
          Listener client(network);
          client.ask(1, "In.100ms");
          others_left();
          WaitGroup ending;
          ending.go([&] { static_cast<void>(worker.shutdown()); });
          sleep_for(50ms);
          client.news();
          client.ask(2, "At.Once");
          others_left();
          client.ping(3);
          others_left();
          heard = client.news();
          ending.wait();
        },
        options);

    must_hold(law, heard == Texts{"2.2: unavailable, not executed", "pong 3, not serving"},
              "call 1 still runs, and the worker ends; then come call 2 and ping 3\nthe client "
              "hears {}",
              list(heard));
  });
}

TEST(Restart, TheRestIsToldToEnd) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce(
        "when the grace has ended, so do the contexts of the handlers; not before (law 5)");
    Texts before;
    Texts heard;
    Status status;
    Duration took{};

    in_virtual_time(
        [&] {
          rpc::MemoryNetwork network;
          Serving worker(network);
          Listener client(network);
          client.ask(1, "When.Told");
          client.ask(2, "In.100ms");
          others_left();
          const TimePoint start = now();
          WaitGroup ending;
          ending.go([&] {
            const auto [grace, cancel] = with_timeout({}, 300ms);
            status = worker.shutdown(grace);
            took = now() - start;
          });
          sleep_for(200ms);
          before = client.news();
          ending.wait();
          others_left();
          heard = client.news();
        },
        options);

    must_hold(
        law,
        before == Texts{"go away", "2.2: x!"} && heard == Texts{"1.2: x was told to end"} &&
            took / 1ms == 300 && status.code() == Code::resource_exhausted,
        "call 1 ends with its context, call 2 after 100 ms; shutdown() with a grace of 300 ms\n"
        "after 200 ms the client has heard {}\nit returns {} after {} ms, and the client hears "
        "{}",
        list(before), status.code(), took / 1ms, list(heard));
  });
}

TEST(Restart, NothingIsLeft) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("when shutdown() returns, serve() has ended, and no goroutine is left (law 6)");
    bool had_ended = true;
    bool has_ended = false;
    std::size_t left = 0;

    in_virtual_time(
        [&] {
          rpc::MemoryNetwork network;
          Serving worker(network);
          {
            Listener client(network);
            for (const int call : {1, 2, 3})
              client.ask(static_cast<std::uint64_t>(call), "In.100ms");
            sleep_for(1s);
            client.ask(4, "When.Told");
            others_left();
          }
          had_ended = worker.has_ended;
          const auto [grace, cancel] = with_timeout({}, 10ms);
          static_cast<void>(worker.shutdown(grace));
          left = others_left();
          has_ended = worker.has_ended;
        },
        options);

    must_hold(
        law, !had_ended && has_ended && left == 0,
        "four calls, of which one waits to be told; then shutdown()\nserve() had ended before: "
        "{}; when shutdown() has returned: {}; goroutines left: {}",
        had_ended, has_ended, left);
  });
}

TEST(Restart, NobodyNotices) {
  for_each_seed(50, [](std::uint64_t seed) {
    const Claim law = announce(
        "two workers are restarted in turn, under load, and no call fails (this chapter's client)");
    Texts failed;
    int answered = 0;

    in_virtual_time(
        [&] {
          rpc::MemoryNetwork network(seed, {.delay_min = 1ms, .delay_max = 5ms});
          std::vector<std::unique_ptr<Serving>> workers;
          for (const char* address : {"one", "two"})
            workers.push_back(std::make_unique<Serving>(network, address));
          rpc::MemoryTransport end(network);
          rpc::Client client(end, {"one", "two"}, {.seed = seed});
          bool is_over = false;
          WaitGroup callers;
          for (int i = 0; i < 5; ++i) {
            callers.go([&] {
              while (!is_over) {
                const Result<std::string> answer = client.call_bytes("In.100ms", "x");
                if (answer.ok()) ++answered;
                if (!answer.ok()) failed.push_back(fmt::format("{}", answer.status()));
              }
            });
          }
          for (int round = 0; round < 4; ++round) {
            sleep_for(330ms);
            std::unique_ptr<Serving>& worker = workers[static_cast<std::size_t>(round % 2)];
            const auto [grace, cancel] = with_timeout({}, 1s);
            static_cast<void>(worker->shutdown(grace));
            sleep_for(20ms);  // for the last answers, which are on their way
            worker.reset();
            worker = std::make_unique<Serving>(network, round % 2 == 0 ? "one" : "two");
          }
          is_over = true;
          callers.wait();
        },
        {.order = Order::random, .seed = seed});

    must_hold(law, failed.empty() && answered > 20,
              "five goroutines call, each again and again; calls may not be repeated\n"
              "answered: {}; failed: {}, {}",
              answered, failed.size(), failed.empty() ? "none" : failed.front());
  });
}

}  // namespace
}  // namespace conclave
