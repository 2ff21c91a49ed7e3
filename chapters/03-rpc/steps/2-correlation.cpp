/// @file
/// Correlation: three calls at once over one connection, and each gets its own answer.
///
/// Watch for who is told what. The quinces take longest, so their answer comes last. Whoever takes the next answer that
/// comes takes somebody else's; with a number in each message, the order of the answers does not matter.
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using namespace std::chrono_literals;
using conclave::Chan;
using conclave::make_chan;

void say(const std::string& who, const std::string& what) {
  fmt::print("t={:>3} ms  {:<8} {}\n", conclave::now().time_since_epoch() / 1ms, who, what);
}

//! [network]
struct Message {
  int id;  // of the call: an answer has that of its request
  std::string body;
};

/// One end of a connection: what is sent here is received at the other end, 2 ms later.
struct Socket {
  Chan<Message> in;   // what has come
  Chan<Message> out;  // what comes to the other end

  /// Does not wait for anything: the message is on its way, and that is all that is known.
  void send(const Message& message) const {
    conclave::after_func(2ms, [out = out, message] { out.send(message); });
  }
};
//! [network]

//! [server]
/// Counts a crate for each request, and answers with how many there are.
struct Server {
  Socket socket;
  std::map<std::string, int> crates = {};  // by what is in them

  /// A goroutine for each request: the quick need not wait for the slow.
  void serve() {
    for (const Message& request : socket.in) conclave::go([this, request] { handle(request); });
  }

  void handle(const Message& request) {
    conclave::sleep_for(request.body == "quinces" ? 7ms : 1ms);  // the work
    const std::string answer = fmt::format("{} {}", request.body, ++crates[request.body]);
    say("server", "counts:   " + answer);
    socket.send({request.id, answer});
  }
};
//! [server]

//! [ask]
/// Sends a request and waits for an answer.
std::string ask(const Socket& socket, const std::string& body) {
  socket.send({0, body});
  return socket.in.recv()->body;  // parks
}
//! [ask]

//! [client]
/// Calls over one connection, any number at once.
struct Client {
  Socket socket;
  int last_id = 0;
  std::map<int, Chan<Message>> waiting = {};  // by the id of their call

  /// Sends a request and waits for its answer.
  std::string call(const std::string& body) {
    const int id = ++last_id;
    const auto arrived = make_chan<Message>(1);
    waiting[id] = arrived;
    socket.send({id, body});
    return arrived.recv()->body;  // parks
  }

  /// The only one who receives: hands each answer to whoever waits for it.
  void receive() {
    for (const Message& answer : socket.in) {
      waiting.at(answer.id).send(answer);
      waiting.erase(answer.id);
    }
  }
};
//! [client]

/// Ada, Bob and Cy ask one after the other, and nobody waits for the answer of another.
void all_ask(const std::function<std::string(const std::string&)>& call) {
  conclave::WaitGroup group;
  for (const auto& [who, fruit] :
       {std::pair{"ada", "quinces"}, {"bob", "pears"}, {"cy", "plums"}}) {
    group.go([&call, who = who, fruit = fruit] {
      say(who, fmt::format("calls:    {}", fruit));
      say(who, "gets:     " + call(fruit));
    });
    conclave::sleep_for(1ms);
  }
}

int main() {
  conclave::VirtualClock clock;
  conclave::run(
      [] {
        const auto there = make_chan<Message>(16);
        const auto back = make_chan<Message>(16);
        const Socket socket{back, there};
        Server server{{there, back}};
        conclave::go(conclave::Name("server"), &Server::serve, &server);

        all_ask([&](const std::string& fruit) { return ask(socket, fruit); });
        fmt::print("\nand with a number for each call:\n");
        Client client{socket};
        conclave::go(conclave::Name("client"), &Client::receive, &client);
        all_ask([&](const std::string& fruit) { return client.call(fruit); });
      },
      {.clock = &clock});
}
