// The doorkeeper has a thread of its own, and says of a client only which key it has; who that is, the door looks up.
#include <string>
#include <thread>

#include "door.hpp"

namespace conclave {

namespace {

/// Calls `work` until the context was shut down.
template <class Work>
void until_the_end(Work work) {
  try {
    while (true) work();
  } catch (const zmq::error_t& error) {
    if (error.num() != ETERM) throw;
  }
}

void say(zmq::socket_t& socket, const std::string& text, bool more = true) {
  socket.send(zmq::message_t(text), more ? zmq::send_flags::sndmore : zmq::send_flags::none);
}

/// One question, and its answer.
void decide(zmq::socket_t& doorkeeper, const Clients& clients) {
  std::string frames[7];
  std::size_t count = 0;
  bool more = true;
  while (more) {
    zmq::message_t frame;
    static_cast<void>(doorkeeper.recv(frame));
    more = frame.more();
    if (count < 7) frames[count] = frame.to_string();
    ++count;
  }
  std::string key;
  if (count == 7 && frames[0] == "1.0" && frames[5] == "CURVE" && frames[6].size() == 32) {
    key.resize(41);
    zmq_z85_encode(key.data(), reinterpret_cast<const std::uint8_t*>(frames[6].data()), 32);
    key.resize(40);
  }
  const bool is_listed = clients.contains(key);
  say(doorkeeper, "1.0");
  say(doorkeeper, frames[1]);
  say(doorkeeper, is_listed ? "200" : "400");
  say(doorkeeper, "");
  say(doorkeeper, is_listed ? key : "");
  say(doorkeeper, "", false);
}

}  // namespace

void keep_door(zmq::context_t& context, const rpc::KeyPair& keys, const Clients& clients,
               const std::function<void(const std::string& address)>& is_open) {
  zmq::socket_t doorkeeper(context, zmq::socket_type::rep);
  doorkeeper.set(zmq::sockopt::linger, 0);
  doorkeeper.bind("inproc://zeromq.zap.01");
  std::thread watch([doorkeeper = std::move(doorkeeper), &clients]() mutable {
    until_the_end([&] { decide(doorkeeper, clients); });
    doorkeeper.close();
  });

  zmq::socket_t door(context, zmq::socket_type::router);
  door.set(zmq::sockopt::linger, 0);
  door.set(zmq::sockopt::curve_server, true);
  door.set(zmq::sockopt::curve_secretkey, keys.secret_key());
  door.bind("tcp://127.0.0.1:*");
  is_open(door.get(zmq::sockopt::last_endpoint));
  until_the_end([&] {
    zmq::message_t peer;
    zmq::message_t claim;
    static_cast<void>(door.recv(peer));
    static_cast<void>(door.recv(claim));
    door.send(peer, zmq::send_flags::sndmore);
    say(door, "hello " + clients.at(claim.gets("User-Id")), false);
  });
  watch.join();
}

}  // namespace conclave
