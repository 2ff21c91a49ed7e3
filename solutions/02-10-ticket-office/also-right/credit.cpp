// Credit in nanoseconds, counted when somebody comes; a ticket costs `every`.  The queue is a list
// of bells, and its first stands at the counter.
#include <algorithm>
#include <list>

#include "ticket_office.hpp"

namespace conclave {

struct TicketOffice::State {
  Duration every;
  int burst;
  Duration credit = burst * every;  // a ticket costs `every`
  TimePoint counted{};              // the time up to which credit is counted
  std::list<Chan<Signal>> queue{};  // who waits, each with a bell; the first stands at the counter

  void count() {
    credit = std::min(credit + (now() - counted), burst * every);
    counted = now();
  }

  void leave(std::list<Chan<Signal>>::iterator place) {
    const bool was_first = place == queue.begin();
    queue.erase(place);
    if (was_first && !queue.empty()) queue.front().close();
  }
};

TicketOffice::TicketOffice(Duration every, int burst) : state_(new State{every, burst}) {}

TicketOffice::~TicketOffice() = default;

Status TicketOffice::take(const Context& context) {
  State& my = *state_;
  const auto place = my.queue.insert(my.queue.end(), make_chan<Signal>());
  if (place == my.queue.begin()) place->close();
  select(recv(*place), recv(context.done()));

  my.count();
  while (context.status().ok() && place == my.queue.begin() && my.credit < my.every) {
    select(recv(context.done()), timeout(my.every - my.credit));
    my.count();
  }
  if (context.status().ok()) my.credit -= my.every;
  my.leave(place);
  return context.status();
}

}  // namespace conclave
