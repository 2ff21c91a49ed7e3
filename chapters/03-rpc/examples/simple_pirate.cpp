// Sixty requests, one every 12 ms, for three workers of which one is ten times as slow.  A queue hands them on: in turn, or to
// whoever is idle.  Watch for: how long the unlucky wait, and what the queue does with a worker that is dead.
#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"
#include "rpc/client.hpp"
#include "rpc/memory_transport.hpp"
#include "rpc/server.hpp"
#include "rpc/services.hpp"

namespace conclave::rpc {
namespace {

using std::chrono_literals::operator""ms;

/// A worker, which does one thing at a time, and the queue's client of it.
struct Worker {
  Worker(MemoryNetwork& network, const std::string& name, Duration work)
      : there(network),
        here(network),
        client(here, {name}, {.retry = {.attempts_max = 1}, .attempt_timeout = 500ms, .seed = 1}) {
    server.handle("Work", [this, work](const Nothing&, const Context&) -> Result<Nothing> {
      sleep_for(work);
      ++done;
      return Nothing{};
    });
    static_cast<void>(there.listen(name));
    go([this] { static_cast<void>(server.serve()); });
  }

  MemoryTransport there;
  Server server{there, {.running_max = 1}};
  MemoryTransport here;
  Client client;
  int done = 0;
};

//! [turn]
/// In turn.
detail::BytesHandler in_turn(const std::vector<Worker*>& workers) {
  return [workers, next = 0U](std::string_view body, const Context& context) mutable {
    Worker& worker = *workers[next++ % workers.size()];
    return worker.client.call_bytes("Work", body, context);
  };
}
//! [turn]

//! [idle]
/// To whoever has been idle for longest: a channel of those that are.
detail::BytesHandler to_the_idle(const std::vector<Worker*>& workers) {
  auto idle = make_chan<Worker*>(workers.size());
  for (Worker* worker : workers) idle.send(worker);
  return [idle](std::string_view body, const Context& context) -> Result<std::string> {
    Worker* worker = nullptr;
    if (select(recv(idle, worker), recv(context.done())) == 1)
      return context.status().not_executed();  // nobody was asked
    auto answer = worker->client.call_bytes("Work", body, context);
    idle.send(worker);
    return answer;
  };
}
//! [idle]

using Policy = std::function<detail::BytesHandler(const std::vector<Worker*>&)>;

void show(const char* title, const Policy& policy, bool birch_dies) {
  MemoryNetwork network(1, {.delay_min = 1ms, .delay_max = 1ms});
  Worker ash(network, "ash", 10ms);
  Worker birch(network, "birch", 10ms);
  Worker oak(network, "oak", 100ms);
  if (birch_dies) birch.there.close();

  MemoryTransport listening(network);
  Server queue(listening);
  queue.handle_bytes("Work", policy({&ash, &birch, &oak}));
  static_cast<void>(listening.listen("queue"));
  go([&] { static_cast<void>(queue.serve()); });

  MemoryTransport calling(network);
  Client client(calling, {"queue"}, {.seed = 1});
  std::vector<Duration> waited;
  {
    WaitGroup group;
    for (int i = 0; i < 60; ++i) {
      group.go([&] {
        const TimePoint asked = now();
        if (client.call<Nothing>("Work", Nothing{}).ok()) waited.push_back(now() - asked);
      });
      sleep_for(12ms);
    }
  }
  std::ranges::sort(waited);
  const auto ms = [](Duration time) { return time / 1ms; };
  const auto late = std::ranges::count_if(waited, [](Duration time) { return time > 400ms; });
  fmt::print("{:24}{:3} {:6} {:4} {:5} ms {:6} ms {:10}\n", title, ash.done, birch.done, oak.done,
             ms(waited[waited.size() / 2]), ms(waited.back()), late);
}

void compare() {
  VirtualClock clock;
  run(
      [] {
        fmt::print("{:24}ash  birch  oak   median   longest  over 400 ms\n", "");
        show("in turn", in_turn, false);
        show("to the idle", to_the_idle, false);
        show("to the idle, birch dead", to_the_idle, true);
      },
      {.clock = &clock});
}

}  // namespace
}  // namespace conclave::rpc

int main() { conclave::rpc::compare(); }
