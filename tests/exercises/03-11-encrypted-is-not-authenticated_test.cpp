// Exercise 3.11, in the order in which a reader gets it right.  Real sockets: what is waited for are ZeroMQ's own events.
#include <chrono>
#include <cstdint>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <zmq.hpp>

#include "../chapters/03-rpc/raw_client.hpp"
#include "door.hpp"
#include "testing/expect.hpp"

namespace conclave {
namespace {

using rpc::KeyPair;

constexpr const char* kDoorkeeper = "inproc://zeromq.zap.01";
constexpr int kPatienceMs = 10'000;  // of whoever waits for an answer that may never come

/// Whether somebody answers there what ZeroMQ asks.
bool is_watched(zmq::context_t& context) {
  zmq::socket_t socket(context, zmq::socket_type::rep);
  try {
    socket.bind(kDoorkeeper);
    socket.unbind(kDoorkeeper);  // at once, where closing takes its time
    return false;
  } catch (const zmq::error_t&) {
    return true;  // taken
  }
}

/// A door that is kept, by a thread of its own.
class Door {
 public:
  explicit Door(Clients clients) : clients_(std::move(clients)) {
    keeper_ = std::thread([this] {
      keep_door(context, keys, clients_, [this](const std::string& opened) {
        was_watched = is_watched(context);
        address_.set_value(opened);
      });
    });
    address = address_.get_future().get();
  }
  ~Door() {
    context.shutdown();
    keeper_.join();
  }
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  zmq::context_t context;
  KeyPair keys = *KeyPair::generate();
  std::string address;
  bool was_watched = false;  // when it opened

 private:
  Clients clients_;
  std::promise<std::string> address_;
  std::thread keeper_;
};

bool comes_in(const Door& door, const KeyPair& keys) {
  return rpc::gets_in(
      door.address,
      {.keys = keys, .server = door.keys.public_key(), .handshake_ms_max = kPatienceMs});
}

/// What is said to a client that calls itself `claim`.
std::string greeting(const Door& door, const KeyPair& keys, const std::string& claim) {
  if (!comes_in(door, keys)) return "nothing, since the door stays closed";
  zmq::context_t context;
  zmq::socket_t socket(context, zmq::socket_type::dealer);
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::rcvtimeo, kPatienceMs);
  rpc::set_curve(socket, {keys, door.keys.public_key()});
  socket.connect(door.address);
  socket.send(zmq::message_t(claim), zmq::send_flags::none);
  zmq::message_t answer;
  return socket.recv(answer) ? answer.to_string() : "nothing";
}

struct People {
  KeyPair ada = *KeyPair::generate();
  KeyPair grace = *KeyPair::generate();
  KeyPair eve = *KeyPair::generate();
};

const People& people() {
  static const People all;
  return all;
}

Clients two_people() {
  return {{people().ada.public_key().text(), "ada"}, {people().grace.public_key().text(), "grace"}};
}

TEST(Door, OpensForWhoIsListed) {
  const Claim law = announce("a client with a listed key gets in, and is greeted (law 1)");
  const Door door(two_people());

  const std::string ada = greeting(door, people().ada, "ada");
  const std::string grace = greeting(door, people().grace, "grace");

  must_hold(law, ada == "hello ada" && grace == "hello grace",
            "ada and grace are listed\nada hears: {}; grace hears: {}", ada, grace);
}

TEST(Door, StaysClosedForAStranger) {
  const Claim law = announce("a client whose key is not listed does not get in (law 1; RFC 27)");
  const Door door(two_people());

  const bool stranger = comes_in(door, people().eve);
  const bool ada = comes_in(door, people().ada);

  must_hold(law, !stranger && ada,
            "ada is listed, and eve has a key that she has drawn herself\n"
            "ada gets in: {}; eve gets in: {}",
            ada, stranger);
}

TEST(Door, IsEmptyForEverybody) {
  const Claim law = announce("a list of nobody lets nobody in (law 1)");
  const Door door({});

  const bool ada = comes_in(door, people().ada);

  must_hold(law, !ada, "nobody is listed\nada gets in: {}", ada);
}

TEST(Door, IsWatchedBeforeItIsOpen) {
  const Claim law = announce(
      "whoever decides is there before the door is open: without anybody to ask, ZeroMQ says yes "
      "(law 2; zmq_curve(7))");
  const Door door(two_people());

  must_hold(law, door.was_watched,
            "when clients could connect, nobody was bound to {} in the door's context",
            kDoorkeeper);
}

TEST(Door, KnowsNamesFromItsList) {
  const Claim law = announce("a client is greeted by the name that the list has for it (law 3)");
  const Door door(two_people());

  const std::string ada = greeting(door, people().ada, "grace");

  must_hold(law, ada == "hello ada", "ada says that she is grace, and hears: {}", ada);
}

TEST(Door, DeniesWhatItsKeeperDoesNotUnderstand) {
  const Claim law =
      announce("a question that is not understood is answered with a denial (law 4; RFC 27)");
  Door door(two_people());
  std::string key(32, '\0');
  zmq_z85_decode(reinterpret_cast<std::uint8_t*>(key.data()),
                 people().ada.public_key().text().c_str());

  std::vector<std::string> codes;
  const auto ask = [&](const std::vector<std::string>& frames) {
    if (!is_watched(door.context) || (!codes.empty() && codes.back() == "nothing")) {
      codes.emplace_back("nothing");
      return;
    }
    zmq::socket_t socket(door.context, zmq::socket_type::req);
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::rcvtimeo, kPatienceMs);
    socket.connect(kDoorkeeper);
    for (std::size_t i = 0; i < frames.size(); ++i) {
      socket.send(zmq::message_t(frames[i]),
                  i + 1 < frames.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
    }
    std::vector<std::string> answer;
    zmq::message_t frame;
    do {
      if (!socket.recv(frame)) break;
      answer.push_back(frame.to_string());
    } while (frame.more());
    codes.push_back(answer.size() == 6 && answer[1] == frames[1] ? answer[2] : "nothing");
  };
  ask({"1.0", "7", "", "127.0.0.1", "", "CURVE", key});
  ask({"2.0", "8", "", "127.0.0.1", "", "CURVE", key});
  ask({"1.0", "9", "", "127.0.0.1", "", "PLAIN", key});
  ask({"1.0", "10", "", "127.0.0.1", "", "CURVE", key.substr(0, 31)});
  ask({"1.0", "11", "", "127.0.0.1", "", "PLAIN", "ada", "secret"});
  ask({"1.0", "12", "", "127.0.0.1", "", "CURVE", key});

  const auto is_denial = [](const std::string& code) {
    return code == "300" || code == "400" || code == "500";
  };
  must_hold(law,
            codes.front() == "200" && codes.back() == "200" && is_denial(codes[1]) &&
                is_denial(codes[2]) && is_denial(codes[3]) && is_denial(codes[4]),
            "asked about ada's key; then of version 2.0, of mechanism PLAIN, with 31 bytes of the "
            "key,\nwith a name and a password; then about ada's key again\ncodes: {}",
            fmt::join(codes, ", "));
}

}  // namespace
}  // namespace conclave
