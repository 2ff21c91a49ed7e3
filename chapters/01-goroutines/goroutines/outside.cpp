#include "goroutines/outside.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "goroutines/inbox.hpp"
#include "goroutines/panic.hpp"
#include "goroutines/parking.hpp"
#include "goroutines/poller.hpp"
#include "goroutines/processor.hpp"
#include "goroutines/race_detector.hpp"

namespace conclave {
namespace detail {

Status Inbox::post(Task&& task, std::source_location place) {
  // Behind a pointer: what is moved under the mutex may run no code of a user's, which may copy a handle.
  struct Held {
    Task task;
    Edge posted;
    ~Held() { posted.acquire(); }  // also when it never ran
  };
  auto held = std::make_unique<Held>(std::move(task));
  held->posted.release();
  Task counted([this, held = std::move(held)] {
    held->posted.acquire();
    not_started_.fetch_sub(1, std::memory_order_relaxed);
    held->task.run();
  });
  const std::scoped_lock lock(mutex_);
  if (poller_ == nullptr) {
    return Status::unavailable("RunHandle::post: the run() of this handle has ended");
  }
  if (not_started_.load(std::memory_order_relaxed) >= RunHandle::kPostsMax) {
    return Status::resource_exhausted(
        fmt::format("RunHandle::post: {} posted functions wait to be started, which is the limit",
                    RunHandle::kPostsMax),
        "post less, or let the goroutines give way more often");
  }
  contents_.posts.push_back({std::move(counted), place});
  not_started_.fetch_add(1, std::memory_order_relaxed);
  has_come();
  return {};
}

void Inbox::put(BlockingCall& call) {
  const std::scoped_lock lock(mutex_);
  if (poller_ == nullptr) return;
  contents_.calls.push_back(&call);
  has_come();
}

/// @pre mutex_ is held, and the inbox is open
void Inbox::has_come() noexcept {
  if (!has_mail_.exchange(true, std::memory_order_release)) poller_->notify();
}

void Inbox::add_handle() noexcept {
  const std::scoped_lock lock(mutex_);
  ++handles_;
}

void Inbox::drop_handle() noexcept {
  {
    const std::scoped_lock lock(mutex_);
    if (--handles_ == 0 && poller_ != nullptr) poller_->notify();  // it may be a deadlock now
  }
  dropped_.release();
}

bool Inbox::has_handles() const noexcept {
  const std::scoped_lock lock(mutex_);
  return handles_ != 0;
}

Inbox::Contents Inbox::take() {
  const std::scoped_lock lock(mutex_);
  has_mail_.store(false, std::memory_order_relaxed);
  return std::exchange(contents_, {});
}

void Inbox::withdraw(const BlockingCall& call) {
  const std::scoped_lock lock(mutex_);
  std::erase(contents_.calls, &call);
}

Inbox::Contents Inbox::close() {
  const std::scoped_lock lock(mutex_);
  poller_ = nullptr;
  return std::exchange(contents_, {});
}

}  // namespace detail

RunHandle::RunHandle(std::source_location place) {
  detail::current(place);
  inbox_ = detail::current_processor->inbox();
  inbox_->add_handle();
}

RunHandle::RunHandle(const RunHandle& other) noexcept : inbox_(other.inbox_) {
  if (inbox_ != nullptr) inbox_->add_handle();
}

RunHandle::~RunHandle() {
  if (inbox_ != nullptr) inbox_->drop_handle();
}

Status RunHandle::post(detail::Start<> f) const {
  const std::source_location place = f.place();
  if (inbox_ == nullptr) panic("RunHandle::post: this handle has been moved away", place);
  return inbox_->post(std::move(f).bind(), place);
}

}  // namespace conclave
