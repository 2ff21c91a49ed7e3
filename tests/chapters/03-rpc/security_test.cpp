// The laws of security.hpp, and what ZeroMQ would do without them.
#include "rpc/security.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zmq.hpp>

#include "channels/channels.hpp"
#include "common/random.hpp"
#include "folder.hpp"
#include "goroutines/goroutines.hpp"
#include "raw_client.hpp"
#include "rpc/zmq_transport.hpp"
#include "testing/seed.hpp"

namespace conclave::rpc {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kAnyPort = "tcp://127.0.0.1:*";

/// A key pair that is on a list by a name.
struct Person {
  std::string name;
  KeyPair keys = *KeyPair::generate();
};

/// The list of `people`, in a file that can be written anew.
class ListFile {
 public:
  explicit ListFile(const std::vector<Person>& people) { write(people); }

  void write(const std::vector<Person>& people, const std::string& more = "") const {
    std::string text = more;
    for (const Person& person : people)
      text += person.keys.public_key().text() + " " + person.name + "\n";
    static_cast<void>(folder_.write("clients", text));
  }

  [[nodiscard]] AllowList load() const {
    Result<AllowList> list = AllowList::load(folder_.path("clients"));
    EXPECT_TRUE(list.ok()) << list.status();
    return *std::move(list);
  }

 private:
  Folder folder_;
};

/// A server that listens, and lets in whoever its list names.
struct Server {
  explicit Server(const std::vector<Person>& people, const Io& io = Io())
      : file(people),
        clients(file.load()),
        transport(io, {.server_security = ServerSecurity{keys, clients, denials}}) {
    Result<std::string> bound = transport.listen(kAnyPort);
    EXPECT_TRUE(bound.ok()) << bound.status();
    address = *bound;
  }

  Received receive() {
    Result<Received> received = transport.recv({});
    EXPECT_TRUE(received.ok()) << received.status();
    return received.ok() ? *std::move(received) : Received{};
  }

  ListFile file;
  AllowList clients;
  KeyPair keys = *KeyPair::generate();
  Chan<Denial> denials = make_chan<Denial>(100);
  ZmqTransport transport;
  std::string address;
};

/// Somebody who is connected to a server, whether that lets him in or not.
struct Client {
  Client(const Person& person, const Server& server, Duration handshake_max = 2s)
      : Client(person, server.address, server.keys.public_key(), handshake_max) {}
  Client(const Person& person, const std::string& address, const PublicKey& server,
         Duration handshake_max = 2s)
      : transport(Io(), {.socket = {.handshake_max = handshake_max,
                                    .reconnect_min = 1ms,
                                    .reconnect_max = 10ms},
                         .client_security = ClientSecurity{person.keys, server}}),
        peer(*transport.connect(address)) {}

  Status send(const std::string& text, const Context& context = {}) {
    return transport.send(peer, {text}, context);
  }

