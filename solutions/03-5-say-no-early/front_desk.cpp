#include "front_desk.hpp"

#include <fmt/format.h>

namespace conclave {

struct FrontDesk::State {
  Chan<Signal> idle;  // a value for each handler that has nothing to do
  std::size_t waiting_max;
  std::size_t waiting = 0;
};

FrontDesk::FrontDesk(int handlers, Duration work_max, Duration patience) {
  // Of the rounds that patience has time for, the last is the caller's own work.
  const auto rounds_before = static_cast<std::size_t>(patience / work_max - 1);
  const std::size_t waiting_max = static_cast<std::size_t>(handlers) * rounds_before;
  state_.reset(new State{make_chan<Signal>(handlers), waiting_max});
  for (int i = 0; i < handlers; ++i) state_->idle.send({});
}

FrontDesk::~FrontDesk() = default;

Status FrontDesk::serve(const Context& context, const std::function<void()>& work) {
  if (!context.status().ok()) return context.status();

  if (!state_->idle.try_recv()) {
    if (state_->waiting >= state_->waiting_max) {
      return Status::resource_exhausted(
          fmt::format("{} calls wait, and no more may", state_->waiting),
          "nothing was done; try again later, or elsewhere");
    }
    ++state_->waiting;
    const int chosen = select(recv(state_->idle), recv(context.done()));
    --state_->waiting;
    if (chosen == 1) return context.status();
  }

  const Status status = context.status();  // may have ended in the moment when the handler came
  if (status.ok()) work();
  state_->idle.send({});
  return status;
}

std::size_t FrontDesk::waiting() const { return state_->waiting; }

}  // namespace conclave
