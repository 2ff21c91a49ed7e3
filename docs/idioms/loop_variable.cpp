/// @file
/// Each goroutine greets somebody else.
#include <string>
#include <vector>

#include <fmt/ranges.h>

#include "goroutines/goroutines.hpp"

using conclave::WaitGroup;

int main() {
  conclave::run([] {
    //! [part]
    std::vector<std::string> greetings(3);
    WaitGroup group;
    int i = 0;
    for (std::string name : {"ada", "bob", "eve"}) {
      group.go([&greetings, i, name] {
        greetings[i] = "hello " + name;
      });
      ++i;
    }
    group.wait();
    fmt::print("[{}]\n", fmt::join(greetings, " "));
    //! [part]
  });
}
