#include "channels/select.hpp"

#include <algorithm>
#include <iterator>

#include <boost/container/small_vector.hpp>
#include <fmt/format.h>

#include "goroutines/alarm.hpp"
#include "goroutines/panic.hpp"
#include "goroutines/race_detector.hpp"

namespace conclave {
namespace detail {
namespace {

constexpr std::size_t kCasesMax = 65536;  // as in Go's reflect.Select
constexpr std::size_t kCasesShown = 8;

using Cases = std::span<Case* const>;

/// Wakes a select when its time is up.
class Expiry final : public Alarm {
 public:
  Expiry(Operation& operation, int index) : operation_(operation), index_(index) {}

 private:
  void fire() noexcept override {
    if (operation_.chosen != Operation::kOpen) return;
    operation_.chosen = index_;
    ready(*operation_.goroutine);
  }

  Operation& operation_;
  int index_;
};

/// The operation waits in the queues of all its channels as long as this lives.
class Enqueued {
 public:
  Enqueued(Cases cases, Operation& operation) : cases_(cases) {
    for (int i = 0; i < std::ssize(cases); ++i) {
      Case* each = cases[i];
      if (each->channel == nullptr) continue;
      Waiter& waiter = each->queued.emplace(each->channel).waiter;
      waiter.operation = &operation;
      waiter.value = each->value;
      waiter.index = i;
      if (each->kind == CaseKind::recv) {
        each->channel->push_receiver(waiter);
      } else {
        each->channel->push_sender(waiter);
      }
    }
  }
  Enqueued(const Enqueued&) = delete;
  Enqueued& operator=(const Enqueued&) = delete;
  ~Enqueued() {
    for (Case* each : cases_) {
      if (!each->queued) continue;
      each->queued->waiter.unlink();
      if (each->kind == CaseKind::recv) each->channel->receiver_left();
      each->queued.reset();
    }
  }

 private:
  Cases cases_;
};

std::string explain(const void* list) {
  const Cases cases = *static_cast<const Cases*>(list);
  if (cases.empty()) return "no cases";
  std::string text;
  for (const Case* each : cases.first(std::min(cases.size(), kCasesShown))) {
    if (!text.empty()) text += "; ";
    if (each->kind == CaseKind::timeout) {
      text += "timeout";
      continue;
    }
    text += each->kind == CaseKind::recv ? "recv " : "send ";
    text += each->channel != nullptr ? each->channel->describe() : "nil channel";
  }
  if (cases.size() > kCasesShown) {
    text += fmt::format("; and {} more", cases.size() - kCasesShown);
  }
  return text;
}

/// The index of the timeout that is over first; -1 when there is none.
int first_timeout(Cases cases) {
  int first = -1;
  for (int i = 0; i < std::ssize(cases); ++i) {
    if (cases[i]->kind != CaseKind::timeout) continue;
    if (first == -1 || cases[i]->limit < cases[first]->limit) first = i;
  }
  return first;
}

/// One of the cases that are ready, each as likely as the others; -1 when none is.
int draw_ready(Cases cases) {
  int chosen = -1;
  std::uint64_t ready = 0;
  for (int i = 0; i < std::ssize(cases); ++i) {
    if (!cases[i]->ready()) continue;
    // The k-th that is ready takes the place of those before it with probability 1/k.
    if (++ready == 1 || draw_below(ready) == 0) chosen = i;
  }
  return chosen;
}

/// The case is ready, and goes.
void proceed(Case& chosen) {
  if (chosen.kind == CaseKind::recv) {
    chosen.channel->receive_now(chosen.value);
    return;
  }
  if (chosen.channel->closed()) chosen.channel->panic_send_on_closed(chosen.place);
  chosen.channel->send_now(chosen.value);
  chosen.spent = true;
}

/// Parks until somebody claims one of the cases, or the time is up.
int wait(Cases cases, int timeout, std::source_location place) {
  Operation operation{&current(place)};
  const Enqueued enqueued(unwinding() ? Cases{} : cases, operation);
  std::optional<Expiry> expiry;
  if (timeout != -1 && !unwinding()) {
    expiry.emplace(operation, timeout);
    expiry->set(from_now(cases[timeout]->limit, place));
  }
  park({"select", place, &cases, explain});
  if (operation.chosen == Operation::kOpen) return -1;

  Case& chosen = *cases[operation.chosen];
  if (chosen.kind == CaseKind::send) {
    if (!operation.passed) chosen.channel->panic_send_on_closed(chosen.place);
    chosen.spent = true;
  }
  return operation.chosen;
}

}  // namespace

int choose(Cases cases, std::source_location place) {
  const RuntimeCode runtime;
  if (const int ready = draw_ready(cases); ready != -1) {
    proceed(*cases[ready]);
    return ready;
  }
  const auto otherwise = std::ranges::find(cases, CaseKind::otherwise, &Case::kind);
  if (otherwise != cases.end()) return static_cast<int>(otherwise - cases.begin());
  const int timeout = first_timeout(cases);
  if (timeout != -1 && cases[timeout]->limit <= Duration::zero()) return timeout;
  return wait(cases, timeout, place);
}

void panic_empty_handler(std::source_location place) {
  panic("select: an empty function was given as a case's handler", place);
}

}  // namespace detail

int select(std::span<SelectCase> cases, std::source_location place) {
  if (cases.size() > detail::kCasesMax) {
    panic(fmt::format("select: {} cases; the limit is {}", cases.size(), detail::kCasesMax), place);
  }
  boost::container::small_vector<detail::Case*, 16> all;
  for (const SelectCase& each : cases) {
    if (each.kept_ == nullptr) panic("select: a case of this list has been moved away", place);
    detail::Case& one = each.kept_->get();
    if (one.queued)
      panic("select: another goroutine waits with this list; make one for each", place);
    if (one.spent) {
      panic("select: this case has sent its value; make a new one to send another", one.place);
    }
    all.push_back(&one);
  }
  const int chosen = detail::choose({all.data(), all.size()}, place);
  if (chosen != -1) cases[static_cast<std::size_t>(chosen)].kept_->finish();
  return chosen;
}

}  // namespace conclave
