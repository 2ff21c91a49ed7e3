/// @file
/// select: waits for several channels at once.
///
///     int job;
///     switch (select(recv(jobs, job), recv(done), timeout(1s))) {
///       case 0: work(job); break;
///       case 1: return;
///       case 2: say("nothing to do"); break;
///     }
///
/// or with a handler for each case, which is called after the choice and may itself park:
///
///     select(recv(jobs, [](int job) { work(job); }), send(results, sum, [&] { sum = 0; }));
///
/// Laws
///  1. Exactly one case is chosen, and only its value moves: what was to be sent by another stays where it was.
///     (In a run-time list, and for a T whose move may throw, that is the case itself from the start.)
///  2. Among the cases that are ready all are equally likely (drawn from RunOptions::seed).
///  3. When none is ready: otherwise() is chosen at once; timeout(d) after d; without either, the goroutine
///     parks, and uses no processor, until a case becomes ready.
///  4. A case on a nil channel is never ready.  A closed channel is always ready to receive.
///  5. A channel may appear in several cases, and both ends of a channel may be in selects.
///  6. Nothing is allocated, but for values whose move may throw, and for run-time lists.
///
/// A case lives in the expression of its select, or in a run-time list; kept in a variable it may outlive what it
/// refers to.
///
/// Call from any goroutine.  Source: Hoare 1978, §2.4; Go spec, "Select statements".
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "channels/chan.hpp"
#include "goroutines/clock.hpp"
#include "goroutines/start.hpp"

namespace conclave {

namespace detail {

enum class CaseKind : unsigned char { recv, send, timeout, otherwise };

/// One case of a select, as far as the choice needs to know it.
struct Case {
  Case(CaseKind what, ChanCore* on, std::source_location at) noexcept
      : kind(what), channel(on), place(at) {}

  CaseKind kind;
  ChanCore* channel;      // null for nil, timeout and otherwise
  void* value = nullptr;  // what to send, or the slot to receive into
  std::source_location place;
  Duration limit{};    // of a timeout
  bool spent = false;  // a send whose value is gone

  /// Its place in the queue of its channel.
  struct Queued {
    boost::intrusive_ptr<ChanCore> alive;  // also when the last handle goes meanwhile
    Waiter waiter;
  };
  std::optional<Queued> queued;  // while the goroutine is parked

  [[nodiscard]] bool ready() noexcept {
    if (channel == nullptr) return false;
    return kind == CaseKind::recv ? channel->can_receive() : channel->can_send();
  }
};

/// Chooses, waits, moves the value.
/// @return the index of the case; -1 while the goroutine is unwound
int choose(std::span<Case* const> cases, std::source_location place);

[[noreturn]] void panic_empty_handler(std::source_location place);

/// A case without a handler.
struct NoHandler {
  template <class... Args>
  void operator()(Args&&... /*ignored*/) const noexcept {}
};

template <class F>
void check_handler(const F& handler, std::source_location place) {
  if constexpr (kMayBeEmpty<F>) {
    if (!static_cast<bool>(handler)) panic_empty_handler(place);
  }
}

/// What a handler of recv may take: the value or the end; the value, T{} at the end; nothing.
template <class F, class T>
concept RecvHandler =
    std::invocable<F&, std::optional<T>> ||
    (std::invocable<F&, T> && std::default_initializable<T>) || std::invocable<F&>;

template <class F>
concept Handler = std::invocable<F&>;

/// recv(): receives into a slot and hands what is in it to `deliver`.
template <class T, class Deliver>
class RecvCase : public Case {
 public:
  RecvCase(ChanState<T>* state, Deliver deliver, std::source_location at)
      : Case(CaseKind::recv, state, at), deliver_(std::move(deliver)) {
    value = &slot_;
  }
  RecvCase(RecvCase&& other) noexcept(std::is_nothrow_move_constructible_v<Deliver>)
      : RecvCase(static_cast<ChanState<T>*>(other.channel), std::move(other.deliver_),
                 other.place) {}

  void finish() {
    if constexpr (kBoxed<T>) {
      const auto box = std::exchange(slot_, std::nullopt);  // gone even if the move throws
      std::optional<T> received;
      if (box) received.emplace(std::move(**box));
      deliver_(std::move(received));
    } else {
      deliver_(std::exchange(slot_, std::nullopt));
    }
  }

