/// @file
/// What ThreadSanitizer is told, so that it sees a race between two goroutines of one thread.
/// @internal
///
/// The sanitizer takes each goroutine for a thread of its own (RaceContext), does not look at what the runtime does
/// for itself (RuntimeCode), and learns what happens before what from the primitives alone (Edge): a switch from one
/// goroutine to another orders nothing.  In a build without it (`make tsan` has it), all of this is nothing.
///
/// Laws: these edges, and no others; an edge too few is a false report, one too many a race that stays hidden
///  1. `go` happens before the start of the goroutine; its end happens before nothing but the return of run().
///  2. unlock() of a Mutex happens before each later lock() that returns with it; a try_lock() that fails learns nothing.
///  3. unlock() of an RWMutex happens before each later lock() and lock_shared(), unlock_shared() before each later lock();
///     a reader learns nothing from readers.
///  4. notify_one() and notify_all() happen before the return of each wait() that they wake.
///  5. The end of Once's one call happens before the return of every call().
///  6. done() happens before the return of each wait() that it unblocks; an add() from zero that nothing orders with
///     a wait() is a race itself.
///  7. release() of a Semaphore happens before each later acquire() that returns.
///  8. Setting a timer happens before what comes of it.
///  9. post() happens before the start of its function; the end of blocking()'s function before its return.
/// Channels have theirs in channels/channel_edges.hpp.
///
/// Source: The Go Memory Model, "Goroutine creation", "Goroutine destruction", "Locks", "Once"; Go, package sync,
/// where race.Enabled stands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

namespace conclave::detail {

#ifdef BOOK_DETECTS_RACES
inline constexpr bool kDetectsRaces = true;
#else
inline constexpr bool kDetectsRaces = false;
#endif

/// ThreadSanitizer's own verbs.  Called only where kDetectsRaces.
namespace sanitizer {
void* create_fiber(std::uint64_t id, const std::string& name);
void* current_fiber() noexcept;
void destroy_fiber(void* fiber) noexcept;
void switch_to_fiber(void* fiber) noexcept;
void begin_scheduler(void* fiber, bool switches_order) noexcept;
void end_scheduler(void* fiber) noexcept;
void ignore_begin() noexcept;
void ignore_end() noexcept;
void acquire(void* address) noexcept;
void release(void* address) noexcept;
void release_only(unsigned char* address) noexcept;
void read(void* address) noexcept;
void write(void* address) noexcept;
void called_from(void* caller) noexcept;
void returned() noexcept;
void forget(void* low, std::size_t bytes) noexcept;
}  // namespace sanitizer

/// A member that only the race detector's build has.
template <class T, bool = kDetectsRaces>
class OnlyForRaces {
 public:
  [[nodiscard]] T& operator*() const noexcept;  // never called
};
template <class T>
class OnlyForRaces<T, true> {
 public:
  [[nodiscard]] T& operator*() const noexcept { return value_; }

 private:
  mutable T value_{};
};

/// While it lives, this goroutine's reads and writes are the runtime's own, ordered by its being one thread.
class [[maybe_unused]] RuntimeCode {
 public:
  RuntimeCode() noexcept {
    if constexpr (kDetectsRaces) sanitizer::ignore_begin();
  }
  RuntimeCode(const RuntimeCode&) = delete;
  RuntimeCode& operator=(const RuntimeCode&) = delete;
  ~RuntimeCode() {
    if constexpr (kDetectsRaces) sanitizer::ignore_end();
  }
};

/// Who called the function that has one, for the sanitizer's reports.
class [[maybe_unused]] CalledHere {
 public:
  [[gnu::always_inline]] inline CalledHere() noexcept {
    if constexpr (kDetectsRaces) sanitizer::called_from(__builtin_return_address(0));
  }
  CalledHere(const CalledHere&) = delete;
  CalledHere& operator=(const CalledHere&) = delete;
  ~CalledHere() {
    if constexpr (kDetectsRaces) sanitizer::returned();
  }
};

/// Where "happens before" goes through: what was done before release() happens before what is done after acquire().
class Edge {
 public:
  constexpr Edge() noexcept {
    if constexpr (kDetectsRaces) {
      // Another edge may have lain here before.
      if (!std::is_constant_evaluated()) release_only();
    }
  }
  Edge(const Edge&) = delete;
  Edge& operator=(const Edge&) = delete;

