/// @file
/// run, go, yield: the door into the world of goroutines.
///
/// `run(main)` turns the calling thread into a processor and runs `main` as goroutine 1; `go(f, args...)`
/// starts another goroutine.  All of them share the one thread, and one runs until it parks.
///
/// Laws
///  1. `go` never runs the new goroutine before it returns; the arguments are copied before it returns.
///  2. Goroutines are cooperative: a goroutine loses the processor only where it parks or yields.
///     (Differs from Go, which pre-empts since 1.14.)
///  3. The order in which ready goroutines run is policy, not meaning: no program may rest on it.
///  4. Nobody waits for ever while others run: every ready goroutine gets its turn after a bounded number of turns (but in
///     Order::pct, where nobody's turn comes while one with a higher priority is ready).
///  5. Exceptions and errno belong to the goroutine: no switch carries them over to another.
///  6. When all goroutines are asleep and nothing outside can wake one (a descriptor that is waited for, a RunHandle, a
///     function of blocking()), the program ends with a report, and status 2.
///  7. When `main` returns, the goroutines that are left are unwound, newest first, and run() returns.
///
/// Call from any thread that is not inside run(); the rest of the library from inside it.
/// Source: Go spec, "Go statements", "Program execution"; Go memory model, "Goroutine creation".
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <source_location>
#include <string>
#include <utility>

#include "goroutines/clock.hpp"
#include "goroutines/start.hpp"

namespace conclave {

/// In which order ready goroutines run.
enum class Order {
  /// Woken goroutines first come, first served; new ones newest first, with a bound (see RunQueue).
  standard,
  /// Any ready goroutine, drawn from a generator seeded with RunOptions::seed.
  random,
  /// The one with the highest priority.  Priorities are drawn at the start, and RunOptions::pct_depth - 1 times, at a turn that
  /// was drawn among the first RunOptions::pct_turns, the one that would run gets the lowest of all; so does who
  /// yields.  A mistake that needs d events in a certain order is found with a probability of at least
  /// 1 / (n k^(d-1)), for n goroutines and k turns, where a random order may need exponentially many runs.
  /// @rule{Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010, §2}
  pct,
};

class GoroutineGroup;

/// A turn of a goroutine: what it does until it parks, yields or ends.
struct Turn {
  std::uint64_t goroutine = 0;      ///< its number
  GoroutineGroup* group = nullptr;  ///< the outermost of its groups; null when it belongs to none
};

/// How run() runs.
struct RunOptions {
  /// The clock; null means real_clock().  It must outlive run().
  Clock* clock = nullptr;
  Order order = Order::standard;
  /// Decides every choice of Order::random and Order::pct, and what a select chooses: same seed, same program, same order.
  std::uint64_t seed = 1;
  unsigned pct_depth = 3;           ///< how many events in a certain order are looked for; 1 to 64
  std::uint64_t pct_turns = 10000;  ///< within how many turns
  /// Called between two turns, with the one that comes; for who checks, after each step, that a law holds.  It is nobody's
  /// turn then: it must neither park nor throw, and starts no goroutine.  It may pause the group; then that turn does not come.
  /// To the race detector, each turn happens before the next.
  std::function<void(const Turn&)> between_turns{};
  /// Called, instead of a report that ends the program, when an exception has left a goroutine's function, but for main's; with
  /// what it says.  That goroutine has ended, and the others go on.
  std::function<void(const Turn&, const std::string& what)> uncaught{};
  /// Stack of each goroutine in bytes, rounded up to whole pages; 16 KiB to 1 GiB.
  std::size_t stack_bytes = 64 * 1024;
  /// How many functions of blocking() run at once, each on a thread of its own; 1 to 1,024.
  std::size_t helpers_max = 16;
  /// Whether a goroutine that holds the processor for more than 10 ms is reported on standard error, with its calls;
  /// it goes on.  Once for each goroutine and function, at most 100 in all.  It is interrupted for that with SIGURG, so
  /// that a poll(2) or nanosleep(2) may fail with EINTR.  The environment variable CONCLAVE_WATCH=1 asks for it, too.
  bool watch = false;
};

namespace detail {
void run(Task&& main, const RunOptions& options, std::source_location place);
void start(Task&& task, std::string&& name, WaitGroup* group, std::source_location place);
}  // namespace detail

/// Runs `main` as goroutine 1 on this thread, and all goroutines that it starts; returns when `main` returns.
/// Goroutines that are left then are unwound: their destructors run, and they never run on.  What they
/// use must therefore outlive run(), or be theirs.
/// @throws Panic inside another run() on the same thread, for an empty `main`, or for options out of range
/// @rule{Go spec, "Program execution": when main returns, the program does not wait for other goroutines}
inline void run(detail::Start<> main, const RunOptions& options = {}) {
  detail::run(std::move(main).bind(), options, main.place());
}

/// A goroutine's name, for reports: `go(Name("logger"), f)`.
class Name {
 public:
  explicit Name(std::string text) : text_(std::move(text)) {}
  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

/// Starts `f(args...)` as a new goroutine and goes on.  f and args are copied (or moved) now, as Go evaluates
/// them at the go statement; the result of f is dropped.  An exception that leaves f ends the program.
/// Does not block; the new goroutine runs when this one parks or yields.
///
/// A lambda that captures by reference (`[&]`) refers to variables that end with their scope, goroutine or
/// not.  Capture by value, or wait before the scope ends (WaitGroup::go).
/// @throws Panic outside run() or for an empty f
/// @rule{Go spec, "Go statements": the function and its arguments are evaluated in the calling goroutine}
template <class... Args>
void go(detail::Start<std::type_identity_t<Args>...> f, Args&&... args) {
  detail::start(std::move(f).bind(std::forward<Args>(args)...), {}, nullptr, f.place());
}

/// The same with a name that reports show.
template <class... Args>
void go(Name name, detail::Start<std::type_identity_t<Args>...> f, Args&&... args) {
  detail::start(std::move(f).bind(std::forward<Args>(args)...), std::move(name).text(), nullptr,
                f.place());
}

/// Gives the processor away; this goroutine stays ready.  In Order::standard the others that are ready run
/// first; in Order::random it may be drawn again at once.  Go's `runtime.Gosched()`.
/// @throws Panic outside run()
/// @rule{Go runtime.Gosched: gives the processor away without parking; this goroutine resumes by itself}
void yield(std::source_location place = std::source_location::current());

/// How many goroutines are alive, main included.  Go's `runtime.NumGoroutine()`.  Does not block.
/// @throws Panic outside run()
[[nodiscard]] std::size_t num_goroutines(
    std::source_location place = std::source_location::current());

}  // namespace conclave
