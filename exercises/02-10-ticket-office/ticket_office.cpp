#include "ticket_office.hpp"

#include "common/todo.hpp"

namespace conclave {

struct TicketOffice::State {
  Duration every;
  int burst;
};

TicketOffice::TicketOffice(Duration every, int burst) : state_(new State{every, burst}) {}

TicketOffice::~TicketOffice() = default;

Status TicketOffice::take(const Context& context) {
  todo("2.10: take, not too early and not too late");
}

}  // namespace conclave
