// An ErrGroup ends when a function returns an error.  Here an answer is what ends it, so an answer
// is said as one.
#include <optional>

#include "first_answer.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {

Result<std::string> first_answer(const Context& context, const std::vector<Replica>& replicas) {
  std::optional<std::string> answer;
  Status error;
  ErrGroup group(context);
  for (const Replica& ask : replicas) {
    group.go([&]() -> Status {
      Result<std::string> result = ask(group.context());
      if (!result.ok()) {
        error = result.status();
        return {};
      }
      if (!answer) answer = *result;
      return Status::already_exists("there is an answer");
    });
  }
  if (group.wait().ok()) return error;
  return *answer;
}

}  // namespace conclave
