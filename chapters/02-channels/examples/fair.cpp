/// @file
/// Two channels are always ready, and a select takes from both; a program that asks one first starves the other.
#include <array>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::Chan;
using conclave::make_chan;
using conclave::recv;
using conclave::select;

namespace {

constexpr int kRounds = 10'000;

/// A channel that is ready for as long as we look at it.
Chan<int> full() {
  auto channel = make_chan<int>(kRounds);
  for (int n = 0; n < kRounds; ++n) channel.send(n);
  return channel;
}

//! [ways]
int one_after_the_other(const Chan<int>& a, const Chan<int>& b) {
  if (a.try_recv()) return 0;
  if (b.try_recv()) return 1;
  return select(recv(a), recv(b));
}

int at_once(const Chan<int>& a, const Chan<int>& b) { return select(recv(a), recv(b)); }
//! [ways]

void count(const char* way, int (*choose)(const Chan<int>&, const Chan<int>&)) {
  const Chan<int> a = full();
  const Chan<int> b = full();
  std::array<int, 2> chosen{};
  for (int i = 0; i < kRounds; ++i) ++chosen[choose(a, b)];
  fmt::print("{:<20} a {:>5}   b {:>5}\n", way, chosen[0], chosen[1]);
}

}  // namespace

int main() {
  conclave::run([] {
    count("one after the other", one_after_the_other);
    count("at once", at_once);
  });
}
