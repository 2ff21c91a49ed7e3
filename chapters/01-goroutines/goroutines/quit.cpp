#include "goroutines/quit.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

#include "goroutines/describe.hpp"
#include "goroutines/processor.hpp"
#include "goroutines/report.hpp"

namespace conclave::detail {
namespace {

constexpr std::string_view kHeadline = "SIGQUIT: quit\n";
constexpr std::size_t kThreadStackBytesMax = std::size_t{64} << 20;

/// What one thread inside run() says.  The handlers of other threads read `thread` and `answered` only.
struct Seat {
  std::atomic<pid_t> thread{0};  // 0: nobody sits here
  std::atomic<bool> answered{false};
  std::string dump;
  const Processor* processor = nullptr;  // tools/gdb/goroutines.py finds it here
};
std::array<Seat, 64> seats;
thread_local Seat* my_seat = nullptr;

std::mutex listening;  // guards taking and leaving seats, and the timer
int listeners = 0;
std::atomic<bool> has_timer{false};
timer_t timer;

// How far the quitting has come.
std::atomic<bool> impatient{false};  // kPatienceForAnswers is over
std::atomic<bool> printing{false};

pid_t this_thread() noexcept { return static_cast<pid_t>(syscall(SYS_gettid)); }

void write_now(std::string_view text) noexcept {
  [[maybe_unused]] const auto bytes = write(STDERR_FILENO, text.data(), text.size());
}

void ring_after(std::chrono::milliseconds patience) noexcept {
  itimerspec when{};
  when.it_value.tv_sec = patience.count() / 1000;
  when.it_value.tv_nsec = patience.count() % 1000 * 1'000'000;
  if (has_timer) timer_settime(timer, 0, &when, nullptr);
}

/// Interrupts the other threads inside run() that have not answered.
void interrupt_others() noexcept {
  for (const Seat& seat : seats) {
    const pid_t thread = seat.thread;
    if (thread == 0 || &seat == my_seat || seat.answered) continue;
    syscall(SYS_tgkill, getpid(), thread, SIGQUIT);
  }
}

/// Ends the program with what has been said, when nobody is waited for any more.
void print_when_all_answered() {
  int answers = 0;
  for (const Seat& seat : seats) {
    if (seat.thread == 0) continue;
    if (!seat.answered) return;
    ++answers;
  }
  if (printing.exchange(true)) return;

  std::string text(kHeadline);
  int number = 0;
  for (const Seat& seat : seats) {
    if (seat.thread == 0) continue;
    if (answers > 1) text += fmt::format("\n--- run() {} of {}\n", ++number, answers);
    text += "\n" + seat.dump;
  }
  end_program(text);
}

[[noreturn]] void answer(const Processor& processor, std::span<const CallAddress> running) {
  if (my_seat != nullptr && !my_seat->answered) {
    my_seat->dump = describe_goroutines(processor, running);
    my_seat->answered = true;
  }
  print_when_all_answered();
  for (;;) pause();  // another thread prints, or the timer's last ring ends the program
}

/// The time is up: some thread is in the middle of something that its own dump needs, as malloc() is.
[[noreturn]] void give_up() noexcept {
  write_now(kHeadline);
  for (const Seat& seat : seats) {
    if (seat.thread == 0 || !seat.answered) continue;
    write_now("\n");
    write_now(seat.dump);
  }
  write_now(
      "\nThe dump could not be finished: a goroutine was interrupted inside malloc(), or memory is "
      "broken.\nLook at the program in gdb, with tools/gdb/goroutines.py.\n");
  _exit(2);
}

/// Whether `interrupted` stands on the stack of the goroutine that runs, and not in the middle of a switch.
bool in_goroutine(const Processor& processor, const Interrupted& interrupted) noexcept {
  if (current_goroutine == nullptr) return false;
  const auto edge = reinterpret_cast<std::uintptr_t>(processor.edge_of(*current_goroutine));
  const std::size_t bytes =
      current_goroutine->id == 1 ? kThreadStackBytesMax : processor.stacks().bytes();
  return interrupted.stack < edge && edge - interrupted.stack <= bytes;
}

/// Lets the timer ring in the middle of this handler.
void unblock_quit() noexcept {
  sigset_t quit;
  sigemptyset(&quit);
  sigaddset(&quit, SIGQUIT);
  pthread_sigmask(SIG_UNBLOCK, &quit, nullptr);
}

void on_quit(int /*signal*/, siginfo_t* info, void* ucontext) {
  const int error_number = errno;
  const bool rung = info->si_code == SI_TIMER;
  if (!quit_wanted.exchange(true)) {
    ring_after(kPatienceForAnswers);
    interrupt_others();
  } else if (rung && !impatient.exchange(true)) {
    ring_after(kPatienceForDumps);
    interrupt_others();
  } else if (rung) {
    give_up();
  }

  if (current_processor != nullptr && my_seat != nullptr) {
    const Interrupted interrupted = interrupted_at(ucontext);
    if (impatient && !my_seat->answered && in_goroutine(*current_processor, interrupted)) {
      unblock_quit();
      std::array<CallAddress, kCallsMax> calls;
      const std::size_t count = unwind_stack(interrupted.instruction,
                                             current_processor->edge_of(*current_goroutine), calls);
      answer(*current_processor, std::span(calls).first(count));
    }
    current_processor->notify();
  }
  errno = error_number;
}

}  // namespace

constinit std::atomic<bool> quit_wanted{false};

void answer_quit(const Processor& processor) {
  current_goroutine = nullptr;  // the one that ran last has parked, or is ready
  answer(processor, {});
}

QuitListener::QuitListener(const Processor& processor)
    : processor_(processor), handler_(std::in_place, SIGQUIT, on_quit) {
  const std::scoped_lock lock(listening);
  if (listeners++ == 0) {
    sigevent ring{};
    ring.sigev_notify = SIGEV_SIGNAL;
    ring.sigev_signo = SIGQUIT;
    has_timer = timer_create(CLOCK_MONOTONIC, &ring, &timer) == 0;
  }
  for (std::size_t i = 0; i < seats.size() && my_seat == nullptr; ++i) {
    if (seats[i].thread != 0) continue;
    my_seat = &seats[i];
    my_seat->processor = &processor;
    my_seat->thread = this_thread();
  }
}

QuitListener::~QuitListener() {
  handler_.reset();
  if (quit_wanted) answer_quit(processor_);  // nobody leaves without an answer
  const std::scoped_lock lock(listening);
  if (my_seat != nullptr) {
    my_seat->thread = 0;
    my_seat->processor = nullptr;
  }
  my_seat = nullptr;
  if (--listeners == 0 && has_timer.exchange(false)) timer_delete(timer);
}

}  // namespace conclave::detail
