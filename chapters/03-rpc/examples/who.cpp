// A server that lets two people in, by their keys.  Watch for: what the handler knows of its caller, what the one who is not
// listed learns, and what the list changes while all of them are connected.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"
#include "rpc/client.hpp"
#include "rpc/server.hpp"
#include "rpc/services.hpp"
#include "rpc/zmq_transport.hpp"

namespace conclave::rpc {
namespace {

using std::chrono_literals::operator""ms;

/// Writes the allow-list: a key and a name in each line.
void list(const std::string& file, const KeyPair& ada, const KeyPair& grace) {
  std::ofstream out(file, std::ios::trunc);
  if (ada) out << ada.public_key().text() << "  ada\n";
  if (grace) out << grace.public_key().text() << "  grace\n";
}

/// A client with a key of its own.
class Person {
 public:
  Person(const std::string& address, const KeyPair& keys, const PublicKey& server)
      : transport_(Io(), {.client_security = ClientSecurity{keys, server}}),
        client_(transport_, {address}) {}

  void ask(const std::string& who) {
    const Result<Text> answer = client_.call<Text>("Who.AmI", Nothing{}, {}, {.timeout = 300ms});
    fmt::print("  {:6} {}\n", who + ":",
               answer.ok() ? answer->text : std::string(to_string(answer.status().code())));
  }

 private:
  ZmqTransport transport_;
  Client client_;
};

void show(const std::string& folder) {
  const KeyPair keys = KeyPair::generate().value();
  const KeyPair ada = KeyPair::generate().value();
  const KeyPair grace = KeyPair::generate().value();
  const KeyPair eve = KeyPair::generate().value();
  const std::string file = folder + "/clients.allow";
  list(file, ada, grace);

  //! [server]
  AllowList clients = AllowList::load(file).value();
  ZmqTransport transport(Io(), {.server_security = ServerSecurity{keys, clients}});
  Server server(transport);
  server.handle("Who.AmI", [](const Nothing&, const Context& context) -> Result<Text> {
    return Text{"you are " + call_info(context)->user};
  });
  //! [server]
  const std::string address = transport.listen("tcp://127.0.0.1:*").value();
  go([&] { static_cast<void>(server.serve()); });

  Person at_ada(address, ada, keys.public_key());
  Person at_grace(address, grace, keys.public_key());
  Person at_eve(address, eve, keys.public_key());
  fmt::print("ada and grace are listed\n");
  at_ada.ask("ada");
  at_grace.ask("grace");
  at_eve.ask("eve");

  list(file, ada, {});
  static_cast<void>(clients.reload());
  fmt::print("grace is not listed any more\n");
  at_ada.ask("ada");
  at_grace.ask("grace");
}

}  // namespace
}  // namespace conclave::rpc

int main() {
  std::string folder = (std::filesystem::temp_directory_path() / "who.XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  conclave::run([&] { conclave::rpc::show(folder); });
  std::filesystem::remove_all(folder);
}
