// A handler without a context: the compiler refuses it, and says what it wants.
#include "rpc/server.hpp"
#include "rpc/services.hpp"

void serve(conclave::rpc::Server& server) {
  using conclave::rpc::Nothing;
  server.handle("A", [](const Nothing& nothing) -> conclave::Result<Nothing> { return nothing; });
}
