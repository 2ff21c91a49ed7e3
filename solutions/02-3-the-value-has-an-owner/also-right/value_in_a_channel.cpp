// The value lies in a channel with one place: who takes it out owns it, until it puts a value back.

#include "counter.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {

struct Counter::State {
  Chan<int> value = make_chan<int>(1);
};

Counter::Counter(int value) : state_(std::make_shared<State>()) { state_->value.send(value); }

Counter::~Counter() = default;

std::optional<Answer> Counter::update(const Update& update, const Context& context) {
  const Chan<Answer> reply = make_chan<Answer>(1);
  // A goroutine of its own for the update, because the caller may give up and the value must come
  // back.
  go([value = state_->value, update, reply] {
    const int before = value.recv().value();
    const std::optional<int> changed = update(before);
    const int after = changed.value_or(before);
    value.send(after);
    reply.send({changed.has_value(), after});
  });
  std::optional<Answer> answer;
  select(recv(reply, answer), recv(context.done()));
  return answer;
}

}  // namespace conclave
