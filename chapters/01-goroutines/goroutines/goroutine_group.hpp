/// @file
/// GoroutineGroup: goroutines that can be ended from outside.
///
/// A goroutine ends when its function returns, and nobody can hurry it.  A group makes the exception that run()
/// makes when main returns: its goroutines are unwound where they are, destructors run, and they never run on.
/// The simulator of a later chapter crashes a machine this way: one group is all that ran on it.
///
///     GoroutineGroup node("node 1");
///     node.go(serve);        // and whatever serve() starts
///     ...
///     node.end();
///
/// Laws
///  1. What a goroutine starts belongs to its group; so does what a timer starts that a member had set.  What is
///     posted through a RunHandle belongs to none, whoever made the handle.  A group that a member makes lies within its
///     group: it has its clock, and is paused and ended with it.
///  2. When end() returns, no member is alive; newest first, everything on their stacks has been destroyed.  Two exceptions,
///     when groups end one another: a member that somebody else is just ending, and one that is itself in the
///     middle of end(), are unwound in their turn.
///  3. end() is one step: until it returns, only members run, and only to be unwound.
///  4. A lock, permits, a turn or a notification that a member had just been given are passed on: nobody waits for the
///     dead.  (A value that was on its way to it is lost.)
///  5. The calls and deadlines that members had set lapse.  The channel of a timer serves whoever else waits for it.
///  6. Destructors never wait: what would park returns at once, with nothing obtained.  So a lock that somebody else
///     holds is not held, though lock() and try_lock() return as if it were; do not look, in a destructor, at
///     what others are in the middle of changing, nor loop until they have changed it.
///  7. Members see the group's clock, by now() and in every deadline they set, and of it laws 1 to 3 of clock.hpp hold.
///  8. While the group is paused, no member takes a turn.  Time goes on, and what happens to members meanwhile they find when
///     the group is resumed.
///
/// What a member holds without a destructor to give it back (a `mutex.lock()` alone) stays held.
/// Call from inside run().  Source: Go has none; for processes, POSIX killpg(2).
#pragma once

#include <cstddef>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "goroutines/clock.hpp"
#include "goroutines/go.hpp"
#include "goroutines/parking.hpp"
#include "goroutines/start.hpp"

namespace conclave {

class GoroutineGroup;

namespace detail {

/// What the scheduler knows about a group.
struct GroupState {
  std::string name;
  GoroutineGroup* handle = nullptr;
  GroupState* outer = nullptr;     // within which it lies
  std::vector<GroupState*> inner;  // that lie within it
  GroupClock clock;
  std::size_t live = 0;  // how many members there are, those of inner groups included
  bool is_paused = false;
  Queue held;  // members whose turn has come while it was

  /// Whether it is `other`, or lies within it.
  [[nodiscard]] bool is_within(const GroupState& other) const noexcept {
    const GroupState* group = this;
    while (group != nullptr && group != &other) group = group->outer;
    return group != nullptr;
  }
  /// The one that keeps its members from taking turns; null when none does.
  [[nodiscard]] GroupState* paused() noexcept {
    GroupState* group = this;
    while (group != nullptr && !group->is_paused) group = group->outer;
    return group;
  }
};

}  // namespace detail

/// Goroutines that can be ended from outside.
class GoroutineGroup {
 public:
  /// An empty group; reports show the name of a member's group before its own.
  explicit GoroutineGroup(std::string name = {});
  /// A machine of its own: it lies within no group, whoever makes it, and its clock differs so from that of run().
  GoroutineGroup(std::string name, GroupClock clock);
  GoroutineGroup(const GoroutineGroup&) = delete;
  GoroutineGroup& operator=(const GoroutineGroup&) = delete;

  /// Ends the members, as end() does.  A member that itself destroys its group lives on, and
  /// belongs to the one within which that lay, or to none.
  ~GoroutineGroup();

  /// Starts `f(args...)` as a member of this group, whatever group the caller is in.  Does not block.
  /// @throws Panic outside run() or for an empty f
  template <class... Args>
  void go(detail::Start<std::type_identity_t<Args>...> f, Args&&... args) {
    start(std::move(f).bind(std::forward<Args>(args)...), {}, f.place());
  }

  /// The same with a name that reports show after the group's.
  template <class... Args>
  void go(Name name, detail::Start<std::type_identity_t<Args>...> f, Args&&... args) {
    start(std::move(f).bind(std::forward<Args>(args)...), std::move(name).text(), f.place());
  }

  /// Unwinds all members.  Does not block, but for functions of blocking() that members wait for: those get 100 ms
  /// in all, and one that does not end by then ends the program with a report.
  /// The group is then empty, and may be used again.  A member that calls it is unwound last, by an exception
  /// that leaves end(); so it must not do so in a destructor.
  /// @throws Panic outside run()
  void end(std::source_location place = std::source_location::current());

  /// No member takes a turn until resume(); one that calls it keeps its own until it parks or yields.  Does not block, and
  /// may be called between two turns.  end() ends members of a paused group, too, and resumes it; so does the end of run() where
  /// it has members.
  /// @throws Panic outside run()
  void pause(std::source_location place = std::source_location::current());

  /// Members take turns again.  Does not block.
  /// @throws Panic outside run()
  void resume(std::source_location place = std::source_location::current());

  [[nodiscard]] bool is_paused() const noexcept { return state_.is_paused; }

  /// Whether the turn of a member has come while it was paused.  Does not block.
  [[nodiscard]] bool holds_members() const noexcept { return !state_.held.empty(); }

  /// How many members are alive, those of groups within it included.  Does not block.
  [[nodiscard]] std::size_t size() const noexcept { return state_.live; }

 private:
  void start(detail::Task&& task, std::string&& name, std::source_location place);

  detail::GroupState state_;
};

}  // namespace conclave