  void release() noexcept {
    if constexpr (kDetectsRaces) sanitizer::release(&*place_);
  }
  /// The same, and what others released before is forgotten.
  void release_only() noexcept {
    if constexpr (kDetectsRaces) sanitizer::release_only(&*place_);
  }
  void acquire() noexcept {
    if constexpr (kDetectsRaces) sanitizer::acquire(&*place_);
  }
  /// A use that may go on beside others of its kind, but not beside a change().  Before any RuntimeCode.
  void use() noexcept {
    if constexpr (kDetectsRaces) sanitizer::read(&*place_);
  }
  /// A change that no edge orders with another use() or change() is reported as a race.  Before any RuntimeCode.
  void change() noexcept {
    if constexpr (kDetectsRaces) sanitizer::write(&*place_);
  }

 private:
  [[no_unique_address]] OnlyForRaces<unsigned char> place_;
};

/// The call of a primitive that releases: its first line.
class [[maybe_unused]] Releases {
 public:
  explicit Releases(Edge& edge) noexcept { edge.release(); }

 private:
  [[no_unique_address]] RuntimeCode runtime_;
};

/// The call of a primitive that acquires when it returns: its first line.
class [[maybe_unused]] Acquires {
 public:
  explicit Acquires([[maybe_unused]] Edge& edge) noexcept {
    if constexpr (kDetectsRaces) *edge_ = &edge;
  }
  Acquires(const Acquires&) = delete;
  Acquires& operator=(const Acquires&) = delete;
  ~Acquires() {
    if constexpr (kDetectsRaces) (*edge_)->acquire();
  }

 private:
  [[no_unique_address]] RuntimeCode runtime_;
  [[no_unique_address]] OnlyForRaces<Edge*> edge_;
};

/// A goroutine as the sanitizer sees it: a thread.  Its stack and its record serve no other goroutine after it.
class RaceContext {
 public:
  /// A new one; what the caller did so far happens before it.  Reports call it "goroutine 3 (ada)".
  void begin([[maybe_unused]] std::uint64_t id, [[maybe_unused]] const std::string& name) {
    if constexpr (kDetectsRaces) *fiber_ = sanitizer::create_fiber(id, name);
  }
  /// The scheduler's: it orders nothing, and its reads and writes are no races.
  /// @param switches_order   each switch is an edge: for who rests on being one thread, and looks on between turns
  void begin_scheduler([[maybe_unused]] bool switches_order) noexcept {
    if constexpr (kDetectsRaces)
      sanitizer::begin_scheduler(*fiber_ = sanitizer::create_fiber(0, {}), switches_order);
  }
  /// That of whoever calls.
  void begin_here() noexcept {
    if constexpr (kDetectsRaces) *fiber_ = sanitizer::current_fiber();
  }
  /// From here on it is this one that runs.  Orders nothing.
  void enter() const noexcept {
    if constexpr (kDetectsRaces) sanitizer::switch_to_fiber(*fiber_);
  }
  /// @pre another runs
  void end() noexcept {
    if constexpr (kDetectsRaces) sanitizer::destroy_fiber(*fiber_);
  }
  /// @pre another runs
  void end_scheduler() noexcept {
    if constexpr (kDetectsRaces) {
      sanitizer::end_scheduler(*fiber_);
      sanitizer::destroy_fiber(*fiber_);
    }
  }

 private:
  [[no_unique_address]] OnlyForRaces<void*> fiber_;
};

/// The scheduler's, of this thread.  @pre inside run()
[[nodiscard]] const RaceContext& scheduler_race_context() noexcept;

/// While it lives, edges are those of another goroutine, which is parked, or of the scheduler.
class [[maybe_unused]] OnBehalfOf {
 public:
  explicit OnBehalfOf(const RaceContext& other) noexcept {
    self_.begin_here();
    other.enter();
  }
  OnBehalfOf(const OnBehalfOf&) = delete;
  OnBehalfOf& operator=(const OnBehalfOf&) = delete;
  ~OnBehalfOf() { self_.enter(); }

 private:
  [[no_unique_address]] RaceContext self_;
};

}  // namespace conclave::detail
