// Exercise 3.2, in the order in which a reader gets it right.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "calls.hpp"
#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"
#include "rpc/memory_transport.hpp"
#include "support/orders.hpp"
#include "testing/expect.hpp"
#include "testing/seed.hpp"

namespace conclave {
namespace {

using namespace std::chrono_literals;

/// A transport in the hands of the test, which sees what is sent, and says what comes and when.
class Wire final : public rpc::Transport {
 public:
  Result<std::string> listen(const std::string& address) override { return address; }
  Result<rpc::Peer> connect(const std::string& address) override { return rpc::Peer{1, address}; }
  void disconnect(const rpc::Peer& /*peer*/) override {}
  void close() override { arrived_.close(); }

  Status send(const rpc::Peer& /*to*/, rpc::Frames message, const Context& context) override {
    if (!context.status().ok()) return context.status();
    if (!refusal.ok()) return refusal;
    sent_.push_back(std::move(message));
    if (when_sent) when_sent(sent_.back());
    for (int i = 0; i < 5; ++i) yield();
    return {};
  }

  Result<rpc::Received> recv(const Context& context) override {
    std::optional<rpc::Frames> message;
    if (select(conclave::recv(arrived_, message), conclave::recv(context.done())) == 1) {
      return context.status();
    }
    if (!message) return Status::failed_precondition("the transport was closed");
    return rpc::Received{{1, "server"}, std::move(*message)};
  }

  /// Lets a message arrive.
  void deliver(rpc::Frames message) const { arrived_.send(std::move(message)); }

  /// The id of the request with this body; of no use when there is none.
  [[nodiscard]] std::string id_of(const std::string& body) const {
    for (const rpc::Frames& message : sent_) {
      if (message.size() == 2 && message[1] == body) return message[0];
    }
    return "there is no such request";
  }

  /// Lets the reply to the request with this body arrive; `body`? is answered `body`!
  void reply_to(const std::string& body) const { deliver({id_of(body), body + "!"}); }

  /// What was sent.
  [[nodiscard]] const std::vector<rpc::Frames>& sent() const { return sent_; }

  Status refusal{};  ///< what send() says, when it is not ok
  std::function<void(const rpc::Frames& sent)> when_sent{};  ///< called before send() returns

 private:
  std::vector<rpc::Frames> sent_;
  Chan<rpc::Frames> arrived_ = make_chan<rpc::Frames>(1000);
};

/// A call that a goroutine makes: empty until it has returned.
using Started = std::shared_ptr<std::optional<Result<std::string>>>;

/// "answered a!", "deadline_exceeded", or "waits".
std::string state_of(const Started& call) {
  if (!*call) return "waits";
  return (*call)->ok() ? "answered " + ***call : fmt::format("{}", (*call)->status().code());
}

/// A client on a wire, with a goroutine that receives its replies.  At its end all its contexts end; who parks then
/// does so for ever, and is not waited for.
class Client {
 public:
  explicit Client(rpc::Transport& wire, std::uint64_t incarnation = 1,
                  const rpc::Peer& server = {1, "server"})
      : calls_(std::make_shared<Calls>(wire, server, incarnation)) {
    go([calls = calls_, context = end_.context, received = received_] {
      calls->receive(context);
      *received = true;
    });
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { stop(); }

  /// Calls in a goroutine of its own, and gives up after `patience`.
  Started start(const std::string& body, Duration patience = 1h) {
    const auto result = std::make_shared<std::optional<Result<std::string>>>();
    go([calls = calls_, context = end_.context, body, patience, result] {
      const auto limited = with_timeout(context, patience);
      result->emplace(calls->call(body, limited.context));
    });
    return result;
  }

  [[nodiscard]] std::size_t waiting() const { return calls_->waiting(); }

  /// Ends all contexts, and lets everybody see it.
  void stop() {
    end_.cancel();
    sleep_for(1ms);
  }

  /// Whether receive() has returned.
  [[nodiscard]] bool received_all() const { return *received_; }

 private:
  CancellableContext end_ = with_cancel({});
  std::shared_ptr<Calls> calls_;
  std::shared_ptr<bool> received_ = std::make_shared<bool>(false);
};

/// Lets all who can run do so.
void let_the_others_run() { sleep_for(1ms); }

TEST(WhoseReply, ACallGetsItsReply) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("a call sends an id and a body, and returns the body of the reply");
    std::vector<rpc::Frames> sent;
    std::string before;
    std::string after;

    in_virtual_time(
        [&] {
          Wire wire;
          Client client(wire);
          const Started call = client.start("a");
          let_the_others_run();
          sent = wire.sent();
          before = state_of(call);
          wire.reply_to("a");
          let_the_others_run();
          after = state_of(call);
        },
        options);

    must_hold(
        law,
        sent.size() == 1 && sent[0].size() == 2 && sent[0][1] == "a" && before == "waits" &&
            after == "answered a!",
        "call(\"a\") sent {} message(s), of {} frames\nbefore the reply \"a!\" came: {}; after "
        "it: {}",
        sent.size(), sent.empty() ? 0 : sent[0].size(), before, after);
  });
}

