/// @file
/// Exercise 3.1: one request, sent once, and what can happen to it on its way.
///
/// The counter lies on a disk and outlives the server.  The network delays messages, and loses one where a mishap says so;
/// it repeats none.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "goroutines/goroutines.hpp"
#include "rpc/codec.hpp"
#include "rpc/memory_transport.hpp"
#include "rpc/sessions.hpp"

namespace conclave::rpc {

/// What a client asks for.
struct Request {
  std::string verb{};        ///< "add", "set", or "cancel": the one before is not wanted any more
  int value = 0;             ///< how much, or to what
  std::uint64_t number = 0;  ///< a server executes a number once; 0: no number
  MSGPACK_DEFINE(verb, value, number)
};

/// When a server is killed.
enum class Killed { never, before_it_executes, after_it_has_executed };

/// What goes otherwise than it should.
struct Mishap {
  bool nobody_listens = false;                    ///< the server is not there
  bool loses_request = false;                     ///< the network
  bool loses_answer = false;                      ///< the network
  Killed killed = Killed::never;                  ///< the server
  Duration work = std::chrono::milliseconds(20);  ///< how long the server takes before it executes
  bool is_busy = false;                           ///< the server has too much to do
  bool hangs_up = false;                          ///< the client, after 20 ms
  bool log_is_full = false;                       ///< the server's log, after it has executed
};

/// What outlives a server.
struct Disk {
  int counter = 0;
  Sessions sessions{};  ///< the numbers that were executed
};

/// A network, a disk, and what goes wrong.
struct World {
  MemoryNetwork network;
  Disk disk{};
  Mishap mishap{};
};

/// Notes what the caller has seen; the caller knows this, and nothing else.  Does not park.
void see(std::string_view what);

/// Notes what happened elsewhere, where the caller does not see it.  Does not park.
void tell(std::string_view who, std::string_view what);

/// Sends the request, once, and waits for what comes.  Parks.
void client(World& world, const Request& request);

/// Serves until it is killed, or `stopped` ends.  Parks.
void server(World& world, const Context& stopped);

}  // namespace conclave::rpc
