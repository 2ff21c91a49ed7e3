// A request that does not name its members: the compiler refuses it, and says what it wants.
#include "rpc/server.hpp"
#include "rpc/services.hpp"

struct Bare {
  int value = 0;
};

void serve(conclave::rpc::Server& server) {
  using conclave::rpc::Nothing;
  server.handle("A", [](const Bare&, const conclave::Context&) -> conclave::Result<Nothing> {
    return Nothing{};
  });
}