TEST(WhoseReply, TheOrderOfTheRepliesDoesNotMatter) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("a call gets the reply that carries its id, in whatever order they come (law 1)");
    std::vector<std::string> states;

    in_virtual_time(
        [&] {
          Wire wire;
          Client client(wire);
          const std::vector calls = {client.start("a"), client.start("b"), client.start("c")};
          let_the_others_run();
          for (const char* body : {"b", "c", "a"}) {
            wire.reply_to(body);
            let_the_others_run();
          }
          for (const Started& call : calls) states.push_back(state_of(call));
        },
        options);

    must_hold(law, states == std::vector<std::string>{"answered a!", "answered b!", "answered c!"},
              "calls a, b and c; then came the replies b!, c!, a!\na, b and c: {}",
              fmt::join(states, ", "));
  });
}

TEST(WhoseReply, MayBeThereBeforeSendReturns) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("a reply may come before send() has returned, which may park");
    std::string state;

    in_virtual_time(
        [&] {
          Wire wire;
          wire.when_sent = [&wire](const rpc::Frames& request) {
            if (request.size() == 2) wire.deliver({request[0], request[1] + "!"});
          };
          Client client(wire);
          const Started call = client.start("a");
          let_the_others_run();
          state = state_of(call);
        },
        options);

    must_hold(law, state == "answered a!",
              "call a; its reply came while Transport::send() was parked\na: {}", state);
  });
}

TEST(WhoseReply, ASecondCopyAnswersNobody) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("a reply that comes again is dropped, and does nothing (laws 2, 4)");
    std::string after_the_copies;
    std::string in_the_end;

    in_virtual_time(
        [&] {
          Wire wire;
          Client client(wire);
          client.start("a");
          let_the_others_run();
          for (int copy = 0; copy < 3; ++copy) wire.reply_to("a");
          let_the_others_run();
          const Started b = client.start("b");
          let_the_others_run();
          wire.reply_to("a");
          let_the_others_run();
          after_the_copies = state_of(b);
          wire.reply_to("b");
          let_the_others_run();
          in_the_end = state_of(b);
        },
        options);

    must_hold(
        law, after_the_copies == "waits" && in_the_end == "answered b!",
        "call a was answered, by a reply that came three times; then call b, and a! once more\n"
        "b: {}\nthen came b!, and b: {}",
        after_the_copies, in_the_end);
  });
}

TEST(WhoseReply, ALateReplyAnswersNobody) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("a reply that comes late is dropped, and does nothing (laws 2, 4)");
    std::vector<std::string> states;

    in_virtual_time(
        [&] {
          Wire wire;
          Client client(wire);
          const Started a = client.start("a", 10ms);
          sleep_for(20ms);
          const Started b = client.start("b");
          let_the_others_run();
          wire.reply_to("a");
          let_the_others_run();
          states = {state_of(a), state_of(b)};
          wire.reply_to("b");
          let_the_others_run();
          states.push_back(state_of(b));
        },
        options);

    must_hold(law, states == std::vector<std::string>{"deadline_exceeded", "waits", "answered b!"},
              "call a gave up after 10 ms; then call b; then came a!, and then b!\n"
              "after a!, a: {}, b: {}\nafter b!, b: {}",
              states[0], states[1], states[2]);
  });
}

TEST(WhoseReply, WhoGivesUpHoldsUpNobody) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("receive() waits for messages and for nothing else, no call among it (law 5)");
    std::string state;

    in_virtual_time(
        [&] {
          Wire wire;
          Client client(wire);
          client.start("a", 10ms);
          const Started b = client.start("b");
          sleep_for(10ms);
          wire.reply_to("a");
          wire.reply_to("b");
          let_the_others_run();
          state = state_of(b);
        },
        options);

    must_hold(law, state == "answered b!",
              "calls a and b; a gave up after 10 ms, when a! came, with b! behind it\nb: {}",
              state);
  });
}

TEST(WhoseReply, StrangeMessagesAreDropped) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("a message that no call waits for is dropped, and does nothing else (law 4)");
    std::string after_the_strange;
    std::string in_the_end;

    in_virtual_time(
        [&] {
          Wire wire;
          Client client(wire);
          const Started call = client.start("a");
          let_the_others_run();
          const std::string id = wire.id_of("a");
          for (const rpc::Frames& strange : {rpc::Frames{"no such id", "x"}, rpc::Frames{"", "x"},
                                             rpc::Frames{"18446744073709551616", "x"},
                                             rpc::Frames{id}, rpc::Frames{id, "x", "y"}}) {
            wire.deliver(strange);
          }
          let_the_others_run();
          after_the_strange = state_of(call);
          wire.reply_to("a");
          let_the_others_run();
          in_the_end = state_of(call);
        },
        options);

    must_hold(law, after_the_strange == "waits" && in_the_end == "answered a!",
              "call a; then came three ids that nobody has, and a's with one frame and with three\n"
              "a: {}\nthen came a!, and a: {}",
              after_the_strange, in_the_end);
  });
}

