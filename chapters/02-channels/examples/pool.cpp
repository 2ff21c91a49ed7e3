/// @file
/// A worker pool: three workers, ten jobs, and a deadline after which no job is begun.
#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using namespace std::chrono_literals;
using conclave::Chan;
using conclave::Context;
using conclave::go;
using conclave::make_chan;
using conclave::recv;
using conclave::RecvChan;
using conclave::select;
using conclave::send;
using conclave::sleep_for;
using conclave::with_timeout;

//! [pool]
struct Result {
  int job;
  int worker;
};

/// `workers` goroutines that take jobs until there are none, or until `context` ends.
RecvChan<Result> pool(int workers, const RecvChan<int>& jobs, const Context& context) {
  auto results = make_chan<Result>();
  go([=] {
    {
      conclave::WaitGroup group;
      for (int worker = 1; worker <= workers; ++worker) {
        group.go([=] {
          int job = 0;
          bool more = true;
          while (select(recv(jobs, job, more), recv(context.done())) == 0 && more) {
            sleep_for(worker * 1s);  // works
            select(send(results, Result{job, worker}), recv(context.done()));
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
        auto [context, cancel] = with_timeout({}, 4'500ms);
        auto jobs = make_chan<int>();
        go([jobs, context = context] {
          for (int job = 1; job <= 10; ++job) {
            if (select(send(jobs, job), recv(context.done())) == 1) return;
          }
          jobs.close();
        });
        for (const Result& result : pool(3, jobs, context)) {
          fmt::print("t={} s  job {:>2} by worker {}\n", clock.elapsed() / 1s, result.job,
                     result.worker);
        }
        fmt::print("t={} s  the pool has ended\n", clock.elapsed() / 1s);
        //! [main]
      },
      {.clock = &clock});
}
