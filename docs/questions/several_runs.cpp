/// @file
/// Each thread has goroutines of its own.  Nothing is shared until the threads have ended.
#include <array>
#include <cstdint>
#include <thread>

#include <fmt/ranges.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::make_chan;

//! [runs]
void count_primes(int first, int last, int& found) {
  conclave::run([&] {
    auto primes = make_chan<int>();
    go([=] {
      for (int n = first; n < last; ++n) {
        bool prime = n > 1;
        for (int d = 2; d * d <= n && prime; ++d) prime = n % d != 0;
        if (prime) primes.send(n);
      }
      primes.close();
    });
    while (primes.recv()) ++found;
  });
}

int main() {
  std::array<int, 2> found{};
  std::thread low(count_primes, 0, 5000, std::ref(found[0]));
  std::thread high(count_primes, 5000, 10000, std::ref(found[1]));
  low.join();
  high.join();
  fmt::print("primes below 10,000: {} + {} = {}\n", found[0], found[1], found[0] + found[1]);
}
//! [runs]
