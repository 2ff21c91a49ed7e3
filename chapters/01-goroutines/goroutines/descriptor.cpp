#include "goroutines/descriptor.hpp"

#include <optional>
#include <unistd.h>

#include <fmt/format.h>

#include "goroutines/alarm.hpp"
#include "goroutines/processor.hpp"

namespace conclave {
namespace detail {
namespace {

Status too_late() {
  return Status::deadline_exceeded("the deadline passed before the descriptor was ready");
}

/// Ends a wait at its deadline.
class Expiry final : public Alarm {
 public:
  explicit Expiry(DescriptorWait& wait) noexcept : wait_(wait) {}

 private:
  void fire() noexcept override { wait_.end(too_late()); }

  DescriptorWait& wait_;
};

}  // namespace

Status DescriptorWait::wait(TimePoint deadline, std::source_location place) {
  Goroutine& self = current(place);
  if (self.ending) return Status::cancelled("the goroutine is being ended");
  Expiry expiry(*this);
  if (deadline <= now(place)) {
    return Status::deadline_exceeded("the deadline had passed before the wait began");
  }
  Poller& poller = current_processor->poller();
  if (Status watched = poller.watch(fd_, direction_); !watched.ok()) return watched;
  expiry.set(deadline);
  goroutine_ = &self;
  struct Leave {
    Poller& poller;
    ~Leave() { poller.leave(); }
  } leave{poller};
  park_in(poller.waiters(fd_, direction_),
          {direction_ == Direction::read ? "wait_readable" : "wait_writable", place, this, explain,
           true});
  if (outcome_.ok() && deadline <= now(place)) return too_late();
  return outcome_;
}

void DescriptorWait::end(const Status& outcome) noexcept {
  if (goroutine_->wait == nullptr) return;  // woken before
  outcome_ = outcome;
  goroutine_->unlink();
  ready(*goroutine_);
}

std::string DescriptorWait::explain(const void* wait) {
  return fmt::format("descriptor {}", static_cast<const DescriptorWait*>(wait)->fd_);
}

}  // namespace detail

Status wait_readable(int fd, TimePoint deadline, std::source_location place) {
  return detail::DescriptorWait(fd, detail::Direction::read).wait(deadline, place);
}

Status wait_writable(int fd, TimePoint deadline, std::source_location place) {
  return detail::DescriptorWait(fd, detail::Direction::write).wait(deadline, place);
}

void Descriptor::close() noexcept {
  const int fd = release();
  if (fd < 0) return;
  if (detail::current_processor != nullptr) detail::current_processor->poller().forget(fd);
  ::close(fd);
}

}  // namespace conclave
