#include "goroutines/signal_handler.hpp"

#include <array>
#include <mutex>

namespace conclave::detail {
namespace {

// A report looks up lines and takes names apart, which needs some depth.
constexpr std::size_t kStackBytes = std::size_t{256} * 1024;

std::mutex mutex;
std::array<int, NSIG> users{};  // of our handler; guarded by the mutex

}  // namespace

SignalHandler::SignalHandler(int signal, Function function) : signal_(signal), function_(function) {
  const std::scoped_lock lock(mutex);
  if (users[static_cast<std::size_t>(signal)]++ > 0) return;
  struct sigaction action{};
  sigaction(signal, nullptr, &action);
  if ((action.sa_flags & SA_SIGINFO) != 0 || action.sa_handler != SIG_DFL) return;
  action = {};
  action.sa_sigaction = function;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigaction(signal, &action, nullptr);
}

SignalHandler::~SignalHandler() {
  const std::scoped_lock lock(mutex);
  if (--users[static_cast<std::size_t>(signal_)] > 0 || !is_installed()) return;
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  sigaction(signal_, &action, nullptr);
}

bool SignalHandler::is_installed() const noexcept {
  struct sigaction action{};
  sigaction(signal_, nullptr, &action);
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == function_;
}

SignalStack::SignalStack() : memory_(new std::byte[kStackBytes]) {
  const stack_t stack{.ss_sp = memory_.get(), .ss_flags = 0, .ss_size = kStackBytes};
  sigaltstack(&stack, &before_);
}

SignalStack::~SignalStack() { sigaltstack(&before_, nullptr); }

}  // namespace conclave::detail