TEST(WhoseReply, ReceiveEndsWithItsContextAndWithTheTransport) {
  in_every_order([](const RunOptions& options) {
    const Claim law =
        announce("receive() returns when its context has ended, or the transport was closed");
    bool before = true;
    bool cancelled = false;
    bool closed = false;

    in_virtual_time(
        [&] {
          Wire wire;
          Client client(wire);
          let_the_others_run();
          before = client.received_all();
          client.stop();
          cancelled = client.received_all();

          Client other(wire);
          wire.close();
          let_the_others_run();
          closed = other.received_all();
        },
        options);

    must_hold(law, !before && cancelled && closed,
              "it had returned before: {}; after a cancel: {}; another, after a close: {}", before,
              cancelled, closed);
  });
}

TEST(WhoseReply, ACallLeavesNothingBehind) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce("a call that has returned leaves nothing behind (law 3)");
    std::vector<std::string> states;
    std::vector<std::size_t> waiting;

    in_virtual_time(
        [&] {
          Wire wire;
          Client client(wire);
          const Started answered = client.start("a");
          const Started given_up = client.start("b", 10ms);
          let_the_others_run();
          waiting.push_back(client.waiting());
          wire.reply_to("a");
          sleep_for(20ms);
          waiting.push_back(client.waiting());

          wire.refusal = Status::resource_exhausted("the server does not keep up");
          const Started refused = client.start("c");
          const Started ended_before = client.start("d", 0ms);
          let_the_others_run();
          waiting.push_back(client.waiting());
          for (const Started& call : {answered, given_up, refused, ended_before}) {
            states.push_back(state_of(call));
          }
        },
        options);

    must_hold(law,
              waiting == std::vector<std::size_t>{2, 0, 0} &&
                  states == std::vector<std::string>{"answered a!", "deadline_exceeded",
                                                     "resource_exhausted", "deadline_exceeded"},
              "calls a and b wait: waiting() is {}; a was answered and b gave up: {}\n"
              "c could not be sent, d had no time left: {}\na, b, c and d: {}",
              waiting[0], waiting[1], waiting[2], fmt::join(states, ", "));
  });
}

TEST(WhoseReply, NoReplyOfALifeBefore) {
  in_every_order([](const RunOptions& options) {
    const Claim law = announce(
        "a client that has started anew takes no reply to the one before it for its own (law 2)");
    std::string after_the_old;
    std::string in_the_end;

    in_virtual_time(
        [&] {
          Wire wire;
          {
            Client before(wire, 1);
            for (int i = 1; i <= 3; ++i) before.start(fmt::format("old {}", i), 10ms);
            sleep_for(20ms);
          }
          Client client(wire, 2);
          const Started call = client.start("new");
          let_the_others_run();
          for (int i = 1; i <= 3; ++i) wire.reply_to(fmt::format("old {}", i));
          let_the_others_run();
          after_the_old = state_of(call);
          wire.reply_to("new");
          let_the_others_run();
          in_the_end = state_of(call);
        },
        options);

    must_hold(law, after_the_old == "waits" && in_the_end == "answered new!",
              "incarnation 1 made three calls, and ended; incarnation 2 called\n"
              "then came the replies to the old calls, and the new one: {}\n"
              "then came its own, and the new one: {}",
              after_the_old, in_the_end);
  });
}

TEST(WhoseReply, HoldsInAnyWeather) {
  for_each_seed(10, [](std::uint64_t seed) {
    const Claim law = announce("whatever the network does, an answer is that of the question");
    int answered = 0;
    std::vector<std::string> wrong;
    std::size_t left = 0;

    in_virtual_time(
        [&] {
          rpc::MemoryNetwork network(
              seed, {.lost = 0.2, .twice = 0.3, .delay_min = 1ms, .delay_max = 50ms});
          rpc::MemoryTransport server(network);
          const auto address = server.listen("server");
          go([&server] {
            while (const auto request = server.recv({})) {
              if (request->message.size() != 2) continue;
              const std::string& body = request->message[1];
              if (!server.send(request->from, {request->message[0], body + "!"}, {}).ok()) return;
            }
          });
          rpc::MemoryTransport wire(network);
          {
            Client client(wire, 1, wire.connect(*address).value());
            for (int round = 0; round < 20; ++round) {
              std::vector<std::pair<std::string, Started>> calls;
              for (int i = 0; i < 5; ++i) {
                const std::string body = fmt::format("{}.{}", round, i);
                calls.emplace_back(body, client.start(body, 40ms));
              }
              sleep_for(40ms);
              let_the_others_run();
              for (const auto& [body, call] : calls) {
                const std::string state = state_of(call);
                if (state == "deadline_exceeded") continue;
                state == "answered " + body + "!" ? void(++answered)
                                                  : wrong.push_back(body + ": " + state);
              }
            }
            left = client.waiting();
          }
          server.close();
          let_the_others_run();
        },
        {.order = Order::random, .seed = seed});

    must_hold(
        law, wrong.empty() && left == 0 && answered > 10,
        "100 calls that give up after 40 ms; messages take up to 50 ms, are lost or come twice\n"
        "answered: {}; wrong: {}; still waiting: {}",
        answered, wrong.empty() ? "none" : wrong.front(), left);
  });
}

}  // namespace
}  // namespace conclave