 private:
  Deliver deliver_;
  typename ChanState<T>::Slot slot_;
};

/// send(): sends from where the value lies, or from a copy of its own.
template <class T, class F>
class SendCase : public Case {
 public:
  /// A value of the caller's, which is moved only if the case is chosen.
  SendCase(ChanState<T>* state, T&& theirs, F handler, std::source_location at)
      : SendCase(state, std::move(handler), at) {
    if constexpr (kBoxed<T>) {
      own_.emplace(std::make_unique<T>(std::move(theirs)));
      value = std::addressof(*own_);
    } else {
      value = std::addressof(theirs);
    }
  }
  /// A value of its own.
  template <class U>
  SendCase(ChanState<T>* state, std::in_place_t /*own*/, U&& from, F handler,
           std::source_location at)
      : SendCase(state, std::move(handler), at) {
    if constexpr (kBoxed<T>) {
      own_.emplace(std::make_unique<T>(std::forward<U>(from)));
    } else {
      own_.emplace(std::forward<U>(from));
    }
    value = std::addressof(*own_);
  }
  SendCase(SendCase&& other) noexcept(std::is_nothrow_move_constructible_v<F>)
      : SendCase(static_cast<ChanState<T>*>(other.channel), std::move(other.handler_),
                 other.place) {
    own_.emplace(std::move(*static_cast<Stored<T>*>(other.value)));
    value = std::addressof(*own_);
  }

  void finish() { handler_(); }

 private:
  SendCase(ChanState<T>* state, F handler, std::source_location at)
      : Case(CaseKind::send, state, at), handler_(std::move(handler)) {}

  F handler_;
  std::optional<Stored<T>> own_;
};

/// timeout().
template <class F>
class TimeoutCase : public Case {
 public:
  TimeoutCase(Duration d, F handler, std::source_location at)
      : Case(CaseKind::timeout, nullptr, at), handler_(std::move(handler)) {
    limit = d;
  }
  TimeoutCase(TimeoutCase&& other) noexcept(std::is_nothrow_move_constructible_v<F>)
      : TimeoutCase(other.limit, std::move(other.handler_), other.place) {}

  void finish() { handler_(); }

 private:
  F handler_;
};

/// otherwise().
template <class F>
class OtherwiseCase : public Case {
 public:
  OtherwiseCase(F handler, std::source_location at)
      : Case(CaseKind::otherwise, nullptr, at), handler_(std::move(handler)) {}
  OtherwiseCase(OtherwiseCase&& other) noexcept(std::is_nothrow_move_constructible_v<F>)
      : OtherwiseCase(std::move(other.handler_), other.place) {}
  /// Never: said here, too, so that a select whose other cases are not ready is no more than the look at them.
  [[nodiscard]] static bool ready() noexcept { return false; }

  void finish() { handler_(); }

