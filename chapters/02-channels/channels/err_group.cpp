#include "channels/err_group.hpp"

#include <fmt/format.h>

#include "goroutines/goroutine.hpp"
#include "goroutines/panic.hpp"

namespace conclave {

ErrGroup::ErrGroup(const Context& parent, std::source_location place)
    : context_(with_cancel(parent)), group_(place) {}

ErrGroup::~ErrGroup() noexcept(false) { context_.cancel(); }

void ErrGroup::set_limit(std::int64_t limit, std::source_location place) {
  if (limit < 1)
    panic(fmt::format("ErrGroup: the limit is {}; it must be 1 or more", limit), place);
  if (started_) panic("ErrGroup: set the limit before the first function is started", place);
  limit_.emplace(limit, place);
}

Status ErrGroup::wait(std::source_location place) {
  group_.wait(place);
  context_.cancel();
  return first_error_;
}

void ErrGroup::ended(const Status& status) {
  if (!status.ok() && first_error_.ok()) {
    first_error_ = status;
    context_.cancel(status);
  }
  if (limit_) limit_->release();
}

/// For the goroutine that is being unwound.  It reports to no wait group any more when ours, and so we, have ended.
void ErrGroup::ended_early(ErrGroup* group) {
  if (detail::current_goroutine->wait_group == nullptr) return;
  group->ended(Status::cancelled("ErrGroup: a function was ended before it returned"));
}

}  // namespace conclave
