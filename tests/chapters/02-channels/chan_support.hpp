/// @file  What the tests of channels and select share: every order, the end of all waiting, values that break.
#pragma once

#include <utility>

#include "../01-goroutines/support.hpp"
#include "channels/chan.hpp"
#include "channels/select.hpp"
#include "testing/seed.hpp"

namespace conclave {

/// Runs `body` as the main goroutine in virtual time, in both orders, under `seeds` seeds each.
inline void in_every_order(const std::function<void()>& body, std::uint64_t seeds = 10) {
  for_each_seed(seeds, [&](std::uint64_t seed) {
    in_virtual_time(body, {.order = Order::standard, .seed = seed});
    in_virtual_time(body, {.order = Order::random, .seed = seed});
  });
}

/// Returns when every other goroutine is parked or has ended: virtual time does not pass before.
inline void until_others_park() { sleep_for(Duration(1)); }

/// Thrown by a Fragile.
struct Broken {};

/// A value that counts how many of it are alive, and throws when it is copied, or moved, and was told to.
/// It can be neither assigned nor made from nothing.
template <bool kMoveMayThrow>
struct Fragile {
  static inline int alive = 0;
  static inline int copied = 0;
  static inline bool copies_throw = false;
  static inline bool moves_throw = false;

  int number;

  explicit Fragile(int its_number) : number(its_number) { ++alive; }
  Fragile(const Fragile& other) : number(other.number) {
    ++copied;
    if (copies_throw) throw Broken();
    ++alive;
  }
  Fragile(Fragile&& other) noexcept(!kMoveMayThrow) : number(other.number) {
    if constexpr (kMoveMayThrow) {
      if (moves_throw) throw Broken();
    }
    other.number = -1;
    ++alive;
  }
  Fragile& operator=(const Fragile&) = delete;
  Fragile& operator=(Fragile&&) = delete;
  ~Fragile() { --alive; }
};

using CopyBreaks = Fragile<false>;
using MoveBreaks = Fragile<true>;

/// Whether `f` throws Broken.
inline bool breaks(const std::function<void()>& f) {
  try {
    f();
  } catch (const Broken&) {
    return true;
  }
  return false;
}

}  // namespace conclave