 private:
  F handler_;
};

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

template <class C>
inline constexpr bool kIsOtherwise = false;
template <class F>
inline constexpr bool kIsOtherwise<OtherwiseCase<F>> = true;

template <class C>
concept SelectCaseType = std::derived_from<C, Case>;

/// A channel's end from which one can receive, and what it carries.
template <class C>
concept Receivable = requires(const C& channel) {
  typename C::value_type;
  channel.try_recv();
};
template <class C>
concept ToSendTo = requires(const C& channel) {
  typename C::value_type;
  channel.close();
};

}  // namespace detail

/// @name The cases of a select
/// @{

/// A case that receives from `channel`.  Ready when a value can be received, or the channel is closed.
///
///     recv(ch)                 whatever comes is dropped
///     recv(ch, value)          into a T; T{} when the channel is closed, as in Go
///     recv(ch, value, ok)      ok tells whether it was a value, and not the end
///     recv(ch, maybe)          into an std::optional<T>; nothing when the channel is closed
///     recv(ch, handler)        handler(std::optional<T>), handler(T) with T{} at the end, or handler()
///
/// An assignment or a handler that throws does so out of select(), after the value has left the channel.
template <detail::Receivable C>
[[nodiscard]] auto recv(const C& channel,
                        std::source_location place = std::source_location::current()) {
  using T = typename C::value_type;
  auto drop = [](std::optional<T>&&) noexcept {};
  return detail::RecvCase<T, decltype(drop)>(detail::ChanAccess::state(channel), drop, place);
}

/// The same, into a variable.
template <detail::Receivable C>
[[nodiscard]] auto recv(const C& channel, typename C::value_type& value,
                        std::source_location place = std::source_location::current()) {
  using T = typename C::value_type;
  static_assert(
      std::default_initializable<T> && std::movable<T>,
      "recv(channel, value) assigns T{} when the channel is closed; this T cannot be made "
      "from nothing or not be assigned: receive into an std::optional<T>, or use a handler");
  auto deliver = [&value](std::optional<T>&& received) {
    value = received ? std::move(*received) : T{};
  };
  return detail::RecvCase<T, decltype(deliver)>(detail::ChanAccess::state(channel), deliver, place);
}

/// The same, and tells whether it was a value.
template <detail::Receivable C>
[[nodiscard]] auto recv(const C& channel, typename C::value_type& value, bool& ok,
                        std::source_location place = std::source_location::current()) {
  using T = typename C::value_type;
  auto deliver = [&value, &ok](std::optional<T>&& received) {
    ok = received.has_value();
    value = received ? std::move(*received) : T{};
  };
  return detail::RecvCase<T, decltype(deliver)>(detail::ChanAccess::state(channel), deliver, place);
}

/// The same, into an optional.
template <detail::Receivable C>
[[nodiscard]] auto recv(const C& channel, std::optional<typename C::value_type>& value,
                        std::source_location place = std::source_location::current()) {
  using T = typename C::value_type;
  auto deliver = [&value](std::optional<T>&& received) {
    value.reset();
    if (received) value.emplace(std::move(*received));
  };
  return detail::RecvCase<T, decltype(deliver)>(detail::ChanAccess::state(channel), deliver, place);
}

/// The same, to a handler.
template <detail::Receivable C, detail::RecvHandler<typename C::value_type> F>
[[nodiscard]] auto recv(const C& channel, F handler,
                        std::source_location place = std::source_location::current()) {
  using T = typename C::value_type;
  detail::check_handler(handler, place);
  auto deliver = [handler = std::move(handler)](std::optional<T>&& received) mutable {
    if constexpr (std::invocable<F&, std::optional<T>>) {
      handler(std::move(received));
    } else if constexpr (std::invocable<F&, T>) {
      handler(received ? std::move(*received) : T{});
    } else {
      handler();
    }
  };
  return detail::RecvCase<T, decltype(deliver)>(detail::ChanAccess::state(channel),
                                                std::move(deliver), place);
}

/// What is none of these is refused; the compiler shows what is wanted.
template <detail::Receivable C, class V>
  requires(!std::same_as<V, typename C::value_type&> &&
           !std::same_as<V, std::optional<typename C::value_type>&> &&
           !detail::RecvHandler<std::remove_cvref_t<V>, typename C::value_type> &&
           !std::same_as<std::remove_cvref_t<V>, std::source_location>)
auto recv(const C& channel, V&& want_a_variable_of_what_the_channel_carries_or_a_handler) = delete;

/// A case that sends `value` to `channel`.  Ready when a receiver waits, when there is room, or when the channel
/// is closed: chosen then, it panics.
/// An lvalue is copied now, as Go evaluates it now.  An rvalue T is moved only if this case is chosen.
template <detail::ToSendTo C, class U, detail::Handler F = detail::NoHandler>
  requires std::convertible_to<U, typename C::value_type>
[[nodiscard]] auto send(const C& channel, U&& value, F handler = {},
                        std::source_location place = std::source_location::current()) {
  using T = typename C::value_type;
  detail::check_handler(handler, place);
  auto* state = detail::ChanAccess::state(channel);
  if constexpr (std::same_as<U, T>) {
    return detail::SendCase<T, F>(state, std::forward<U>(value), std::move(handler), place);
  } else {
    return detail::SendCase<T, F>(state, std::in_place, std::forward<U>(value), std::move(handler),
                                  place);
  }
}

/// What the channel cannot carry is refused.
template <detail::ToSendTo C, class U, class F = detail::NoHandler>
  requires(!std::convertible_to<U, typename C::value_type>)
auto send(const C& channel, U&& want_what_the_channel_carries_or_std_move, F handler = {}) = delete;

/// A case that is chosen when no other became ready within `d`.  Zero or less: when none is ready now.
template <class Rep, class Period, detail::Handler F = detail::NoHandler>
[[nodiscard]] auto timeout(std::chrono::duration<Rep, Period> d, F handler = {},
                           std::source_location place = std::source_location::current()) {
  detail::check_handler(handler, place);
  return detail::TimeoutCase<F>(detail::saturated(d), std::move(handler), place);
}

/// A case that is chosen when no other is ready now: the select does not park.  Go's `default`.
template <detail::Handler F = detail::NoHandler>
[[nodiscard]] auto otherwise(F handler = {},
                             std::source_location place = std::source_location::current()) {
  detail::check_handler(handler, place);
  return detail::OtherwiseCase<F>(std::move(handler), place);
}

/// @}

/// Waits until one of the cases can be chosen, chooses it, and calls its handler if it has one.
/// @return the index of the case among the arguments, from 0; -1 only while this goroutine is unwound
/// @throws Panic when the chosen case sends on a closed channel; outside run(), when it would have to park
///         there; what a handler throws
/// @rule{Go spec, "Select statements": one of the communications that can proceed is chosen by a uniform
///       pseudo-random selection; else default; else the statement blocks}
template <detail::SelectCaseType... Cases>
  requires(sizeof...(Cases) > 0)
int select(Cases&&... cases) {
  constexpr int kOtherwises = (0 + ... + int{detail::kIsOtherwise<std::remove_cvref_t<Cases>>});
  static_assert(kOtherwises <= 1, "a select has at most one otherwise()");
  int chosen = -1;
  if (kOtherwises == 0 || (false || ... || cases.ready())) {
    const std::array<detail::Case*, sizeof...(Cases)> all{&cases...};
    chosen = detail::choose(all, all.front()->place);
  } else {
    constexpr std::array kAre{detail::kIsOtherwise<std::remove_cvref_t<Cases>>...};
    while (!kAre[static_cast<std::size_t>(++chosen)]) {
    }
  }
  int index = 0;
  ((index++ == chosen ? cases.finish() : void()), ...);
  return chosen;
}

/// What is no case is refused.
template <class... Others>
  requires(false || ... || detail::kIsOptional<std::remove_cvref_t<Others>>)
int select(Others&&... want_cases_as_recv_of_a_channel_not_what_its_recv_returns) = delete;

/// Parks for ever.  Go's `select {}`.
inline void select(std::source_location place = std::source_location::current()) {
  detail::choose({}, place);
}

/// A case of which a run-time list is made: whatever recv(), send(), timeout() or otherwise() return.
///
///     std::vector<SelectCase> cases;
///     for (std::size_t i = 0; i < inputs.size(); ++i) cases.emplace_back(recv(inputs[i], values[i]));
///     int chosen = select(cases);
///
/// The list may be used again, but a case that has sent its value has none to send a second time.  Until select()
/// returns, its handler included, nobody else may change it, end it, or select on it.
class SelectCase {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): so that a list of cases can be written down
  template <detail::SelectCaseType C>
  SelectCase(C any_case) : kept_(std::make_unique<Kept<C>>(std::move(any_case))) {}

