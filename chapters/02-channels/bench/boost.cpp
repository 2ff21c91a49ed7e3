/// @file  What the channels that come with Boost.Fiber cost, with the scheduler that it comes with (round_robin);
/// figures.cpp beside this file does the same work with ours.
///
/// `make bench C=02` runs them and compares; common/bench/measure.hpp says how is measured.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include <boost/fiber/buffered_channel.hpp>
#include <boost/fiber/fiber.hpp>
#include <boost/fiber/unbuffered_channel.hpp>

#include "bench/measure.hpp"

namespace {

using boost::fibers::buffered_channel;
using boost::fibers::channel_op_status;
using boost::fibers::fiber;
using boost::fibers::unbuffered_channel;
using conclave::bench::Benchmark;
using conclave::bench::forget_memory;
using conclave::bench::ns_each;
using conclave::bench::print;

void expect(bool right) {
  if (!right) std::abort();
}

void ping_pong() {
  constexpr int kRoundTrips = 1'000'000;
  unbuffered_channel<int> ping;
  unbuffered_channel<int> pong;
  fiber other([&] {
    for (const int ball : ping) pong.push(ball);
  });
  const double ns = ns_each(kRoundTrips, [&] {
    for (int i = 0; i < kRoundTrips; ++i) {
      ping.push(i);
      expect(pong.value_pop() == i);
    }
  });
  ping.close();
  other.join();
  print("ping-pong", ns, "ns");
}

double ns_each_message(int messages, auto& channel) {
  std::int64_t sum = 0;
  const double ns = ns_each(messages, [&] {
    fiber sender([&] {
      for (int i = 0; i < messages; ++i) channel.push(i);
      channel.close();
    });
    for (const int message : channel) sum += message;
    sender.join();
  });
  expect(sum == std::int64_t{messages} * (messages - 1) / 2);
  return ns;
}

void stream() {
  unbuffered_channel<int> channel;
  print("stream", ns_each_message(3'000'000, channel), "ns");
}

void buffered() {
  buffered_channel<int> channel(128);  // which holds 127
  print("buffered", ns_each_message(10'000'000, channel), "ns");
}

void ring() {
  constexpr std::size_t kFibers = 128;
  constexpr int kLaps = 20'000;
  std::vector<unbuffered_channel<int>> channels(kFibers);
  std::vector<fiber> others;
  for (std::size_t i = 1; i < kFibers; ++i) {  // main is one of them
    others.emplace_back([&in = channels[i - 1], &out = channels[i]] {
      for (const int hops : in) out.push(hops + 1);
    });
  }
  const double ns = ns_each(kFibers * kLaps, [&] {
    for (int lap = 0; lap < kLaps; ++lap) {
      channels.front().push(1);
      expect(channels.back().value_pop() == kFibers);
    }
  });
  for (unbuffered_channel<int>& channel : channels) channel.close();
  for (fiber& other : others) other.join();
  print("ring", ns, "ns");
}

void uncontended() {
  constexpr int kTimes = 20'000'000;
  buffered_channel<int> channel(2);  // the smallest it can be; it holds one
  const double ns = ns_each(kTimes, [&] {
    for (int i = 0; i < kTimes; ++i) {
      channel.push(i);
      forget_memory();
      expect(channel.value_pop() == i);
      forget_memory();
    }
  });
  print("uncontended", ns, "ns");
}

constexpr Benchmark kBenchmarks[] = {
    {"ping-pong", ping_pong}, {"stream", stream},           {"ring", ring},
    {"buffered", buffered},   {"uncontended", uncontended},
};

}  // namespace

int main(int count, char** arguments) {
  return conclave::bench::main_of(kBenchmarks, count, arguments,
                                  [](void (*benchmark)()) { benchmark(); });
}
