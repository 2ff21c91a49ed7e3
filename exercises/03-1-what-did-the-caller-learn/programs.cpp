#include "programs.hpp"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "channels/channels.hpp"

namespace conclave::rpc {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kSession = 1;

/// What the network does to the next message.
Faults weather(bool loses) {
  if (loses) tell("network", "loses the next message");
  return {.lost = loses ? 1.0 : 0.0, .delay_min = 1ms, .delay_max = 5ms};
}

//! [execute]
void execute(Disk& disk, const Request& request) {
  const RequestId id{kSession, request.number, request.number};
  if (request.number != 0 && disk.sessions.begin(id).kind != Decision::Kind::execute)
    return tell("server", "has executed this number, and does not do it again");
  disk.counter = request.verb == "add" ? disk.counter + request.value : request.value;
  tell("server", fmt::format("executes it: the counter is {}", disk.counter));
  if (request.number != 0) disk.sessions.complete(id, "ok");
}
//! [execute]

//! [handle]
void handle(World& world, Transport& network, const Received& received, const Context& wanted) {
  const Mishap mishap = world.mishap;
  const auto die = [&] {
    tell("server", "is killed");
    network.close();
  };
  const auto answer = [&](const std::string& text) {
    tell("server", "answers " + text);
    world.network.set(weather(mishap.loses_answer));
    static_cast<void>(network.send(received.from, {text}, {}));
  };

  if (mishap.is_busy) return answer("resource_exhausted");
  if (mishap.killed == Killed::before_it_executes) return die();
  if (select(recv(wanted.done()), timeout(mishap.work)) == 0) return tell("server", "stops");
  execute(world.disk, *decode<Request>(received.message[0]));
  if (mishap.killed == Killed::after_it_has_executed) return die();
  answer(mishap.log_is_full ? "internal" : "ok");
}
//! [handle]

}  // namespace

//! [client]
void client(World& world, const Request& request) {
  const Mishap mishap = world.mishap;
  MemoryTransport network(world.network);
  const Peer server = *network.connect("counter");
  const auto [context, cancel] = with_timeout({}, mishap.hangs_up ? 20ms : 100ms);

  world.network.set(weather(mishap.loses_request));
  const Status sent = network.send(server, {encode(request)}, context);
  see(fmt::format("send() returns {}", sent.code()));
  if (!sent.ok()) return;

  const Result<Received> answer = network.recv(context);
  if (answer.ok()) return see("the answer is " + answer->message[0]);
  if (!mishap.hangs_up) return see(fmt::format("recv() returns {}", answer.status().code()));
  see("the user hangs up, and a cancel is sent");
  world.network.set(weather(false));
  static_cast<void>(network.send(server, {encode(Request{.verb = "cancel"})}, {}));
}
//! [client]

void server(World& world, const Context& stopped) {
  MemoryTransport network(world.network);
  static_cast<void>(network.listen("counter"));
  std::map<Peer, Cancel> working;
  WaitGroup handlers;
  for (;;) {
    const Result<Received> received = network.recv(stopped);
    if (!received.ok()) break;
    if (decode<Request>(received->message[0])->verb == "cancel") {
      working.erase(received->from);
      continue;
    }
    auto [wanted, cancel] = with_cancel({});
    working.insert_or_assign(received->from, std::move(cancel));
    handlers.go(
        [&, received = *received, wanted = wanted] { handle(world, network, received, wanted); });
  }
  handlers.wait();
}

}  // namespace conclave::rpc
