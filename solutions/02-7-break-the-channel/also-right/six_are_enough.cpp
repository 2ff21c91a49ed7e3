// Six of the nine with one goroutine beside main, and no clock: what is ready now, and what a
// deadlock report tells.
#include "channel_tests.hpp"

namespace conclave::suspect {
namespace {

/// A buffered channel, alone: sends pass while there is room, then the values come, then the end.
void alone_with_a_buffer() {
  const Chan numbers = make_chan(2);
  numbers.send(1);
  numbers.send(2);  // where a place is missing, here is the deadlock
  expect(select(send(numbers, 3), otherwise()) == 1, "no third place");
  numbers.close();
  int sum = 0;
  for (const int number : numbers) sum += number;
  expect(sum == 3, "both values come before the end");
}

/// Ping and pong, each with a choice.
void ping_pong() {
  const Chan ping = make_chan();
  const Chan pong = make_chan();
  go([ping, pong] {
    for (const int number : ping) select(send(pong, number), send(pong, number));
    pong.close();
  });
  for (int i = 0; i < 10; ++i) {
    yield();  // so that the other may come to an empty channel
    ping.send(i);
    std::optional<int> answer;
    select(recv(pong, answer), recv(ping, answer));
    expect(answer == i, "the answer to each ping is its number");
  }
  ping.close();
  expect(!pong.recv(), "the end of ping is the end of pong");
}

void each_has_a_chance() {
  const Chan one = make_chan(1);
  bool sent = false;
  bool received = false;
  one.send(0);
  for (int i = 0; i < 200; ++i) {
    const Chan other = make_chan(1);
    if (select(recv(one), send(other, 0)) == 0) {
      received = true;
      one.send(0);
    } else {
      sent = true;
    }
  }
  expect(sent && received, "none of two ready cases loses two hundred times");
}

}  // namespace

std::vector<ChannelTest> channel_tests() {
  return {{"alone with a buffer", alone_with_a_buffer},
          {"ping pong", ping_pong},
          {"each has a chance", each_has_a_chance}};
}

}  // namespace conclave::suspect
