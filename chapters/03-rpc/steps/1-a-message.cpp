/// @file
/// A message: a client asks a server to count a crate, and waits for what it says.
///
/// Watch for the time: each call spends 4 ms on the way, and the next one begins only after it.
/// The network lies in memory and its time is virtual, since over a real one no two runs are the same.
#include <chrono>
#include <map>
#include <string>

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

  void serve() {
    for (const Message& request : socket.in) handle(request);
  }

  void handle(const Message& request) {
    conclave::sleep_for(request.body == "quinces" ? 7ms : 1ms);  // the work
    const std::string answer = fmt::format("{} {}", request.body, ++crates[request.body]);
    say("server", "counts:   " + answer);
    socket.send({answer});
  }
};
//! [server]

//! [ask]
/// Sends a request and waits for an answer.
std::string ask(const Socket& socket, const std::string& body) {
  socket.send({body});
  return socket.in.recv()->body;  // parks
}
//! [ask]

int main() {
  conclave::VirtualClock clock;
  conclave::run(
      [] {
        const auto there = make_chan<Message>(16);
        const auto back = make_chan<Message>(16);
        const Socket socket{back, there};
        Server server{{there, back}};
        conclave::go(conclave::Name("server"), &Server::serve, &server);

        for (const std::string fruit : {"quinces", "pears", "plums"}) {
          say("ada", "calls:    " + fruit);
          say("ada", "gets:     " + ask(socket, fruit));
        }
      },
      {.clock = &clock});
}
