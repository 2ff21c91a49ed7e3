// Room for all results: nobody waits to be heard.  Closing says that all have spoken, so the drain
// is a loop.
#include <cstddef>

#include "first_answer.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {

Result<std::string> first_answer(const Context& context, const std::vector<Replica>& replicas) {
  auto [race, cancel] = with_cancel(context);
  const auto count = static_cast<std::ptrdiff_t>(replicas.size());
  const Chan<Result<std::string>> results = make_chan<Result<std::string>>(count);
  WaitGroup asking;
  for (const Replica& ask : replicas) {
    asking.go([ask, results, race = race] { results.send(ask(race)); });
  }
  go([&asking, results] {
    asking.wait();
    results.close();
  });

  Result<std::string> first = Status::unavailable("nobody was asked");
  for (const Result<std::string>& result : results) {
    if (first.ok()) continue;
    first = result;
    if (first.ok()) cancel();
  }
  return first;
}

}  // namespace conclave
