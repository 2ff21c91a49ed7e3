#include "first_answer.hpp"

#include "goroutines/goroutines.hpp"

namespace conclave {

Result<std::string> first_answer(const Context& context, const std::vector<Replica>& replicas) {
  const Chan<Result<std::string>> results = make_chan<Result<std::string>>();
  for (const Replica& ask : replicas) {
    go(Name("asks a replica"), [=] { results.send(ask(context)); });
  }
  return results.recv().value();
}

}  // namespace conclave
