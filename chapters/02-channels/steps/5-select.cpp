/// @file
/// Select: one waiter serves two kitchens, and takes whichever plate comes first.
///
/// Watch for t=2: both cooks find the same waiter waiting. One hands its plate over; the other has to see that this
/// waiter is no longer free. (Buffer and close are left out here; they change nothing about it.)
#include <chrono>
#include <cstddef>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "common/random.hpp"
#include "goroutines/goroutines.hpp"

using namespace std::chrono_literals;
using conclave::sleep_for;
using conclave::WaitGroup;
using std::chrono::minutes;

void say(const char* who, const std::string& what) {
  const auto now = std::chrono::duration_cast<minutes>(conclave::now().time_since_epoch());
  fmt::print("t={} min  {:<6} {}\n", now.count(), who, what);
}

//! [claim]
/// A goroutine that waits, at one channel or at several.
struct Choice {
  Choice() { bell.add(1); }

  int chosen = -1;  // the channel through which it was claimed; -1 while it is free
  WaitGroup bell;
};

/// Its place in the queue of one channel.
struct Waiter {
  Choice& choice;
  int index;  // of the channel, in its list
  int plate = 0;
};

/// Claims the one who waits longest and is free; null when there is none.
Waiter* claim_first(const std::list<Waiter*>& queue) {
  for (Waiter* waiter : queue) {
    if (waiter->choice.chosen != -1) continue;  // somebody else was quicker
    waiter->choice.chosen = waiter->index;
    return waiter;
  }
  return nullptr;
}
//! [claim]

struct Chan {
  std::list<Waiter*> senders;
  std::list<Waiter*> receivers;

  bool can_recv() const {
    for (const Waiter* sender : senders) {
      if (sender->choice.chosen == -1) return true;
    }
    return false;
  }
};

void send(Chan& chan, int plate) {
  if (Waiter* receiver = claim_first(chan.receivers)) {
    receiver->plate = plate;
    receiver->choice.bell.done();
    return;
  }
  Choice self;
  Waiter here{self, 0, plate};
  chan.senders.push_back(&here);
  self.bell.wait();  // parks
  chan.senders.remove(&here);
}

conclave::Random dice(1);

//! [select]
/// Receives from one of the channels.
/// @return its index, and the plate
std::pair<int, int> select(const std::vector<Chan*>& chans) {
  // 1. Is one ready?  Among several, all are equally likely.
  std::vector<int> ready;
  for (int i = 0; i < std::ssize(chans); ++i) {
    if (chans[i]->can_recv()) ready.push_back(i);
  }
  if (!ready.empty()) {
    const int chosen = ready[dice.below(ready.size())];
    Waiter* sender = claim_first(chans[chosen]->senders);
    sender->choice.bell.done();
    return {chosen, sender->plate};
  }
  // 2. None is: stand in all queues, and park.
  Choice self;
  std::list<Waiter> here;
  for (Chan* chan : chans) {
    here.push_back({self, static_cast<int>(here.size())});
    chan->receivers.push_back(&here.back());
  }
  self.bell.wait();
  // 3. Leave all queues again.
  std::pair<int, int> received{self.chosen, 0};
  for (Waiter& waiter : here) {
    chans[waiter.index]->receivers.remove(&waiter);
    if (waiter.index == self.chosen) received.second = waiter.plate;
  }
  return received;
}
//! [select]

//! [main]
int main() {
  conclave::VirtualClock clock;
  conclave::run(
      [] {
        Chan hot;
        Chan cold;
        WaitGroup group;
        const auto cook = [&group](Chan& chan, int first_plate) {
          group.go([&chan, first_plate] {
            for (int plate = first_plate; plate < first_plate + 3; ++plate) {
              sleep_for(2min);
              send(chan, plate);
            }
          });
        };
        cook(hot, 11);
        cook(cold, 21);
        for (int i = 0; i < 6; ++i) {
          const auto [kitchen, plate] = select({&hot, &cold});
          say("waiter", fmt::format("takes plate {} from the {} kitchen", plate,
                                    kitchen == 0 ? "hot" : "cold"));
          sleep_for(1min);
        }
      },
      {.clock = &clock});
}
//! [main]
