/// @file
/// What becomes of two goroutines that wait while main returns, and of what they refer to.
#include <memory>
#include <string>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::make_chan;

//! [main]
struct Guest {
  std::string name;
  std::weak_ptr<int> party;  // stands for a reference; it knows when its object has ended

  ~Guest() {
    fmt::print("{} leaves, the party {}\n", name, party.expired() ? "is over" : "goes on");
  }
};

int main() {
  conclave::run([] {
    auto news = make_chan<int>();
    const auto party = std::make_shared<int>();
    for (const char* name : {"ada", "bob"}) {
      go([news, name, party = std::weak_ptr(party)] {
        const Guest guest{name, party};
        news.recv();
        fmt::print("{} has news\n", name);  // nobody gets here
      });
    }
    conclave::yield();
    fmt::print("main returns\n");
  });
  fmt::print("run() returns\n");
}
//! [main]
