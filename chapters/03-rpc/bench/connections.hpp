/// @file
/// Many connections to one server, held by processes of their own: what they cost it, and whether it still answers.
///
/// `figures hold tcp://…` opens kConnectionsOfOne of them, has each answered once, says "holds", and keeps them until its
/// standard input ends.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include <fmt/core.h>

#include "bench/measure.hpp"
#include "server_process.hpp"

namespace conclave::bench {

inline constexpr int kHolders = 4;               ///< processes
inline constexpr int kConnectionsOfOne = 2'500;  ///< of each
inline constexpr int kBacklog = 4'096;           ///< connections that have not been accepted yet

/// What a holder does when all of its connections have been answered.
inline void say_held_and_wait() {
  fmt::print("holds\n");
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}

/// `connections`: how many are held, what each costs the server, and how long a call of somebody else takes meanwhile.
/// @param with_client   is called with a function, which it calls with a call
void print_connections(ServerProcess& server, auto with_client) {
  constexpr auto kPatience = std::chrono::seconds(50);
  constexpr int kAll = kHolders * kConnectionsOfOne;
  double us = 0;
  with_client([&](auto call) {
    for (int i = 0; i < kWarmUp; ++i) call();
    const std::size_t before = server.resident_bytes();
    std::vector<Process> holders;
    for (int i = 0; i < kHolders; ++i) holders.push_back(this_program({"hold", server.address()}));
    for (Process& holder : holders) expect(holder.wait_for_line("holds", kPatience).ok());
    const std::size_t after = server.resident_bytes();
    us = us_each(call);
    print("connections held", kAll, "");
    print("connections memory", static_cast<double>(after - before) / kAll / 1024, "KiB");
  });
  print("connections call", us, "µs");
}

/// `idle`: ticks of a processor that a server with connections and without calls takes in three seconds.
inline void print_idle(ServerProcess& server) {
  Process holder = this_program({"hold", server.address()});
  expect(holder.wait_for_line("holds", std::chrono::seconds(30)).ok());
  std::this_thread::sleep_for(std::chrono::seconds(1));  // what belongs to the beginning
  const std::int64_t before = server.ticks();
  std::this_thread::sleep_for(std::chrono::seconds(3));
  print("idle", static_cast<double>(server.ticks() - before), "ticks");
}

}  // namespace conclave::bench
