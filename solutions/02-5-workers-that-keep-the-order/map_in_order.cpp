#include "map_in_order.hpp"

#include <optional>

#include "goroutines/goroutines.hpp"

namespace conclave {

namespace {

/// A value, and where its result will lie: room for one, so that no worker waits for the results
/// before.
struct Job {
  int value;
  Chan<int> result = make_chan<int>(1);
};

}  // namespace

RecvChan<int> map_in_order(const Context& context, const RecvChan<int>& input, int workers,
                           const std::function<int(int)>& f) {
  const Chan<Job> jobs = make_chan<Job>();
  const Chan<Job> in_order = make_chan<Job>(workers);
  const Chan<int> results = make_chan<int>();

  go(Name("dispatcher"), [=, done = context.done()] {
    std::optional<int> value;
    while (select(recv(input, value), recv(done)) == 0 && value) {
      const Job job{*value};
      if (select(send(in_order, job), recv(done)) == 1) break;
      jobs.send(job);
    }
    jobs.close();
    in_order.close();
  });

  for (int i = 0; i < workers; ++i) {
    go(Name("worker"), [=] {
      for (const Job& job : jobs) job.result.send(f(job.value));
    });
  }

  go(Name("collector"), [=, done = context.done()] {
    for (const Job& job : in_order) {
      const int result = job.result.recv().value();
      if (select(send(results, result), recv(done)) == 1) break;
    }
    results.close();
  });

  return results;
}

}  // namespace conclave
