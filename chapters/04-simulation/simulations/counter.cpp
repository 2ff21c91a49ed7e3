// Yesterday's counter, on three machines that fail in every way; with --at-least-once its clients ask again and are not known.
#include "counter.hpp"

#include <memory>

#include "simulation/command.hpp"

int main(int argc, char** argv) {
  using namespace conclave::simulation;  // NOLINT(google-build-using-namespace): a main()
  const auto counting = [](conclave::rpc::Repeat repeat) {
    return [repeat] { return std::make_unique<Counter>(repeat); };
  };
  return command(
      argc, argv,
      {.what = "Counters on three machines, and clients that add 1, once.",
       // A bit that has turned in the only copy of something, nobody can turn back.
       .options = {.nodes = 3, .clients = 2, .faults = Faults::all().without({Fault::bit_rot})},
       .program = counting(conclave::rpc::Repeat::once),
       .variants = {{"--at-least-once", "clients that ask again, and are not known",
                     counting(conclave::rpc::Repeat::idempotent)}}});
}
