/// @file
/// Exercise 2.1: twelve programs, each the main goroutine of a run of its own on a virtual clock.
#pragma once

#include <optional>

namespace conclave {

/// Prints what a receive has returned.  Does not park.
void tell(std::optional<int> received);

void unbuffered_send();
void room_send();
void full_send();
void left_receive();
void closed_receive();
void left_send();
void closed_close();
void nil_send();
void nil_receive();
void nil_close();
void sender_waits();
void receiver_waits();

}  // namespace conclave
