/// @file
/// A lock made of channels: one goroutine owns its state, and answers requests with true or false.
#include <string>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::Chan;
using conclave::go;
using conclave::make_chan;
using conclave::recv;
using conclave::select;
using conclave::SendChan;

//! [lock]
/// Who asks, and where to send the answer.
struct Request {
  std::string who;
  SendChan<bool> answer;
};

/// A lock that says no instead of making its callers wait.
class Lock {
 public:
  Lock() {
    go([acquires = acquires_, releases = releases_] {
      std::string holder;  // nobody else can see this variable
      for (;;) {
        Request request;
        switch (select(recv(acquires, request), recv(releases, request))) {
          case 0:
            if (holder.empty()) holder = request.who;
            request.answer.send(holder == request.who);
            break;
          case 1:
            request.answer.send(holder == request.who);
            if (holder == request.who) holder.clear();
            break;
        }
      }
    });
  }

  bool acquire(const std::string& who) { return ask(acquires_, who); }
  bool release(const std::string& who) { return ask(releases_, who); }

 private:
  static bool ask(const Chan<Request>& requests, const std::string& who) {
    auto answer = make_chan<bool>(1);
    requests.send({who, answer});
    return *answer.recv();
  }

  Chan<Request> acquires_ = make_chan<Request>();
  Chan<Request> releases_ = make_chan<Request>();
};
//! [lock]

int main() {
  conclave::run([] {
    Lock lock;
    fmt::print("ada acquires: {}\n", lock.acquire("ada"));
    fmt::print("bob acquires: {}\n", lock.acquire("bob"));
    fmt::print("bob releases: {}\n", lock.release("bob"));
    fmt::print("ada releases: {}\n", lock.release("ada"));
    fmt::print("bob acquires: {}\n", lock.acquire("bob"));
  });
}
