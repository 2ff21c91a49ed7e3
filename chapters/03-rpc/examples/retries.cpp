/// @file
/// A client adds 1 ten times over a network that loses messages: what the counter says in the end, and what the server
/// must remember to be right.  The network loses three messages in ten, and the client sends each request again until an
/// answer comes.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"
#include "rpc/codec.hpp"
#include "rpc/memory_transport.hpp"
#include "rpc/sessions.hpp"

namespace conclave::rpc {
namespace {

using std::chrono_literals::operator""ms;

constexpr std::uint64_t kSession = 1;

struct Add {
  std::uint64_t sequence = 0;
  int delta = 0;
  MSGPACK_DEFINE(sequence, delta)
};

struct Answer {
  std::uint64_t sequence = 0;
  int value = 0;
  MSGPACK_DEFINE(sequence, value)
};

/// Executes whatever comes, or, with sessions, whatever comes for the first time.
void serve(Transport& network, std::optional<Sessions> sessions, int& counter) {
  for (;;) {
    const Result<Received> received = network.recv({});
    if (!received.ok()) return;
    const Result<Add> add = decode<Add>(received->message[0]);
    if (!add.ok()) continue;
    const RequestId id{kSession, add->sequence,
                       add->sequence};  // one at a time: all before has an answer

    //! [once]
    Decision decision{.kind = Decision::Kind::execute};
    if (sessions) decision = sessions->begin(id);
    if (decision.kind == Decision::Kind::execute) {
      counter += add->delta;
      decision.answer = encode(Answer{add->sequence, counter});
      if (sessions) sessions->complete(id, decision.answer);
    }
    //! [once]
    if (decision.kind == Decision::Kind::refuse) continue;  // a copy that came too late
    static_cast<void>(network.send(received->from, {decision.answer}, {}));
  }
}

/// Sends a request until its answer comes.
void call(Transport& network, const Peer& server, const Add& add) {
  for (;;) {
    static_cast<void>(network.send(server, {encode(add)}, {}));
    const auto [context, cancel] = with_timeout({}, 100ms);
    for (;;) {
      const Result<Received> received = network.recv(context);
      if (!received.ok()) break;  // the time is up: once more
      const Result<Answer> answer = decode<Answer>(received->message[0]);
      if (answer.ok() && answer->sequence == add.sequence) return;
    }
  }
}

int counter_after_ten_calls(bool remembers) {
  int counter = 0;
  MemoryNetwork network(1, {.lost = 0.3, .delay_min = 1ms, .delay_max = 5ms});
  MemoryTransport server(network);
  MemoryTransport client(network);
  static_cast<void>(server.listen("counter"));
  const Peer peer = *client.connect("counter");
  std::optional<Sessions> sessions;
  if (remembers) static_cast<void>(sessions.emplace().open(kSession));

  go([&] { serve(server, std::move(sessions), counter); });
  for (std::uint64_t sequence = 1; sequence <= 10; ++sequence) call(client, peer, {sequence, 1});
  server.close();
  yield();
  return counter;
}

void show() {
  fmt::print("ten times 1, each sent until an answer comes\n");
  fmt::print("  a server that executes whatever comes          {}\n",
             counter_after_ten_calls(false));
  fmt::print("  a server that remembers what it has done       {}\n",
             counter_after_ten_calls(true));
}

}  // namespace
}  // namespace conclave::rpc

int main() {
  conclave::VirtualClock clock;
  conclave::run(conclave::rpc::show, {.clock = &clock});
}
