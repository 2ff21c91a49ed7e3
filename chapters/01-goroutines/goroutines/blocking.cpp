#include "goroutines/blocking.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>

#include <fmt/format.h>

#include "goroutines/helpers.hpp"
#include "goroutines/inbox.hpp"
#include "goroutines/panic.hpp"
#include "goroutines/processor.hpp"
#include "goroutines/report.hpp"

namespace conclave::detail {

// --- Helpers -------------------------------------------------------------------------------------------

Helpers::~Helpers() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  has_come_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Helpers::add(BlockingCall& call, std::source_location place) {
  bool all_are_busy = false;
  {
    const std::scoped_lock lock(mutex_);
    all_are_busy = idle_ <= queue_.size();
  }
  if (all_are_busy && threads_.size() < limit_) start_thread(place);
  {
    const std::scoped_lock lock(mutex_);
    queue_.push_back(&call);
  }
  has_come_.notify_one();
}

void Helpers::start_thread(std::source_location place) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    threads_.emplace_back([this] { work(); });
  } catch (const std::system_error& error) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (!threads_.empty()) return;  // it waits for one of those
    panic(
        fmt::format("blocking: the system has no thread for us: {}; see `ulimit -u` for the limit",
                    error.what()),
        place);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Helpers::work() noexcept {
  on_helper_thread = true;
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    has_come_.wait(lock, [&] { return ending_ || !queue_.empty(); });
    --idle_;
    if (queue_.empty()) return;
    BlockingCall& call = *queue_.front();
    queue_.pop_front();
    call.state = BlockingCall::State::running;
    lock.unlock();
    errno = 0;
    call.call(call.object);
    call.error_number = errno;
    call.is_over.release();
    lock.lock();
    call.state = BlockingCall::State::over;
    inbox_.put(call);
    is_over_.notify_all();
  }
}

void Helpers::withdraw_ending() {
  const std::scoped_lock lock(mutex_);
  std::erase_if(queue_, [](const BlockingCall* call) { return call->goroutine->ending; });
}

bool Helpers::withdraw(BlockingCall& call, std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  if (call.state == BlockingCall::State::queued) {
    std::erase(queue_, &call);
    return true;
  }
  const bool over =
      is_over_.wait_until(lock, deadline, [&] { return call.state == BlockingCall::State::over; });
  if (over) inbox_.withdraw(call);
  return over;
}

// --- blocking() ----------------------------------------------------------------------------------------

void run_blocking(void (*call)(void* object) noexcept, void* object, std::source_location place) {
  Goroutine& self = current(place);
  if (self.ending) return call(object);
  BlockingCall blocking_call(call, object, self);
  current_processor->run_blocking(blocking_call, place);
}

void Processor::run_blocking(BlockingCall& call, std::source_location place) {
  if (!helpers_) helpers_.emplace(*inbox(), helpers_max_);
  helpers_->add(call, place);
  ++calls_on_their_way_;
  // The call lies on this stack, and what it calls may use what lies above: nothing may go before it is over.
  const auto take_back = [&] {
    --calls_on_their_way_;
    if (!helpers_->withdraw(call, ended_at_ + kPatienceForCalls)) {
      report_blocking_at_the_end(*call.goroutine, place);
    }
  };
  try {
    if (park({"blocking", place})) {
      --calls_on_their_way_;
    } else {  // a destructor, which needs the result
      take_back();
      if (call.state == BlockingCall::State::queued) return call.call(call.object);
    }
  } catch (const Unwind&) {
    take_back();
    throw;
  }
  call.is_over.acquire();
  errno = call.error_number;
}

}  // namespace conclave::detail
