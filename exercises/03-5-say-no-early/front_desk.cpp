#include "front_desk.hpp"

#include "common/todo.hpp"

namespace conclave {

struct FrontDesk::State {};

FrontDesk::FrontDesk(int handlers, Duration work_max, Duration patience) : state_(new State()) {}

FrontDesk::~FrontDesk() = default;

Status FrontDesk::serve(const Context& context, const std::function<void()>& work) {
  todo("3.5: serve, which does the work, lets the call wait, or refuses it");
}

std::size_t FrontDesk::waiting() const { todo("3.5: waiting, the number of calls that wait"); }

}  // namespace conclave
