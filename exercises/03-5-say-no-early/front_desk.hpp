/// @file
/// Exercise 3.5: a queue that says no while it still helps.
///
/// Laws
///  1. At most `handlers` pieces of work are done at a time.  While a call waits no handler is idle, and the one that has
///     waited longest is next.
///  2. Under any load, the work that is done within `patience` of its call is at least 90 % of what the handlers can do,
///     or all that was asked for.
///  3. A burst at an idle desk is not refused: half as many calls as the handlers can answer within `patience`, all at once.
///  4. Every call is answered: its work was done; or it is refused at once, or its context has ended, and then nothing of
///     its work was done.
///  5. A call whose context ends while it waits returns in that moment, and its place is free.
///
/// Source: Google, "Site Reliability Engineering" (2016), chapter 22, "Queue Management" and "Load Shedding".
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "channels/channels.hpp"
#include "common/status.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {

/// The desk before a number of handlers.  Used by the goroutines of one run().
class FrontDesk {
 public:
  /// Opens, with nobody there.
  /// @param handlers   how many pieces of work can be done at a time; at least 1
  /// @param work_max   how long one takes at most
  /// @param patience   how long a caller waits for its answer; at least twice `work_max`
  FrontDesk(int handlers, Duration work_max, Duration patience);
  FrontDesk(const FrontDesk&) = delete;
  FrontDesk& operator=(const FrontDesk&) = delete;
  ~FrontDesk();

  /// Does `work` in the caller's goroutine when a handler is free for it.  Parks until it is done, or until `context` ends
  /// while the call waits for a handler.  Work that has begun is finished.
  /// @param work   may park, and throws nothing
  /// @return ok, when the work was done; the status of `context`, when it has ended before that began;
  ///   resource_exhausted, without parking, when those who wait leave it no time
  Status serve(const Context& context, const std::function<void()>& work);

  /// How many calls wait for a handler.
  [[nodiscard]] std::size_t waiting() const;

 private:
  struct State;  // yours to say, in front_desk.cpp
  std::unique_ptr<State> state_;
};

}  // namespace conclave
