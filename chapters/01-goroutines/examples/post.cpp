// Another thread reaches goroutines by handing functions over.
// What to watch for: the thread calls nothing of ours but post().
#include <thread>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::RunHandle;
using conclave::WaitGroup;

int main() {
  conclave::run([] {
    //! [main]
    WaitGroup readings;
    readings.add(3);
    std::thread thermometer([handle = RunHandle(), &readings] {
      for (const int degrees : {19, 20, 21}) {
        const auto show = [&readings, degrees] {  // runs as a goroutine, on our thread
          fmt::print("{} degrees\n", degrees);
          readings.done();
        };
        if (!handle.post(show).ok()) return;  // run() has ended, or too many wait
      }
    });
    readings.wait();
    thermometer.join();
    //! [main]
  });
}
