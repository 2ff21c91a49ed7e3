// Exercise 2.8: the laws of chan.hpp, in the order in which a channel grows; the last ones in many
// random orders, for the mutex of this exercise gives the processor away at every turn.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "chan.hpp"
#include "goroutines/goroutines.hpp"
#include "support/apart.hpp"
#include "testing/expect.hpp"
#include "testing/seed.hpp"

namespace conclave::own {
namespace {

using namespace std::chrono_literals;
using Values = std::vector<int>;

/// A channel that outlives the run in which it is made: when a test ends, some may still wait on it.
template <class T = int>
Chan<T>& channel(std::size_t capacity = 0) {
  static std::vector<std::unique_ptr<Chan<T>>> made;
  return *made.emplace_back(std::make_unique<Chan<T>>(capacity));
}

/// Runs `body` as the main goroutine, on a clock that jumps, in the standard order.  Who waits without parking ends the test.
void in_virtual_time(const std::function<void()>& body) {
  must_come_to_rest("who waits is parked (law 2)",
                    "it was still running when a second of the processor's time was used up", [&] {
                      VirtualClock clock;
                      run(body, {.clock = &clock});
                    });
}

/// The same in the standard order and in 100 random ones, up to the first in which the test fails.
void in_every_order(const std::function<void()>& body) {
  in_virtual_time(body);
  must_come_to_rest("who waits is parked (law 2)",
                    "it was still running when a second of the processor's time was used up", [&] {
                      for_each_seed(100, [&](std::uint64_t seed) {
                        VirtualClock clock;
                        run(body, {.clock = &clock, .order = Order::random, .seed = seed});
                      });
                    });
}

/// On the virtual clock: returns when every other goroutine has ended, is parked, or sleeps longer.
void let_the_others_park() { sleep_for(1s); }

auto minutes_now() { return now().time_since_epoch() / 1min; }

bool panics(const std::function<void()>& f) {
  try {
    f();
    return false;
  } catch (const Panic&) {
    return true;
  }
}

std::string told(const std::optional<int>& value) {
  return value ? fmt::format("{}", *value) : "nothing";
}

TEST(Channel, KeepsTheOrderOfTheValues) {
  in_virtual_time([] {
    const Claim law = announce("a buffer takes as many values as it has room for");
    Chan<int>& numbers = channel(3);

    for (const int number : {1, 2, 3}) numbers.send(number);
    const std::size_t len = numbers.len();
    Values came;
    for (int i = 0; i < 3; ++i) came.push_back(numbers.recv().value_or(-1));

    must_hold(law, len == 3 && numbers.cap() == 3,
              "three values were sent to a channel of capacity 3\nlen is {} and cap is {}", len,
              numbers.cap());
    must_hold("values are received in the order of their sends (law 1)", came == Values{1, 2, 3},
              "1, 2 and 3 were sent, and then received: {}", came);
  });
}

TEST(Channel, ParksAReceiverUntilAValueComes) {
  in_virtual_time([] {
    const Claim law = announce("a receive returns when it has its value (law 2)");
    Chan<int>& numbers = channel(1);
    go([&numbers] {
      sleep_for(5min);
      numbers.send(7);
    });

    const std::optional<int> came = numbers.recv();

    must_hold(law, came == 7 && minutes_now() == 5,
              "the channel is empty, and a 7 is sent after 5 min\nrecv returned {} after {} min",
              told(came), minutes_now());
  });
}

TEST(Channel, ParksASenderWhileTheBufferIsFull) {
  in_virtual_time([] {
    const Claim law =
        announce("a send returns when its value has a place in the buffer, and not before (law 2)");
    Chan<int>& numbers = channel(2);
    std::vector<std::string> sent;
    go([&] {
      for (int i = 1; i <= 3; ++i) {
        numbers.send(i);
        sent.push_back(fmt::format("{} at {} min", i, minutes_now()));
      }
    });

    sleep_for(5min);
    const std::size_t len = numbers.len();
    const std::optional<int> first = numbers.recv();
    sleep_for(1min);

    must_hold(law,
              sent == std::vector<std::string>{"1 at 0 min", "2 at 0 min", "3 at 5 min"} &&
                  len == 2 && first == 1,
              "three values are sent to a channel of capacity 2, and one is received after 5 min\n"
              "the sends returned: {}; len was {}, and {} was received",
              fmt::join(sent, ", "), len, told(first));
  });
}

TEST(Channel, UnbufferedHandsTheValueOver) {
  in_virtual_time([] {
    const Claim law =
        announce("an unbuffered send returns when a receiver has come for its value (law 2)");
    Chan<int>& numbers = channel();
    std::vector<std::string> log;
    go([&] {
      numbers.send(1);
      log.push_back(fmt::format("send returned at {} min", minutes_now()));
    });

    sleep_for(5min);
    const std::size_t len = numbers.len();
    const std::optional<int> came = numbers.recv();
    let_the_others_park();

    must_hold(law, log == std::vector<std::string>{"send returned at 5 min"} && came == 1,
              "a 1 is sent at 0 min, and the first receiver comes at 5 min and has {}\n{}",
              told(came), log.empty() ? "send has not returned" : log.front());
    must_hold("an unbuffered channel holds nothing", len == 0 && numbers.cap() == 0,
              "while the sender waited len was {} and cap {}", len, numbers.cap());
  });
}

TEST(Channel, UnbufferedMayBeginWithTheReceiver) {
  in_virtual_time([] {
    const Claim law = announce("a send that finds a receiver waiting passes");
    Chan<int>& numbers = channel();
    Values came;
    for (int i = 0; i < 3; ++i) {
      go([&] { came.push_back(numbers.recv().value_or(-1)); });
    }
    let_the_others_park();

    bool sent = false;
    go([&] {
      for (const int number : {1, 2, 3}) numbers.send(number);
      sent = true;
    });
    let_the_others_park();
    std::ranges::sort(came);

    must_hold(law, sent && came == Values{1, 2, 3},
              "three receivers wait, and three values are sent\nreceived were {}, and {}", came,
              sent ? "the sends returned" : "a send still waits");
  });
}

TEST(Channel, ClosedGivesWhatItHoldsAndThenTheEnd) {
  in_virtual_time([] {
    const Claim law =
        announce("what lies in the buffer can still be received, then every receive ends (law 4)");
    Chan<int>& numbers = channel(3);
    numbers.send(1);
    numbers.send(2);

    numbers.close();
    std::vector<std::string> came;
    for (int i = 0; i < 4; ++i) came.push_back(told(numbers.recv()));

    must_hold(law, came == std::vector<std::string>{"1", "2", "nothing", "nothing"},
              "1 and 2 were sent, then the channel was closed\nfour receives had: {}",
              fmt::join(came, ", "));
  });
}

TEST(Channel, CloseEndsEveryReceiver) {
  in_virtual_time([] {
    const Claim law = announce("when the channel is closed all receivers that wait end (law 4)");
    for (const std::size_t capacity : {0U, 2U}) {
      Chan<int>& numbers = channel(capacity);
      int ended = 0;
      for (int i = 0; i < 3; ++i) {
        go([&] {
          if (!numbers.recv()) ++ended;
        });
      }
      let_the_others_park();

      numbers.close();
      let_the_others_park();

      if (!must_hold(law, ended == 3,
                     "three wait on a channel of capacity {}, which is closed\n{} of them ended",
                     capacity, ended)) {
        return;
      }
    }
  });
}

TEST(Channel, CloseIsAPanicForEverySender) {
  in_virtual_time([] {
    const Claim law = announce("a send that waits when the channel is closed panics (law 5)");
    for (const std::size_t capacity : {0U, 2U}) {
      Chan<int>& numbers = channel(capacity);
      for (std::size_t i = 0; i < capacity; ++i) numbers.send(1);
      int returned = 0;
      int panicked = 0;
      for (int i = 0; i < 3; ++i) {
        go([&] { panics([&] { numbers.send(2); }) ? ++panicked : ++returned; });
      }
      let_the_others_park();

      numbers.close();
      std::size_t received = 0;
      while (numbers.recv()) ++received;
      let_the_others_park();

      if (!must_hold(law, panicked == 3 && returned == 0,
                     "three wait on a full channel of capacity {}, which is closed\n"
                     "{} of them panicked, {} returned as if all were well, {} still wait",
                     capacity, panicked, returned, 3 - panicked - returned)) {
        return;
      }
      if (!must_hold("nobody receives the value of a send that panicked", received == capacity,
                     "{} lay in the buffer when the channel was closed, and {} were received",
                     capacity, received)) {
        return;
      }
    }
  });
}

TEST(Channel, ClosedPanicsAndStaysAsItIs) {
  in_virtual_time([] {
    const Claim law = announce("sending on a closed channel and closing it again panic (law 5)");
    Chan<int>& numbers = channel(3);
    numbers.send(1);
    numbers.close();

    const bool send_panics = panics([&] { numbers.send(2); });
    const bool close_panics = panics([&] { numbers.close(); });
    const std::optional<int> first = numbers.recv();
    const std::optional<int> second = numbers.recv();

    must_hold(law, send_panics && close_panics, "{} returned as if all were well",
              send_panics ? "the second close" : "the send");
    must_hold("and they change nothing (law 5)", first == 1 && !second,
              "1 was sent before the close and 2 after it\nreceived were {} and {}", told(first),
              told(second));
  });
}

TEST(Channel, CarriesWhatCannotBeCopied) {
  in_virtual_time([] {
    const Claim law = announce("a value is moved through the channel");
    for (const std::size_t capacity : {0U, 1U}) {
      auto& boxes = channel<std::unique_ptr<int>>(capacity);
      const int* address = nullptr;
      go([&] {
        auto box = std::make_unique<int>(7);
        address = box.get();
        boxes.send(std::move(box));
        boxes.close();
      });

      const auto came = boxes.recv();
      const auto end = boxes.recv();

      if (!must_hold(law, came && came->get() == address && !end,
                     "a box was sent through a channel of capacity {}\n{}", capacity,
                     came ? "what came is not that box" : "nothing came")) {
        return;
      }
    }
  });
}

TEST(Channel, KeepsToItsCapacity) {
  in_every_order([] {
    const Claim law = announce("no more values have a place than there are places (law 2)");
    for (const std::size_t capacity : {0U, 1U, 3U}) {
      Chan<int>& numbers = channel(capacity);
      std::size_t sent = 0;
      for (int i = 0; i < 6; ++i) {
        go([&] {
          numbers.send(1);
          ++sent;
        });
      }

      let_the_others_park();

      if (!must_hold(
              law, sent == capacity,
              "six goroutines send at once to a channel of capacity {}, and nobody receives\n"
              "{} sends returned",
              capacity, sent)) {
        return;
      }
    }
  });
}

TEST(Channel, ServesReceiversFirstComeFirstServed) {
  in_every_order([] {
    const Claim law = announce("receivers are served first come, first served (law 3)");
    for (const std::size_t capacity : {0U, 2U}) {
      Chan<int>& numbers = channel(capacity);
      std::vector<int> served(4, -1);
      for (int i = 0; i < 4; ++i) {
        go([&, i] {
          sleep_for(i * 1min);
          const int value = numbers.recv().value_or(-1);
          if (value >= 0) served.at(static_cast<std::size_t>(value)) = i;
        });
      }
      sleep_for(10min);

      for (int i = 0; i < 4; ++i) numbers.send(i);
      let_the_others_park();

      if (!must_hold(law, served == Values{0, 1, 2, 3},
                     "receivers 0, 1, 2 and 3 come in this order, then four values are sent "
                     "(capacity {})\n"
                     "the values went to receivers {}",
                     capacity, fmt::join(served, ", "))) {
        return;
      }
    }
  });
}

TEST(Channel, ServesSendersFirstComeFirstServed) {
  in_every_order([] {
    const Claim law = announce("senders are served first come, first served (law 3)");
    for (const std::size_t capacity : {0U, 2U}) {
      Chan<int>& numbers = channel(capacity);
      int returned = 0;
      for (int i = 0; i < 5; ++i) {
        go([&, i] {
          sleep_for(i * 1min);
          numbers.send(i);
          ++returned;
        });
      }
      sleep_for(10min);

      Values came;
      for (int i = 0; i < 5; ++i) came.push_back(numbers.recv().value_or(-1));
      let_the_others_park();

      if (!must_hold(law, came == Values{0, 1, 2, 3, 4},
                     "five goroutines send their numbers, and come in this order (capacity {})\n"
                     "received were {}",
                     capacity, came) ||
          !must_hold("a send returns when its value has a receiver (law 2)", returned == 5,
                     "five goroutines send to a channel of capacity {}, and all five values were "
                     "received\n{} of the sends returned, the others still wait",
                     capacity, returned)) {
        return;
      }
    }
  });
}

TEST(Channel, NobodyOvertakesOneThatWasWoken) {
  in_every_order([] {
    const Claim law = announce("a newcomer does not get the value of one who waits (law 3)");
    for (const std::size_t capacity : {1U, 2U}) {
      Chan<int>& numbers = channel(capacity);
      std::optional<int> first;
      go([&] { first = numbers.recv(); });
      let_the_others_park();

      numbers.send(1);
      go([&] { numbers.send(2); });
      const std::optional<int> second = numbers.recv();
      let_the_others_park();

      if (!must_hold(law, first == 1 && second == 2,
                     "a receiver waits, main sends 1 and at once receives itself; then 2 is sent "
                     "(capacity {})\nthe one that waited had {}, main had {}",
                     capacity, told(first), told(second))) {
        return;
      }
    }
  });
}

TEST(Channel, LosesAndDoublesNothing) {
  in_every_order([] {
    const Claim law = announce("what was sent is received, once (law 1)");
    for (const std::size_t capacity : {0U, 1U, 3U}) {
      constexpr int kSenders = 3;
      constexpr int kEach = 5;
      Chan<int>& numbers = channel(capacity);
      std::vector<Values> came(2);
      WaitGroup senders;
      int ended = 0;
      for (int sender = 0; sender < kSenders; ++sender) {
        senders.go([&numbers, sender] {
          for (int i = 0; i < kEach; ++i) numbers.send(100 * sender + i);
        });
      }
      for (Values& own : came) {
        go([&] {
          while (const auto value = numbers.recv()) own.push_back(*value);
          ++ended;
        });
      }
      go([&] {
        senders.wait();
        numbers.close();
      });
      sleep_for(1h);

      Values sent;
      for (int sender = 0; sender < kSenders; ++sender) {
        for (int i = 0; i < kEach; ++i) sent.push_back(100 * sender + i);
      }
      Values all = came[0];
      all.insert(all.end(), came[1].begin(), came[1].end());
      std::ranges::sort(all);
      if (!must_hold(law, all == sent && ended == 2,
                     "three goroutines send {} values through a channel of capacity {}, then it is "
                     "closed\n"
                     "two others have received {} of them, and {} of the two came to the end",
                     sent.size(), capacity, all.size(), ended)) {
        return;
      }
    }
  });
}

}  // namespace
}  // namespace conclave::own
