/// @file
/// Exercise 2.10: a limit on how often something may happen.
///
/// Laws
///  1. In any stretch of time of length t, both ends included, at most burst + t / every tickets are given out (rounded
///     down), wherever it begins.
///  2. Nobody waits longer than the first law wants.
///  3. First come, first served.
///  4. Whoever gives up takes no ticket: those behind move up.
///  5. An office that nobody comes to does nothing: no goroutine runs for it, and no timer.
#pragma once

#include <memory>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {

/// Gives out tickets, one `every` so often, and up to `burst` at once after a quiet time.
class TicketOffice {
 public:
  /// Opens with `burst` tickets.
  /// @pre every > 0, burst >= 1, and the office outlives whoever waits in it
  TicketOffice(Duration every, int burst);
  TicketOffice(const TicketOffice&) = delete;
  TicketOffice& operator=(const TicketOffice&) = delete;
  ~TicketOffice();

  /// Takes a ticket; parks until there is one, and everybody who came before has been served or has given up.
  /// @return ok; or the status of `context` when it has ended, before the call or meanwhile: then no ticket is taken
  Status take(const Context& context = {});

 private:
  struct State;  // yours to say, in ticket_office.cpp
  std::unique_ptr<State> state_;
};

}  // namespace conclave
