// Five nodes that tell each other every 50 ms that they live, in worlds where all fails but disks, which they have not.
#include "heartbeats.hpp"

#include <chrono>
#include <memory>

#include "simulation/command.hpp"

int main(int argc, char** argv) {
  using namespace conclave::simulation;  // NOLINT(google-build-using-namespace): a main()
  return command(
      argc, argv,
      {.what = "Five nodes that tell each other that they live.",
       // They keep nothing on a disk.
       .options = {.nodes = kNodes,
                   .clients = 0,
                   .faults = Faults::all().without(
                       {Fault::torn_page, Fault::garbage, Fault::read_error, Fault::write_error,
                        Fault::sync_error, Fault::full, Fault::bit_rot, Fault::disk_latency})},
       .program = [] { return std::make_unique<Heartbeats>(std::chrono::milliseconds(50)); },
       .variants = {{"--believes-late", "a late beat of a life that has ended counts", [] {
                       return std::make_unique<Heartbeats>(std::chrono::milliseconds(50), true);
                     }}}});
}
