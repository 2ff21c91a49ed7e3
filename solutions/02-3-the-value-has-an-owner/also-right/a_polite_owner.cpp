// No buffer: the owner hands the answer over or hears that nobody wants it, and throws away
// requests of those who have gone.
#include <utility>

#include "counter.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {

namespace {

struct Request {
  Update update;
  Context context;
  Chan<Answer> reply;
};

}  // namespace

struct Counter::State {
  Chan<Request> requests = make_chan<Request>(16);
};

Counter::Counter(int value) : state_(std::make_shared<State>()) {
  go([value, requests = state_->requests]() mutable {
    for (const Request& request : requests) {
      if (!request.context.status().ok()) continue;
      const std::optional<int> changed = request.update(value);
      if (changed) value = *changed;
      select(send(request.reply, Answer{changed.has_value(), value}), recv(request.context.done()));
    }
  });
}

Counter::~Counter() { state_->requests.close(); }

std::optional<Answer> Counter::update(const Update& update, const Context& context) {
  std::optional<Answer> answer;
  const Chan<Answer> reply = make_chan<Answer>();
  Request request{update, context, reply};
  if (select(recv(context.done()), send(state_->requests, std::move(request))) == 0) return answer;
  select(recv(context.done()), recv(reply, answer));
  return answer;
}

}  // namespace conclave
