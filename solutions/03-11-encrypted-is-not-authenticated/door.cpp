#include "door.hpp"

#include <array>
#include <cstdint>
#include <iterator>
#include <vector>

#include <zmq_addon.hpp>

namespace conclave {

namespace {

/// The name of whom a question is about; empty for whoever must not come in.
std::string name_of(const std::vector<zmq::message_t>& question, const Clients& clients) {
  constexpr std::size_t kFrames = 7;
  constexpr std::size_t kKeyBytes = 32;
  if (question.size() != kFrames || question[0].to_string_view() != "1.0" ||
      question[5].to_string_view() != "CURVE" || question[6].size() != kKeyBytes)
    return "";
  std::array<char, 41> key{};
  zmq_z85_encode(key.data(), question[6].data<std::uint8_t>(), kKeyBytes);
  const auto client = clients.find(key.data());
  return client == clients.end() ? "" : client->second;
}

void decide(zmq::socket_t& doorkeeper, const Clients& clients) {
  std::vector<zmq::message_t> question;
  static_cast<void>(zmq::recv_multipart(doorkeeper, std::back_inserter(question)));
  const std::string name = name_of(question, clients);
  const std::string id = question.size() > 1 ? question[1].to_string() : "";
  const bool comes_in = !name.empty();
  zmq::send_multipart(doorkeeper,
                      std::array{zmq::message_t(std::string("1.0")), zmq::message_t(id),
                                 zmq::message_t(std::string(comes_in ? "200" : "400")),
                                 zmq::message_t(std::string(comes_in ? "OK" : "not listed")),
                                 zmq::message_t(name), zmq::message_t()});
}

void greet(zmq::socket_t& door) {
  std::vector<zmq::message_t> message;  // the peer, and what it says of itself
  static_cast<void>(zmq::recv_multipart(door, std::back_inserter(message)));
  const std::string name = message.back().gets("User-Id");
  door.send(message.front(), zmq::send_flags::sndmore);
  door.send(zmq::message_t("hello " + name), zmq::send_flags::none);
}

}  // namespace

void keep_door(zmq::context_t& context, const rpc::KeyPair& keys, const Clients& clients,
               const std::function<void(const std::string& address)>& is_open) try {
  zmq::socket_t doorkeeper(context, zmq::socket_type::rep);
  doorkeeper.set(zmq::sockopt::linger, 0);
  doorkeeper.bind("inproc://zeromq.zap.01");

  zmq::socket_t door(context, zmq::socket_type::router);
  door.set(zmq::sockopt::linger, 0);
  door.set(zmq::sockopt::curve_server, true);
  door.set(zmq::sockopt::curve_secretkey, keys.secret_key());
  door.bind("tcp://127.0.0.1:*");
  is_open(door.get(zmq::sockopt::last_endpoint));

  std::array<zmq::pollitem_t, 2> news{
      {{doorkeeper.handle(), 0, ZMQ_POLLIN, 0}, {door.handle(), 0, ZMQ_POLLIN, 0}}};
  while (true) {
    zmq::poll(news, std::chrono::milliseconds(-1));
    if (news[0].revents != 0) decide(doorkeeper, clients);
    if (news[1].revents != 0) greet(door);
  }
} catch (const zmq::error_t& error) {
  if (error.num() != ETERM) throw;  // ETERM: the context was shut down
}

}  // namespace conclave
