/// @file
/// Three workers share one queue of jobs.
#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::make_chan;
using conclave::WaitGroup;

int main() {
  conclave::run([] {
    //! [part]
    auto jobs = make_chan<int>();
    auto results = make_chan<int>();
    WaitGroup workers;
    for (int i = 0; i < 3; ++i) {
      workers.go([jobs, results] {
        for (int job : jobs) results.send(job * job);
      });
    }
    go([&] {
      for (int job = 1; job <= 10; ++job) jobs.send(job);
      jobs.close();
      workers.wait();
      results.close();
    });

    int sum = 0;
    for (int result : results) sum += result;
    fmt::print("sum of squares: {}\n", sum);
    //! [part]
  });
}
