/// @file
/// Exercise 2.3: a counter that one goroutine owns, and that others ask to change.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "channels/channels.hpp"

namespace conclave {

/// What an update makes of the old value: the new one, or nothing when it refuses.  May park, for
/// an hour if need be.  It uses no Counter.
using Update = std::function<std::optional<int>(int old_value)>;

/// What came of an update.
struct Answer {
  bool changed = false;  ///< false when the update refused
  int value = 0;         ///< the new value; when the update refused, the old one

  friend bool operator==(Answer, Answer) = default;
};

/// A number that many goroutines change.
///
/// Laws
///  1. Updates happen one at a time, each on the value that the one before has left.
///  2. An update that refuses leaves the value as it was.
///  3. Who waits for an answer gets that of its own update, and no other.
///  4. Who gives up goes on at once.  Its update may still happen, or may never happen.
///  5. Those who come later are served, whoever gave up before them.
///  6. When a Counter has ended and the update that was under way has returned, no goroutine of it
///     is left.
///
/// Call from any goroutine.
class Counter {
 public:
  /// A counter with this value.  Does not park.
  explicit Counter(int value);
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;
  /// Does not park.
  /// @pre nobody is inside update()
  ~Counter();

  /// Changes the value by `update`.  Parks until that has happened, or until `context` ends.
  /// `update` is the caller's, and may be gone once it has given up: keep a copy.
  /// @return what came of it; nothing when the context ended first
  std::optional<Answer> update(const Update& update, const Context& context = {});

 private:
  struct State;  // yours to define, in counter.cpp
  std::shared_ptr<State> state_;
};

}  // namespace conclave
