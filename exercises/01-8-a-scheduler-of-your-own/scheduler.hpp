/// @file
/// Exercise 1.8: a scheduler.  It has one thread, and a clock that stands still while a goroutine can run.
///
/// Laws
///  1. go() returns before `f` runs, and `f` runs once.
///  2. A goroutine keeps the processor until it yields, parks, sleeps or ends.
///  3. Every goroutine that is ready gets a turn, within 1,000 turns of the others.
///  4. ready(g) lets one park() of g return: the one in which it stands, or else its next.  Further calls, until that
///     park() has returned, add nothing.
///  5. When nobody can run, the clock jumps to the next deadline, and the sleeper wakes: in the order of the deadlines,
///     and those with equal deadlines in the order in which they fell asleep.
///  6. A goroutine that has ended leaves nothing behind: 10,000 that run one after the other never have more than 100
///     stacks.  Nobody frees the stack on which it stands.
#pragma once

#include <cstddef>
#include <functional>

#include "goroutines/clock.hpp"  // Duration

namespace conclave::own {

/// A goroutine.  What it consists of is yours to say, in scheduler.cpp.
struct Goroutine;

/// Starts `f` as a goroutine; it runs when its turn comes.  Call from a goroutine, or from outside before run().
/// `f` throws nothing.
void go(std::function<void()> f);

/// Runs goroutines until none can run and none sleeps.
/// @return how many are left then: parked, and nobody will ever wake them
std::size_t run();

/// Lets another goroutine run first, if one is ready.
void yield();

/// The goroutine that calls.
Goroutine& self();

/// Stops the goroutine that calls, until somebody calls ready() for it.
void park();

/// See law 4.  Does not run it yet.
/// @pre `goroutine` has not ended
void ready(Goroutine& goroutine);

/// Stops the goroutine that calls for `duration`.  Zero or less returns at once.  ready() does not end a sleep.
void sleep_for(Duration duration);

/// The time; it starts at zero.
Duration now();

}  // namespace conclave::own
