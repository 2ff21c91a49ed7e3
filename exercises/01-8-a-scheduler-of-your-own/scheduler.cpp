#include "scheduler.hpp"

#include "common/todo.hpp"
#include "contexts.hpp"

namespace conclave::own {

struct Goroutine {};

// NOLINTNEXTLINE(performance-unnecessary-value-param): yours will move f
void go(std::function<void()> f) {
  todo("1.8: go, a goroutine with a stack, and a place in a queue");
}

std::size_t run() { todo("1.8: run, one goroutine after the other"); }

void yield() { todo("1.8: yield, the others first"); }

Goroutine& self() { todo("1.8: self, the goroutine that calls"); }

void park() { todo("1.8: park, out of the queue"); }

void ready(Goroutine& goroutine) { todo("1.8: ready, back into the queue"); }

void sleep_for(Duration duration) { todo("1.8: sleep_for, parked until the clock gets there"); }

Duration now() { todo("1.8: now, the time of the clock"); }

}  // namespace conclave::own
