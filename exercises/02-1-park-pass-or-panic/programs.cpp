#include "programs.hpp"

#include <chrono>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {

using namespace std::chrono_literals;

namespace {

//! [channels]
Chan<int> nil() { return {}; }

Chan<int> unbuffered() { return make_chan<int>(); }

Chan<int> with_room() { return make_chan<int>(1); }

Chan<int> full() {
  Chan<int> channel = make_chan<int>(1);
  channel.send(7);
  return channel;
}

Chan<int> closed_with_two_left() {
  Chan<int> channel = make_chan<int>(3);
  channel.send(7);
  channel.send(8);
  channel.close();
  return channel;
}

Chan<int> closed() {
  Chan<int> channel = make_chan<int>(3);
  channel.close();
  return channel;
}
//! [channels]

}  // namespace

//! [alone]
void unbuffered_send() { unbuffered().send(1); }
void room_send() { with_room().send(1); }
void full_send() { full().send(1); }

void left_receive() { tell(closed_with_two_left().recv()); }
void closed_receive() { tell(closed().recv()); }
void left_send() { closed_with_two_left().send(1); }
void closed_close() { closed().close(); }

void nil_send() { nil().send(1); }
void nil_receive() { tell(nil().recv()); }
void nil_close() { nil().close(); }
//! [alone]

//! [sender-waits]
void sender_waits() {
  Chan<int> channel = full();
  go([channel] {
    sleep_for(1s);
    channel.close();
  });
  channel.send(1);  // this one
}
//! [sender-waits]

//! [receiver-waits]
void receiver_waits() {
  Chan<int> channel = unbuffered();
  go([channel] {
    sleep_for(1s);
    channel.close();
  });
  tell(channel.recv());  // this one
}
//! [receiver-waits]

}  // namespace conclave
