#include "first_answer.hpp"

#include <cstddef>
#include <utility>

#include "goroutines/goroutines.hpp"

namespace conclave {

Result<std::string> first_answer(const Context& context, const std::vector<Replica>& replicas) {
  const CancellableContext race = with_cancel(context);
  const Chan<Result<std::string>> results = make_chan<Result<std::string>>();
  WaitGroup asking;
  for (const Replica& ask : replicas) {
    asking.go([&] { results.send(ask(race.context)); });
  }

  Result<std::string> first = results.recv().value();
  for (std::size_t left = replicas.size() - 1; left != 0; --left) {
    if (first.ok()) race.cancel();
    Result<std::string> next = results.recv().value();
    if (!first.ok()) first = std::move(next);
  }
  asking.wait();
  return first;
}

}  // namespace conclave
