#include "counter.hpp"

#include "common/todo.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {

struct Counter::State {
  // What the callers and the owner share.
};

Counter::Counter(int value) : state_(std::make_shared<State>()) {
  todo("2.3: start the goroutine that owns the value and answers requests");
}

Counter::~Counter() {
  // Let the owner end.
}

std::optional<Answer> Counter::update(const Update& update, const Context& context) {
  todo("2.3: ask the owner, and wait for its answer");
}

}  // namespace conclave
