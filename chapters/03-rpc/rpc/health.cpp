#include "rpc/health.hpp"

#include <utility>

#include <fmt/format.h>

#include "channels/select.hpp"

namespace conclave::rpc {

void HealthBoard::set(const std::string& service, bool is_serving) {
  if (is_serving) {
    ill_.erase(service);
  } else {
    ill_.insert(service);
  }
  say_that_it_has_changed();
}

void HealthBoard::drain(const Status& why) {
  why_draining_ = why;
  say_that_it_has_changed();
}

Health HealthBoard::check(const std::string& service) const {
  const bool is_ill = is_draining() || ill_.contains("") || ill_.contains(service);
  return {is_ill ? "not_serving" : "serving"};
}

Result<Health> HealthBoard::watch(const HealthSeen& request, const Context& context) {
  if (watchers_ >= watchers_max_) {
    return Status::resource_exhausted(fmt::format("{} watch the health already", watchers_),
                                      "use Health.Check")
        .not_executed();
  }
  struct Watching {
    std::size_t& count;
    explicit Watching(std::size_t& watchers) : count(++watchers) {}
    ~Watching() { --count; }
  } const watching(watchers_);
  for (;;) {
    const Health now_is = check(request.service);
    if (now_is.state != request.seen) return now_is;
    if (why_draining_) return *why_draining_;
    select(recv(changed_), recv(context.done()));
    if (Status status = context.status(); !status.ok()) return status;
  }
}

void HealthBoard::say_that_it_has_changed() {
  std::exchange(changed_, make_chan<Signal>()).close();
}

}  // namespace conclave::rpc