 private:
  friend int select(std::span<SelectCase> cases, std::source_location place);

  struct Any {
    Any() = default;
    Any(const Any&) = delete;
    Any& operator=(const Any&) = delete;
    virtual ~Any() = default;
    virtual detail::Case& get() noexcept = 0;
    virtual void finish() = 0;
  };

  template <class C>
  struct Kept final : Any {
    explicit Kept(C&& any_case) : the_case(std::move(any_case)), channel(the_case.channel) {}
    detail::Case& get() noexcept override { return the_case; }
    void finish() override { the_case.finish(); }

    C the_case;
    boost::intrusive_ptr<detail::ChanCore> channel;  // the list may outlive the handle
  };

  std::unique_ptr<Any> kept_;
};

/// The same for a list that is made at run time, of at most 65,536 cases; an empty one parks for ever.
/// @return the index in the list
/// @throws Panic also for too many cases, for a send that has been chosen before, for a case that was moved
///         away, and when another goroutine waits with this list
/// @rule{Go reflect.Select: as select, for a list of at most 65,536 cases}
int select(std::span<SelectCase> cases,
           std::source_location place = std::source_location::current());

namespace detail {
// The cases live here, so this is where a select without its namespace is looked for; else it would be POSIX's.
using conclave::select;
}  // namespace detail

}  // namespace conclave
