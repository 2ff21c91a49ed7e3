/// @file
/// Helpers: the threads of a processor that run the functions of blocking().
/// @internal
///
/// Laws
///  1. Calls begin in the order in which they came; at most `limit` run at once.
///  2. A thread is started when a call finds none free, and is kept until the end of run().
///  3. A call that is over is put into the inbox, and nothing of it is touched afterwards.
///  4. Helper threads take no signals.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <source_location>
#include <thread>
#include <vector>

#include "goroutines/clock.hpp"
#include "goroutines/race_detector.hpp"

namespace conclave::detail {

class Inbox;
struct Goroutine;

/// A function that is to run on a helper thread; lies on its goroutine's stack.
struct BlockingCall {
  using Function = void(void* object) noexcept;
  BlockingCall(Function* f, void* f_object, Goroutine& caller) noexcept
      : call(f), object(f_object), goroutine(&caller) {}

  Function* call;
  void* object;
  Goroutine* goroutine;
  int error_number = 0;  // errno after the call

  [[no_unique_address]] Edge is_over;

  enum class State { queued, running, over };
  State state = State::queued;  // guarded by Helpers::mutex_
};

/// The threads of a processor that run the functions of blocking().
class Helpers {
 public:
  Helpers(Inbox& inbox, std::size_t limit) noexcept : inbox_(inbox), limit_(limit) {}
  Helpers(const Helpers&) = delete;
  Helpers& operator=(const Helpers&) = delete;
  /// Joins the threads.
  /// @pre no call is left
  ~Helpers();

  /// Has `call` run.  Does not block.
  /// @throws Panic when there is no helper thread, and the system has none for us
  void add(BlockingCall& call, std::source_location place);

  /// Takes all calls back that have not begun and whose goroutines are to end: none begins from now on.
  void withdraw_ending();

  /// Takes `call` back: at once when it has not begun, else when it is over.
  /// @return false when it is not over by `deadline`
  [[nodiscard]] bool withdraw(BlockingCall& call, std::chrono::steady_clock::time_point deadline);

 private:
  void start_thread(std::source_location place);
  void work() noexcept;

  // Fixed.
  Inbox& inbox_;
  const std::size_t limit_;
  // The processor's.
  std::vector<std::thread> threads_;
  // Guarded by mutex_.
  std::mutex mutex_;
  std::condition_variable has_come_;  // a call, or the end
  std::condition_variable is_over_;   // a call that is being withdrawn
  std::deque<BlockingCall*> queue_;
  std::size_t idle_ = 0;
  bool ending_ = false;
};

}  // namespace conclave::detail
