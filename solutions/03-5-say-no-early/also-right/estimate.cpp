// Asks of each call whether it would be answered before its own deadline; those who wait stand in a list, each with a bell.
#include <algorithm>
#include <list>
#include <optional>

#include "front_desk.hpp"

namespace conclave {

struct FrontDesk::State {
  struct Caller {
    Chan<Signal> bell = make_chan<Signal>(1);
  };

  int handlers;
  Duration work_max;
  Duration patience;
  int busy = 0;
  std::list<Caller> line{};

  /// When a call that comes now is answered at the latest, from now.
  [[nodiscard]] Duration answered_within() const {
    const auto rounds_before = static_cast<int>(line.size()) / handlers + 1;
    return (rounds_before + 1) * work_max;
  }

  /// A handler has nothing to do any more: the first in line gets it.
  void give_back() {
    if (line.empty()) {
      --busy;
      return;
    }
    line.front().bell.send({});
    line.pop_front();
  }
};

FrontDesk::FrontDesk(int handlers, Duration work_max, Duration patience)
    : state_(new State{handlers, work_max, patience}) {}

FrontDesk::~FrontDesk() = default;

Status FrontDesk::serve(const Context& context, const std::function<void()>& work) {
  if (!context.status().ok()) return context.status();
  if (state_->busy < state_->handlers) {
    ++state_->busy;
  } else {
    const std::optional<TimePoint> deadline = context.deadline();
    const Duration left =
        deadline ? std::min(*deadline - now(), state_->patience) : state_->patience;
    if (state_->answered_within() > left) {
      return Status::resource_exhausted("the answer would come too late");
    }
    const auto me = state_->line.emplace(state_->line.end());
    const Chan<Signal> bell = me->bell;
    if (select(recv(bell), recv(context.done())) == 1) {
      if (bell.len() == 0) {
        state_->line.erase(me);
      } else {
        state_->give_back();
      }
      return context.status();
    }
  }
  const Status status = context.status();
  if (status.ok()) work();
  state_->give_back();
  return status;
}

std::size_t FrontDesk::waiting() const { return state_->line.size(); }

}  // namespace conclave
