/// @file  What channels cost here; figures.go beside this file does the same work in Go, boost.cpp some of it with
/// the channels that come with Boost.Fiber.
///
/// `make bench C=02` runs them and compares; common/bench/measure.hpp says how is measured.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "bench/measure.hpp"
#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

namespace {

using conclave::CancellableContext;
using conclave::Chan;
using conclave::go;
using conclave::make_chan;
using conclave::otherwise;
using conclave::recv;
using conclave::RecvChan;
using conclave::select;
using conclave::send;
using conclave::SendChan;
using conclave::Signal;
using conclave::WaitGroup;
using conclave::bench::Benchmark;
using conclave::bench::forget_memory;
using conclave::bench::ns_each;
using conclave::bench::print;

/// A benchmark that computes something wrong has measured nothing.
void expect(bool right) {
  if (!right) std::abort();
}

/// One goroutine sends, another answers: two rendezvous make a round trip.
void ping_pong() {
  constexpr int kRoundTrips = 1'000'000;
  const auto ping = make_chan<int>();
  const auto pong = make_chan<int>();
  go([=] {
    for (const int ball : ping) pong.send(ball);
  });
  const double ns = ns_each(kRoundTrips, [&] {
    for (int i = 0; i < kRoundTrips; ++i) {
      ping.send(i);
      expect(pong.recv() == i);
    }
  });
  print("ping-pong", ns, "ns");
}

/// One goroutine sends, another receives.
double ns_each_message(int messages, std::ptrdiff_t capacity) {
  const auto channel = make_chan<int>(capacity);
  std::int64_t sum = 0;
  const double ns = ns_each(messages, [&] {
    go([=] {
      for (int i = 0; i < messages; ++i) channel.send(i);
      channel.close();
    });
    for (const int message : channel) sum += message;
  });
  expect(sum == std::int64_t{messages} * (messages - 1) / 2);
  return ns;
}

void stream() { print("stream", ns_each_message(3'000'000, 0), "ns"); }

void buffered() { print("buffered", ns_each_message(10'000'000, 128), "ns"); }

/// A message goes round among goroutines that each wait for it: every hop is a rendezvous with another one.
void ring() {
  constexpr int kGoroutines = 128;
  constexpr int kLaps = 20'000;
  const auto first = make_chan<int>();
  Chan<int> last = first;
  for (int i = 1; i < kGoroutines; ++i) {  // main is one of them
    const auto next = make_chan<int>();
    go([in = last, out = next] {
      for (const int hops : in) out.send(hops + 1);
    });
    last = next;
  }
  const double ns = ns_each(kGoroutines * kLaps, [&] {
    for (int lap = 0; lap < kLaps; ++lap) {
      first.send(1);
      expect(last.recv() == kGoroutines);
    }
  });
  print("ring", ns, "ns");
}

/// A send and a receive that never wait, in one goroutine.
void uncontended() {
  constexpr int kTimes = 20'000'000;
  const auto channel = make_chan<int>(1);
  const double ns = ns_each(kTimes, [&] {
    for (int i = 0; i < kTimes; ++i) {
      channel.send(i);
      forget_memory();
      expect(channel.recv() == i);
      forget_memory();
    }
  });
  print("uncontended", ns, "ns");
}

/// Eight producers, each with a channel of its own, and one consumer.
void fan_in() {
  constexpr int kMessages = 2'000'000;
  std::array<Chan<int>, 8> from;
  for (Chan<int>& channel : from) {
    channel = make_chan<int>();
    go([=] {
      for (int i = 0; i < kMessages / 8; ++i) channel.send(i);
    });
  }
  std::int64_t sum = 0;
  const double ns = ns_each(kMessages, [&] {
    for (int i = 0; i < kMessages; ++i) {
      int message = 0;
      select(recv(from[0], message), recv(from[1], message), recv(from[2], message),
             recv(from[3], message), recv(from[4], message), recv(from[5], message),
             recv(from[6], message), recv(from[7], message));
      sum += message;
    }
  });
  expect(sum == std::int64_t{kMessages} * (kMessages / 8 - 1) / 2);
  print("fan-in", ns, "ns");
}

/// A look at a channel that has nothing.
void select_default() {
  constexpr int kTimes = 50'000'000;
  const auto channel = make_chan<int>();
  int looks = 0;
  const double ns = ns_each(kTimes, [&] {
    for (int i = 0; i < kTimes; ++i) {
      int message = 0;
      looks += select(recv(channel, message), otherwise());
      forget_memory();
    }
  });
  expect(looks == kTimes);
  print("select-default", ns, "ns");
}

/// A filter for each prime takes the numbers of the one before; it ends when `done` is closed.
void filter(const RecvChan<Signal>& done, const RecvChan<int>& in, const SendChan<int>& out,
            int prime) {
  while (true) {
    int number = 0;
    if (select(recv(in, number), recv(done)) == 1) return;
    if (number % prime == 0) continue;
    if (select(send(out, number), recv(done)) == 1) return;
  }
}

void sieve() {
  constexpr int kPrimes = 500;
  constexpr int kSieves = 10;
  const auto last_prime = [] {
    WaitGroup filters;
    const auto done = make_chan<Signal>();
    auto numbers = make_chan<int>();
    filters.go([=] {
      for (int number = 2; select(send(numbers, number), recv(done)) == 0;) ++number;
    });
    int prime = 0;
    for (int i = 0; i < kPrimes; ++i) {
      prime = *numbers.recv();
      const auto next = make_chan<int>();
      filters.go([=] { filter(done, numbers, next, prime); });
      numbers = next;
    }
    done.close();
    filters.wait();
    return prime;
  };
  expect(last_prime() == 3'571);  // the first one gets the memory
  const double ns = ns_each(kPrimes * kSieves, [&] {
    for (int i = 0; i < kSieves; ++i) last_prime();
  });
  print("sieve", ns, "ns");
}

/// Sends the sum of the numbers from `first` on, `count` of them; a goroutine for each tenth of them adds its own.
void skynet(const SendChan<std::int64_t>& parent, std::int64_t first, std::int64_t count) {
  if (count == 1) {
    parent.send(first);
    return;
  }
  const auto sums = make_chan<std::int64_t>();
  const std::int64_t tenth = count / 10;
  for (int i = 0; i < 10; ++i) {
    go([=] { skynet(sums, first + i * tenth, tenth); });
  }
  std::int64_t sum = 0;
  for (int i = 0; i < 10; ++i) sum += *sums.recv();
  parent.send(sum);
}

void skynet_million() {
  constexpr std::int64_t kLeaves = 1'000'000;
  const auto result = make_chan<std::int64_t>();
  std::int64_t sum = 0;
  const double ns = ns_each(kLeaves, [&] {
    go([=] { skynet(result, 0, kLeaves); });
    sum = *result.recv();
  });
  expect(sum == kLeaves * (kLeaves - 1) / 2);
  print("skynet", ns, "ns");
  print("skynet memory", static_cast<double>(conclave::bench::peak_resident_bytes()) / (1 << 20),
        "MiB");
}

/// A tree of contexts is made, a goroutine waits at each leaf, the root is cancelled, and all of them end.
void context_tree() {
  constexpr std::size_t kContexts = 10'000;
  constexpr std::size_t kFanOut = 10;
  constexpr int kTrees = 10;
  const auto tree = [] {
    WaitGroup arriving;
    WaitGroup leaves;
    std::vector<CancellableContext> contexts;
    contexts.reserve(kContexts);
    contexts.push_back(conclave::with_cancel({}));
    while (contexts.size() < kContexts) {
      const std::size_t parent = (contexts.size() - 1) / kFanOut;
      contexts.push_back(conclave::with_cancel(contexts[parent].context));
    }
    for (std::size_t i = kContexts / kFanOut; i < kContexts; ++i) {
      arriving.add(1);
      leaves.go([&arriving, context = contexts[i].context] {
        arriving.done();
        context.done().recv();
      });
    }
    arriving.wait();
    contexts.front().cancel();
    leaves.wait();
  };
  tree();  // the first one gets the memory
  const double ns = ns_each(kContexts * kTrees, [&] {
    for (int i = 0; i < kTrees; ++i) tree();
  });
  print("context-tree", ns, "ns");
}

constexpr Benchmark kBenchmarks[] = {
    {"ping-pong", ping_pong},
    {"stream", stream},
    {"ring", ring},
    {"buffered", buffered},
    {"uncontended", uncontended},
    {"fan-in", fan_in},
    {"select-default", select_default},
    {"sieve", sieve},
    {"skynet", skynet_million},
    {"context-tree", context_tree},
};

}  // namespace

int main(int count, char** arguments) {
  return conclave::bench::main_of(kBenchmarks, count, arguments,
                                  [](void (*benchmark)()) { conclave::run(benchmark); });
}
