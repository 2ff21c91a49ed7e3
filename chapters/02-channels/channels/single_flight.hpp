/// @file
/// SingleFlight: many ask for the same thing at the same time, and one fetches it for all.
///
///     SingleFlight<std::string, Page> flight;
///     Result<Page> page = flight.call(url, [&] { return fetch(url); });
///
/// Laws
///  1. At most one function runs for a key at a time.  Who calls meanwhile waits and gets the same result.
///  2. A result is not kept: who calls after it came starts a new flight.
///
/// Call from any goroutine; the function may park.  Source: Go, golang.org/x/sync/singleflight.
#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <unordered_map>
#include <utility>

#include "common/result.hpp"
#include "goroutines/goroutine.hpp"
#include "goroutines/race_detector.hpp"
#include "goroutines/wait_group.hpp"

namespace conclave {

/// One fetches for all who ask for the same key at the same time.
template <class Key, std::copyable T>
class SingleFlight {
 public:
  SingleFlight() = default;
  SingleFlight(const SingleFlight&) = delete;
  SingleFlight& operator=(const SingleFlight&) = delete;

  /// Returns `f()`, or the result of the call for `key` that is on its way; parks until it is there.
  /// @return the result; `aborted` for one that waited in vain, because the program ends or the goroutine of the call was ended
  /// @throws what that call throws, to all who wait for it
  /// @rule{Go x/sync/singleflight.Group.Do: only one execution is in-flight for a given key at a time}
  template <std::invocable F>
    requires std::convertible_to<std::invoke_result_t<F>, Result<T>>
  Result<T> call(const Key& key, F&& f,
                 std::source_location place = std::source_location::current()) {
    if (const std::shared_ptr<Flight> flight = under_way(key)) {
      flight->under_way.wait(place);
      return flight->get();
    }
    const auto flight = std::make_shared<Flight>();
    const Landing landing{this, key, flight};
    flight->under_way.add(1, place);
    take_off(landing);
    try {
      flight->result.emplace(std::invoke(std::forward<F>(f)));
    } catch (const detail::Unwind&) {
      throw;
    } catch (...) {
      flight->error = std::current_exception();
      throw;
    }
    return flight->get();
  }

  /// Lets the next call for `key` start a flight of its own, also while one is on its way.  Does not block.
  void forget(const Key& key) {
    const detail::RuntimeCode runtime;
    flights_.erase(key);
  }

 private:
  struct Flight {
    Result<T> get() const {
      if (error) std::rethrow_exception(error);
      return result ? *result : Status::aborted("the goroutine that made the call has ended");
    }

    WaitGroup under_way;
    std::optional<Result<T>> result;
    std::exception_ptr error;
  };

  /// Wakes those who wait, also when the call ends by an exception.
  struct Landing {
    SingleFlight* all;
    Key key;
    std::shared_ptr<Flight> flight;

    ~Landing() {
      if (!detail::gone(all)) all->land(*this);
      flight->under_way.done();
    }
  };

  [[nodiscard]] std::shared_ptr<Flight> under_way(const Key& key) {
    const detail::Acquires order(took_off_);
    const auto found = flights_.find(key);
    return found != flights_.end() ? found->second : nullptr;
  }

  void take_off(const Landing& landing) {
    const detail::Releases order(took_off_);
    flights_.emplace(landing.key, landing.flight);
  }

  void land(const Landing& landing) {
    const detail::RuntimeCode runtime;
    const auto found = flights_.find(landing.key);
    if (found != flights_.end() && found->second == landing.flight) flights_.erase(found);
  }

  [[no_unique_address]] detail::Edge took_off_;
  std::unordered_map<Key, std::shared_ptr<Flight>> flights_;
};

}  // namespace conclave
