/// @file
/// Health: which services of a server are well, and who wants to know when that changes.
///
/// Call from any goroutine of one run().  Source: gRPC, "Health checking" (grpc.health.v1, Check and Watch).
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>

#include "channels/chan.hpp"
#include "channels/context.hpp"
#include "common/result.hpp"
#include "rpc/services.hpp"

namespace conclave::rpc {

/// Where a server says how its services are.
class HealthBoard {
 public:
  /// One on which all are well.
  /// @param watchers_max   how many may wait for a change
  explicit HealthBoard(std::size_t watchers_max) : watchers_max_(watchers_max) {}

  /// Says whether a service is well; "" is the server as a whole.
  void set(const std::string& service, bool is_serving);

  /// Says that nothing will be well any more; who waits hears `why`.
  void drain(const Status& why);
  /// Whether that was said.
  [[nodiscard]] bool is_draining() const { return why_draining_.has_value(); }

  /// How a service is; one of which nobody has said anything is as well as the server.
  [[nodiscard]] Health check(const std::string& service) const;

  /// The same, as soon as it is not what was seen.  Parks until then.
  /// @return also what ended `context`; resource_exhausted when too many wait; why the server drains, if nothing else is to come
  Result<Health> watch(const HealthSeen& request, const Context& context);

 private:
  void say_that_it_has_changed();

  std::size_t watchers_max_;
  std::size_t watchers_ = 0;
  std::set<std::string> ill_;
  std::optional<Status> why_draining_;
  Chan<Signal> changed_ = make_chan<Signal>();  // closed at the next change
};

}  // namespace conclave::rpc
