#include "ticket_office.hpp"

#include <algorithm>

namespace conclave {

struct TicketOffice::State {
  Duration every;
  int burst;
  Chan<Signal> counter = make_chan<Signal>(1);  // who stands there waits for the clock
  TimePoint full_at{};  // when there will be `burst` tickets again, if nobody comes

  /// When the next ticket is there.
  [[nodiscard]] TimePoint next() const { return full_at + every - burst * every; }
};

TicketOffice::TicketOffice(Duration every, int burst) : state_(new State{every, burst}) {}

TicketOffice::~TicketOffice() = default;

Status TicketOffice::take(const Context& context) {
  State& my = *state_;
  const int there = select(send(my.counter, Signal{}), recv(context.done()));
  if (there == 1) return context.status();

  if (my.next() > now()) select(recv(context.done()), timeout(my.next() - now()));
  const Status status = context.status();
  if (status.ok()) my.full_at = std::max(my.full_at, now()) + my.every;
  my.counter.recv();
  return status;
}

}  // namespace conclave
