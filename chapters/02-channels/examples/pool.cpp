/// @file
/// A worker pool: three workers, a stream of jobs, and a deadline; then all stop, and nobody is left behind.
#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using namespace std::chrono_literals;
using conclave::Context;
using conclave::go;
using conclave::make_chan;
using conclave::recv;
using conclave::RecvChan;
using conclave::select;
using conclave::send;
using conclave::timeout;
using conclave::with_timeout;

//! [pool]
struct Finished {
  int job;
  int worker;
};

/// `workers` goroutines that take jobs until there are none, or until `context` ends.  Closes what it returns.
RecvChan<Finished> pool(int workers, const RecvChan<int>& jobs, const Context& context) {
  auto results = make_chan<Finished>();
  go([=] {
    {
      conclave::WaitGroup group;
      for (int worker = 1; worker <= workers; ++worker) {
        group.go([=] {
          int job = 0;
          bool more = true;
          for (;;) {
            if (select(recv(jobs, job, more), recv(context.done())) == 1 || !more) return;
            if (select(timeout(worker * 1s), recv(context.done())) == 1) return;  // works
            if (select(send(results, Finished{job, worker}), recv(context.done())) == 1) return;
          }
        });
      }
    }  // all workers have ended
    results.close();
  });
  return results;
}
//! [pool]

int main() {
  conclave::VirtualClock clock;
  conclave::run(
      [&] {
        //! [main]
        auto [context, cancel] = with_timeout(Context(), 4'500ms);
        auto jobs = make_chan<int>();
        go([jobs, context = context] {
          for (int job = 1; select(send(jobs, job), recv(context.done())) == 0; ++job) {
          }
          jobs.close();
        });
        for (const Finished& finished : pool(3, jobs, context)) {
          fmt::print("t={} s  job {} by worker {}\n", clock.elapsed() / 1s, finished.job,
                     finished.worker);
        }
        conclave::sleep_for(1h);
        fmt::print("an hour later {} goroutine is alive: main\n", conclave::num_goroutines());
        //! [main]
      },
      {.clock = &clock});
}
