#include "counter.hpp"

#include "goroutines/goroutines.hpp"

namespace conclave {

namespace {

struct Request {
  Update update;
  Chan<Answer> reply;
};

/// The owner's life: `value` is on its stack, and nobody else can touch it.
void own(int value, const RecvChan<Request>& requests) {
  for (const Request& request : requests) {
    const std::optional<int> changed = request.update(value);
    value = changed.value_or(value);
    request.reply.send({changed.has_value(), value});
  }
}

}  // namespace

struct Counter::State {
  Chan<Request> requests = make_chan<Request>();
};

Counter::Counter(int value) : state_(std::make_shared<State>()) {
  go(Name("owner"), own, value, state_->requests);
}

Counter::~Counter() { state_->requests.close(); }

std::optional<Answer> Counter::update(const Update& update, const Context& context) {
  // Room for one answer: the owner can leave it there, also when nobody comes for it.
  const Chan<Answer> reply = make_chan<Answer>(1);
  const RecvChan<Signal> gave_up = context.done();
  if (select(send(state_->requests, Request{update, reply}), recv(gave_up)) == 1) return {};
  std::optional<Answer> answer;
  select(recv(reply, answer), recv(gave_up));
  return answer;
}

}  // namespace conclave
