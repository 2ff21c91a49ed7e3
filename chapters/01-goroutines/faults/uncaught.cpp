/// @file
/// An exception that nobody catches: the report shows the calls that led to the throw, though they are gone.
#include <stdexcept>
#include <string>
#include <vector>

#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::Name;
using conclave::WaitGroup;

int port_of(const std::string& address) {
  const std::string digits = address.substr(address.find(':') + 1);
  if (digits.empty()) throw std::invalid_argument("no port in '" + address + "'");
  return std::stoi(digits);
}

int lowest_port(const std::vector<std::string>& addresses) {
  int lowest = 65'536;
  for (const std::string& address : addresses) {
    const int port = port_of(address);
    if (port < lowest) lowest = port;
  }
  return lowest;
}

int main() {
  conclave::run([] {
    WaitGroup group;
    group.add(1);
    go(Name("dialer"), [&] {
      lowest_port({"ada:7001", "bob:"});
      group.done();
    });
    group.wait();
  });
}
