#include "channel_tests.hpp"

#include <chrono>

namespace conclave::suspect {
namespace {

using namespace std::chrono_literals;

/// On the virtual clock: returns when every other goroutine has ended or is parked.
void let_the_others_park() { sleep_for(1s); }

/// Whether a receive finds anything, a value or the end, within a second.
bool something_comes(const Chan& channel) { return select(recv(channel), timeout(1s)) == 0; }

void a_buffer_holds_its_capacity() {
  const Chan numbers = make_chan(3);
  int sent = 0;
  go([&, numbers] {
    for (int i = 0; i < 4; ++i) {
      numbers.send(i);
      ++sent;
    }
  });
  let_the_others_park();
  expect(sent == 3 && numbers.len() == 3, "three sends pass, and the fourth waits");
  for (int i = 0; i < 4; ++i) expect(numbers.recv() == i, "values come in the order of the sends");
}

void close_keeps_what_was_sent() {
  const Chan numbers = make_chan(2);
  go([numbers] {
    numbers.send(1);
    numbers.send(2);
    numbers.close();
  });
  let_the_others_park();
  expect(numbers.recv() == 1 && numbers.recv() == 2, "what was sent before can be received");
  expect(!numbers.recv() && !numbers.recv(), "then every receive ends at once");
}

void close_panics_a_parked_sender() {
  const Chan numbers = make_chan();
  bool panicked = false;
  go([&, numbers] {
    try {
      numbers.send(1);
    } catch (const Panic&) {
      panicked = true;
    }
  });
  let_the_others_park();
  numbers.close();
  let_the_others_park();
  expect(panicked, "nobody has taken the value, and the sender learns it");
}

void receivers_are_served_first_come() {
  const Chan numbers = make_chan();
  std::vector<int> came;
  std::vector<int> served(3);
  for (int i = 0; i < 3; ++i) {
    go([&, numbers, i] {
      came.push_back(i);
      served[static_cast<std::size_t>(numbers.recv().value())] = i;
    });
  }
  let_the_others_park();
  for (int i = 0; i < 3; ++i) numbers.send(i);
  let_the_others_park();
  expect(served == came, "who waits longest gets the first value");
}

void a_range_ends_at_the_close() {
  const Chan numbers = make_chan();
  int sum = 0;
  bool ended = false;
  go([&, numbers] {
    for (const int number : numbers) sum += number;
    ended = true;
  });
  for (const int number : {1, 2}) {
    let_the_others_park();
    expect(!ended, "a range-for waits while the channel is empty");
    numbers.send(number);
  }
  numbers.close();
  let_the_others_park();
  expect(ended && sum == 3, "and ends when it is closed");
}

void no_ready_case_is_forgotten() {
  const Chan left = make_chan();
  const Chan right = make_chan();
  left.close();
  right.close();
  std::vector<int> count(2);
  for (int i = 0; i < 100; ++i) ++count[static_cast<std::size_t>(select(recv(left), recv(right)))];
  expect(count[0] > 0 && count[1] > 0, "both are ready, and each is chosen now and then");
}

void a_timed_out_send_sends_nothing() {
  const Chan numbers = make_chan();
  expect(select(send(numbers, 1), timeout(1s)) == 1, "nobody receives, so it times out");
  expect(!something_comes(numbers), "and its value cannot be received afterwards");
}

void two_selects_meet() {
  const Chan numbers = make_chan();
  const Chan quiet = make_chan();
  const Chan nobody = make_chan();
  std::optional<int> value;
  go([&] { select(recv(quiet), recv(numbers, value)); });
  let_the_others_park();
  expect(select(send(numbers, 1), send(nobody, 2), timeout(1s)) == 0, "a receiver waits");
  let_the_others_park();
  expect(value == 1, "and it gets the value");
}

void a_channel_may_be_there_twice() {
  const Chan numbers = make_chan();
  std::optional<int> first;
  std::optional<int> second;
  go([&] { select(recv(numbers, first), recv(numbers, second)); });
  let_the_others_park();
  expect(select(send(numbers, 1), timeout(1s)) == 0, "it is a receiver like any other");
  let_the_others_park();
  expect(first.has_value() != second.has_value(), "one of its two cases has received");
}

}  // namespace

std::vector<ChannelTest> channel_tests() {
  return {
      {"a buffer holds its capacity", a_buffer_holds_its_capacity},
      {"close keeps what was sent", close_keeps_what_was_sent},
      {"close panics a parked sender", close_panics_a_parked_sender},
      {"receivers are served first come", receivers_are_served_first_come},
      {"a range ends at the close", a_range_ends_at_the_close},
      {"no ready case is forgotten", no_ready_case_is_forgotten},
      {"a timed-out send sends nothing", a_timed_out_send_sends_nothing},
      {"two selects meet", two_selects_meet},
      {"a channel may be there twice", a_channel_may_be_there_twice},
  };
}

}  // namespace conclave::suspect
