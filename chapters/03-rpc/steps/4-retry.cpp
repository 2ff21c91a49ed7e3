/// @file
/// Retries: a call is sent again until an answer comes or its time is up, with a longer pause each time.
///
/// Watch for the last line: ada called once for each. The pears cost a request and the plums an answer, which ada cannot
/// tell apart, so the plums are counted twice. The quinces are counted whenever they come, and always answered too late.
#include <chrono>
#include <map>
#include <string>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "channels/channels.hpp"
#include "common/random.hpp"
#include "common/result.hpp"
#include "goroutines/goroutines.hpp"

using namespace std::chrono_literals;
using conclave::Chan;
using conclave::Context;
using conclave::Duration;
using conclave::make_chan;
using conclave::Result;

void say(const std::string& who, const std::string& what) {
  fmt::print("t={:>3} ms  {:<8} {}\n", conclave::now().time_since_epoch() / 1ms, who, what);
}

struct Message {
  int id;              // of the attempt: an answer has that of its request
  Duration time_left;  // for which the caller still waits
  std::string body;
};

conclave::Random dice(2086);

/// One end of a connection: what is sent here is received at the other end, 2 ms later, or never.
struct Socket {
  Chan<Message> in;   // what has come
  Chan<Message> out;  // what comes to the other end

  /// Does not wait for anything: the message is on its way, and that is all that is known.
  void send(const Message& message) const {
    if (dice.chance(0.3)) return say("network", "loses:    " + message.body);
    conclave::after_func(2ms, [out = out, message] { out.send(message); });
  }
};

/// Counts a crate for each request, and answers with how many there are.
struct Server {
  Socket socket;
  std::map<std::string, int> crates = {};  // by what is in them

  /// A goroutine for each request: the quick need not wait for the slow.
  void serve() {
    for (const Message& request : socket.in) conclave::go([this, request] { handle(request); });
  }

  //! [handle]
  void handle(const Message& request) {
    const Duration work = request.body == "quinces" ? 7ms : 1ms;
    const auto [context, cancel] = with_timeout(Context(), request.time_left);
    if (select(conclave::timeout(work), recv(context.done())) == 1) {
      return say("server", "gives up: " + request.body);  // nobody waits for it any more
    }
    const std::string answer = fmt::format("{} {}", request.body, ++crates[request.body]);
    say("server", "counts:   " + answer);
    socket.send({request.id, {}, answer});
  }
  //! [handle]
};

/// Calls over one connection, any number at once.
struct Client {
  Socket socket;
  int last_id = 0;
  std::map<int, Chan<Message>> waiting = {};  // by the id of their attempt
  conclave::Random jitter = dice.stream("jitter");

  /// Sends a request once and waits for its answer, until `context` ends.
  Result<std::string> attempt(const Context& context, const std::string& body) {
    const int id = ++last_id;
    const auto arrived = make_chan<Message>(1);
    waiting[id] = arrived;
    socket.send({id, *context.deadline() - conclave::now(), body});
    Message answer;
    if (select(recv(arrived, answer), recv(context.done())) == 0) return answer.body;
    waiting.erase(id);
    return context.status();
  }

  //! [call]
  /// Sends a request, again and again, until its answer comes or `budget` ends.
  Result<std::string> call(const Context& budget, const std::string& body) {
    for (Duration pause = 4ms;; pause *= 2) {
      const auto [context, cancel] = with_timeout(budget, 10ms);
      const Result<std::string> answer = attempt(context, body);
      if (answer.ok()) return answer;
      const Duration jittered = pause * jitter.between(80, 120) / 100;
      if (select(conclave::timeout(jittered), recv(budget.done())) == 1) return budget.status();
      say("client", "retries:  " + body);
    }
  }
  //! [call]

  /// The only one who receives: hands each answer to whoever waits for it.
  void receive() {
    for (const Message& answer : socket.in) {
      const auto waiter = waiting.extract(answer.id);
      if (waiter) waiter.mapped().send(answer);
      if (!waiter) say("client", "too late: " + answer.body);
    }
  }
};

int main() {
  conclave::VirtualClock clock;
  conclave::run(
      [] {
        const auto there = make_chan<Message>(16);
        const auto back = make_chan<Message>(16);
        Server server{{there, back}};
        conclave::go(conclave::Name("server"), &Server::serve, &server);
        Client client{{back, there}};
        conclave::go(conclave::Name("client"), &Client::receive, &client);

        for (const std::string fruit : {"pears", "plums", "quinces"}) {
          const auto [budget, cancel] = with_timeout(Context(), 50ms);
          say("ada", "calls:    " + fruit);
          const Result<std::string> answer = client.call(budget, fruit);
          say("ada", "gets:     " + (answer.ok() ? *answer : to_string(answer.status())));
        }
        fmt::print("once each, and the server has counted {}\n", server.crates);
      },
      {.clock = &clock});
}
