#include "weather.hpp"

#include "common/todo.hpp"

namespace conclave {

using simulation::Fault;
using simulation::Faults;

Plan plan() { todo("4.6: the faults that you want"); }

Status is_right(const History& history) {
  todo("4.6: no read returns a value that was replaced before it began");
}

Status still_answers(Healed& healed, const Context& bound) {
  todo("4.6: each node answers in the end");
}

}  // namespace conclave
