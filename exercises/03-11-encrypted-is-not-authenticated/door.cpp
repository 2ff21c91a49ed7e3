#include "door.hpp"

namespace conclave {

void keep_door(zmq::context_t& context, const rpc::KeyPair& keys, const Clients& clients,
               const std::function<void(const std::string& address)>& is_open) try {
  zmq::socket_t door(context, zmq::socket_type::router);
  door.set(zmq::sockopt::linger, 0);
  door.set(zmq::sockopt::curve_server, true);
  door.set(zmq::sockopt::curve_secretkey, keys.secret_key());
  door.bind("tcp://127.0.0.1:*");
  is_open(door.get(zmq::sockopt::last_endpoint));

  while (true) {
    zmq::message_t peer;
    zmq::message_t name;
    static_cast<void>(door.recv(peer));
    static_cast<void>(door.recv(name));
    door.send(peer, zmq::send_flags::sndmore);
    door.send(zmq::message_t("hello " + name.to_string()), zmq::send_flags::none);
  }
} catch (const zmq::error_t& error) {
  if (error.num() != ETERM) throw;  // ETERM: the context was shut down
}

}  // namespace conclave
