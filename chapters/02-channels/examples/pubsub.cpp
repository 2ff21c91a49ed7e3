/// @file
/// Publish and subscribe: each message to all, and one slow subscriber holds up nobody.
#include <string>
#include <vector>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using namespace std::chrono_literals;
using conclave::Chan;
using conclave::make_chan;
using conclave::RecvChan;

//! [hub]
/// Sends each message to all who have subscribed.  Who has no room misses it, and is told later how many it missed.
class Hub {
 public:
  struct Message {
    std::string text;
    int missed_before;
  };

  RecvChan<Message> subscribe(int buffer) {
    subscribers_.push_back({make_chan<Message>(buffer)});
    return subscribers_.back().messages;
  }

  void publish(const std::string& text) {
    for (Subscriber& each : subscribers_) {
      const bool sent = each.messages.try_send({text, each.missed});
      each.missed = sent ? 0 : each.missed + 1;
    }
  }

  void close() {
    for (Subscriber& each : subscribers_) each.messages.close();
  }

 private:
  struct Subscriber {
    Chan<Message> messages;
    int missed = 0;
  };
  std::vector<Subscriber> subscribers_;
};
//! [hub]

int main() {
  conclave::VirtualClock clock;
  conclave::run(
      [] {
        Hub hub;
        conclave::WaitGroup group;
        const auto listen = [&group, &hub](const char* who, auto pause) {
          group.go([who, pause, messages = hub.subscribe(1)] {
            for (const auto& [text, missed] : messages) {
              fmt::print("{:<5} hears {:<5} missed {}\n", who, text, missed);
              conclave::sleep_for(pause);
            }
          });
        };
        listen("quick", 0s);
        listen("slow", 3'500ms);
        for (const char* text : {"one", "two", "three", "four", "five", "six"}) {
          conclave::sleep_for(1s);
          hub.publish(text);
        }
        hub.close();
      },
      {.clock = &clock});
}