  ZmqTransport transport;
  Peer peer;
};

// ---- without us ----

TEST(Security, WithoutAHandlerZeroMQLetsEverybodyIn) {  // the trap
  run([] {
    const KeyPair keys = *KeyPair::generate();
    const std::string received = blocking([&] {
      zmq::context_t context;
      zmq::socket_t server(context, zmq::socket_type::router);
      server.set(zmq::sockopt::curve_server, true);
      server.set(zmq::sockopt::curve_secretkey, keys.secret_key());
      server.set(zmq::sockopt::zap_domain, "anything");
      server.bind(kAnyPort);
      zmq::socket_t stranger(context, zmq::socket_type::dealer);
      set_curve(stranger, {*KeyPair::generate(), keys.public_key()});
      stranger.connect(server.get(zmq::sockopt::last_endpoint));
      stranger.send(zmq::str_buffer("whoever I am"));
      zmq::message_t frame;
      do static_cast<void>(server.recv(frame));
      while (frame.more());
      return frame.to_string();
    });

    EXPECT_EQ(received, "whoever I am");
  });
}

// ---- who gets in ----

TEST(Security, AListedClientGetsThroughAndIsKnownByItsName) {  // law 1
  run([] {
    const Person ada{"ada"};
    Server server({ada, {"grace"}});
    Client client(ada, server);

    ASSERT_TRUE(client.send("question").ok());
    const Received received = server.receive();
    ASSERT_TRUE(server.transport.send(received.from, {"answer"}, {}).ok());

    EXPECT_THAT(received.message, ElementsAre("question"));
    EXPECT_EQ(received.user, "ada");
    const Received answer = *client.transport.recv({});
    EXPECT_THAT(answer.message, ElementsAre("answer"));
    EXPECT_EQ(server.transport.security_counters().admitted, 1U);
    EXPECT_EQ(server.transport.security_counters().denied, 0U);
  });
}

TEST(Security, WithoutSecurityNobodyHasAName) {
  run([] {
    ZmqTransport server{Io()};
    ZmqTransport client{Io()};
    const Peer peer = *client.connect(*server.listen(kAnyPort));

    ASSERT_TRUE(client.send(peer, {"x"}, {}).ok());

    EXPECT_EQ(server.recv({})->user, "");
  });
}

TEST(Security, AnUnknownKeyIsRefusedAndAListedOneBesideItIsServed) {  // law 1
  run([] {
    const Person ada{"ada"};
    const Person eve{"eve"};
    Server server({ada});
    Client stranger(eve, server);
    Client client(ada, server);
    auto [context, cancel] = with_cancel({});
    Chan<Status> sent_by_stranger = make_chan<Status>(1);
    go([&stranger, sent_by_stranger, context = context]() mutable {
      sent_by_stranger.send(stranger.send("let me in", context));
    });

    std::optional<Denial> denial;
    select(recv(server.denials, [&](std::optional<Denial> one) { denial = std::move(one); }),
           recv(sent_by_stranger));
    ASSERT_TRUE(denial) << "a stranger has got in";
    ASSERT_TRUE(client.send("x").ok());
    const Received received = server.receive();
    cancel();

    EXPECT_EQ(denial->key, eve.keys.public_key());
    EXPECT_EQ(denial->address, "127.0.0.1");
    EXPECT_EQ(received.user, "ada");
    EXPECT_EQ(sent_by_stranger.recv()->code(), Code::cancelled);
    const SecurityCounters counters = server.transport.security_counters();
    EXPECT_EQ(counters.admitted, 1U);
    EXPECT_GE(counters.denied, 1U);
    EXPECT_EQ(counters.last_denied->key, eve.keys.public_key());
  });
}

TEST(Security, AClientWithoutSecurityIsRefused) {  // law 2
  run([] {
    const Person ada{"ada"};
    Server server({ada});

    EXPECT_FALSE(blocking([&] { return gets_in(server.address, {}); }));

    Client client(ada, server);
    ASSERT_TRUE(client.send("x").ok());
    EXPECT_EQ(server.receive().user, "ada");
    EXPECT_EQ(server.transport.security_counters().denied, 0U);  // ZeroMQ did not ask
  });
}

TEST(Security, AClientRefusesAServerThatIsNotTheOneItKnows) {  // law 3
  run([] {
    const Person ada{"ada"};
    Server server({ada});
    const PublicKey another = KeyPair::generate()->public_key();

    EXPECT_FALSE(blocking([&] { return gets_in(server.address, {ada.keys, another}); }));
    EXPECT_TRUE(
        blocking([&] { return gets_in(server.address, {ada.keys, server.keys.public_key()}); }));
  });
}

TEST(Security, WhoHasAListedPublicKeyAloneDoesNotGetIn) {
  run([] {
    const Person ada{"ada"};
    const Person eve{"eve"};
    Server server({ada});

    const bool got_in = blocking([&] {
      zmq::context_t context;
      zmq::socket_t socket(context, zmq::socket_type::dealer);
      socket.set(zmq::sockopt::linger, 0);
      socket.set(zmq::sockopt::curve_publickey, ada.keys.public_key().text());
      socket.set(zmq::sockopt::curve_secretkey, eve.keys.secret_key());
      socket.set(zmq::sockopt::curve_serverkey, server.keys.public_key().text());
      zmq_socket_monitor(socket.handle(), "inproc://events",
                         ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED);
      zmq::socket_t events(context, zmq::socket_type::pair);
      events.connect("inproc://events");
      socket.connect(server.address);
      zmq::message_t event;
      static_cast<void>(events.recv(event));
      std::uint16_t what = 0;
      std::memcpy(&what, event.data(), sizeof what);
      return what == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
    });

    EXPECT_FALSE(got_in);
  });
}

// ---- the list changes ----

TEST(Security, AKeyThatIsListedLaterGetsIn) {
  run([] {
    const Person ada{"ada"};
    Server server({});
    Client client(ada, server, 200ms);  // as long as a refused client waits before it tries again
    auto [context, cancel] = with_timeout({}, 5s);  // or it never does
    Status sent;
    WaitGroup done;
    done.go([&] { sent = client.send("x", context); });
    static_cast<void>(server.denials.recv());

    server.file.write({ada});
    ASSERT_TRUE(server.clients.reload().ok());
    done.wait();

    ASSERT_TRUE(sent.ok()) << sent;
    EXPECT_EQ(server.receive().user, "ada");
  });
}

TEST(Security, MessagesOfARemovedKeyAreDroppedAlsoOnAConnectionThatIsOpen) {  // law 1
  run([] {
    const Person ada{"ada"};
    const Person grace{"grace"};
    Server server({ada, grace});
    Client removed(ada, server);
    Client other(grace, server);
    ASSERT_TRUE(removed.send("before").ok());
    const Peer peer = server.receive().from;

    server.file.write({grace});
    ASSERT_TRUE(server.clients.reload().ok());
    ASSERT_TRUE(removed.send("after").ok());
    while (server.transport.security_counters().dropped == 0) yield();
    ASSERT_TRUE(other.send("x").ok());

    EXPECT_EQ(server.receive().user, "grace");
    EXPECT_EQ(server.transport.send(peer, {"y"}, {}).code(), Code::not_found);
    EXPECT_EQ(server.transport.security_counters().dropped, 1U);
    EXPECT_EQ(server.transport.security_counters().denied, 0U);
  });
}

TEST(Security, ARemovedKeyThatIsListedAgainIsHeardOnTheSameConnection) {
  run([] {
    const Person ada{"ada"};
    Server server({ada});
    Client client(ada, server);
    ASSERT_TRUE(client.send("before").ok());
    const Peer peer = server.receive().from;
    server.file.write({});
    ASSERT_TRUE(server.clients.reload().ok());
    ASSERT_TRUE(client.send("meanwhile").ok());
    while (server.transport.security_counters().dropped == 0) yield();

    server.file.write({Person{"countess", ada.keys}});
    ASSERT_TRUE(server.clients.reload().ok());
    ASSERT_TRUE(client.send("after").ok());

    const Received received = server.receive();
    EXPECT_THAT(received.message, ElementsAre("after"));
    EXPECT_EQ(received.user, "countess");
    EXPECT_EQ(received.from, peer);
    EXPECT_TRUE(server.transport.send(peer, {"y"}, {}).ok());
  });
}

TEST(Security, ABrokenListKeepsTheOldOne) {
  run([] {
    const Person ada{"ada"};
    Server server({ada});

    server.file.write({ada}, "nonsense\n");
    const Status broken = server.clients.reload();

    EXPECT_EQ(broken.code(), Code::invalid_argument);
    Client client(ada, server);
    ASSERT_TRUE(client.send("x").ok());
    EXPECT_EQ(server.receive().user, "ada");
  });
}

// ---- what cannot be enforced is not begun ----

TEST(Security, RefusesToListenWithoutAHandler) {
  run([] {
    const Io io;
    Result<Socket> somebody = Socket::open(io, SocketKind::router);
    ASSERT_TRUE(somebody->bind("inproc://zeromq.zap.01").ok());
    const ListFile file({});
    ZmqTransport server(io, {.server_security = ServerSecurity{*KeyPair::generate(), file.load()}});

    const Status status = server.listen(kAnyPort).status();

    EXPECT_EQ(status.code(), Code::failed_precondition);
    EXPECT_THAT(to_string(status), HasSubstr("mutual authentication cannot be enforced"));
    somebody->close();
    EXPECT_TRUE(server.listen(kAnyPort).ok());
  });
}

TEST(Security, RefusesToListenWhenTheHandlerIsThatOfAnotherRun) {
  run([] {
    const Io io;
    const Server server({}, io);

    blocking([&] {
      run([&] {
        const ListFile file({});
        ZmqTransport other(io,
                           {.server_security = ServerSecurity{*KeyPair::generate(), file.load()}});
        const Status status = other.listen(kAnyPort).status();
        EXPECT_EQ(status.code(), Code::failed_precondition);
        EXPECT_THAT(to_string(status), HasSubstr("another thread"));
      });
    });
  });
}

TEST(Security, HalfOfItIsRefused) {  // law 2
  run([] {
    const ListFile file({});
    const AllowList list = file.load();
    const KeyPair keys = *KeyPair::generate();
    const auto listen = [](const ZmqTransportOptions& options) {
      return ZmqTransport(Io(), options).listen(kAnyPort).status();
    };
    const auto connect = [](const ZmqTransportOptions& options) {
      return ZmqTransport(Io(), options).connect("tcp://127.0.0.1:1").status();
    };

    for (const Status& status : {
             listen({.server_security = ServerSecurity{.keys = keys}}),
             listen({.server_security = ServerSecurity{.clients = list}}),
             listen({.client_security = ClientSecurity{keys, keys.public_key()}}),
             connect({.client_security = ClientSecurity{.keys = keys}}),
             connect({.client_security = ClientSecurity{.server = keys.public_key()}}),
             connect({.server_security = ServerSecurity{keys, list}}),
             ZmqTransport(Io(), {.server_security = ServerSecurity{keys, list}})
                 .listen("inproc://here")
                 .status(),
             ZmqTransport(Io(), {.client_security = ClientSecurity{keys, keys.public_key()}})
                 .connect("inproc://here")
                 .status(),
         }) {
      EXPECT_EQ(status.code(), Code::failed_precondition) << status;
      EXPECT_THAT(to_string(status), HasSubstr("the security of this transport has no")) << status;
    }
  });
}

TEST(Security, OneTransportMayListenAndConnect) {
  run([] {
    const Person ada{"ada"};
    const Person node{"node"};
    Server server({node});
    const ListFile file({ada});
    ZmqTransport middle(Io(),
                        {.server_security = ServerSecurity{node.keys, file.load()},
                         .client_security = ClientSecurity{node.keys, server.keys.public_key()}});
    const std::string address = *middle.listen(kAnyPort);
    const Peer next = *middle.connect(server.address);
    Client client(ada, address, node.keys.public_key());

    ASSERT_TRUE(client.send("x").ok());
    Received received = *middle.recv({});
    EXPECT_EQ(received.user, "ada");
    ASSERT_TRUE(middle.send(next, received.message, {}).ok());
    const Received passed_on = server.receive();
    EXPECT_EQ(passed_on.user, "node");
    ASSERT_TRUE(server.transport.send(passed_on.from, {"y"}, {}).ok());

    EXPECT_EQ(middle.recv({})->user, "");  // a server is known by the address that was connected to
  });
}

// ---- several, and strangers ----

TEST(Security, TwoTransportsOfOneIoHaveListsOfTheirOwn) {
  run([] {
    const Person ada{"ada"};
    const Person grace{"grace"};
    const Io io;
    auto first = std::make_unique<Server>(std::vector{ada}, io);
    Server second({grace}, io);
    Client to_first(ada, *first);
    Client to_second(grace, second);
    Client elsewhere(ada, second);

    ASSERT_TRUE(to_first.send("x").ok());
    ASSERT_TRUE(to_second.send("y").ok());
    const std::optional<Denial> denial = second.denials.recv();

    EXPECT_EQ(first->receive().user, "ada");
    EXPECT_EQ(second.receive().user, "grace");
    EXPECT_EQ(denial->key, ada.keys.public_key());
    EXPECT_EQ(first->transport.security_counters().denied, 0U);
    first.reset();
    Client later(grace, second);
    ASSERT_TRUE(later.send("z").ok());  // the handler serves on
    EXPECT_EQ(second.receive().user, "grace");
  });
}

TEST(Security, ATransportMayFollowTheLastOneOnTheSameIo) {
  run([] {
    const Person ada{"ada"};
    const Io io;
    for (int i = 0; i < 20; ++i) {
      Server server({ada}, io);
      Client client(ada, server);
      ASSERT_TRUE(client.send("x").ok());
      EXPECT_EQ(server.receive().user, "ada");
    }
  });
}

TEST(Security, MayBeOvertakenByTheEndOfTheRun) {
  run([] {
    Chan<Signal> serves = make_chan<Signal>();
    go([serves]() mutable {
      Server server({});
      serves.close();
      static_cast<void>(server.receive());
    });
    static_cast<void>(serves.recv());
    yield();
  });
}

/// Sends `bytes` to a port, and waits until the other side hangs up.  Blocks the thread.
void bother(const std::string& address, const std::string& bytes) {
  const int port = std::stoi(address.substr(address.rfind(':') + 1));
  const Descriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in there{};
  there.sin_family = AF_INET;
  there.sin_port = htons(static_cast<std::uint16_t>(port));
  there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&there), sizeof there), 0);
  static_cast<void>(::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
  ::shutdown(fd.get(), SHUT_WR);
  std::array<char, 1000> answer{};
  while (::recv(fd.get(), answer.data(), answer.size(), 0) > 0) {
  }
}

TEST(Security, GarbageDoesNotStopAListedClient) {
  Random random(seed_of_this_test());
  run([&] {
    const Person ada{"ada"};
    Server server({ada});
    std::string greeting("\xff\0\0\0\0\0\0\0\1\x7f\3\0CURVE", 17);  // ZeroMQ RFC 23, "Greeting"
    greeting.resize(64);

    for (int i = 0; i < 100; ++i) {
      std::string bytes = i % 2 == 0 ? "" : greeting;
      if (i % 4 == 3)
        bytes += std::string("\4\xc8\5HELLO", 8);  // a command of 200 bytes, and the rest
      for (int j = random.between(0, 300); j > 0; --j)
        bytes += static_cast<char>(random.between(0, 255));
      blocking([&] { bother(server.address, bytes); });
    }

    Client client(ada, server);
    ASSERT_TRUE(client.send("x").ok());
    EXPECT_EQ(server.receive().user, "ada");
    EXPECT_EQ(server.transport.security_counters().admitted, 1U);
  });
}

}  // namespace
}  // namespace conclave::rpc
