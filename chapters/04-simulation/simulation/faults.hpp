/// @file
/// Fault: what a simulated world may do to those who live in it; Faults: a set of them.
///
/// Which of those that are allowed a run really has, and how strong, its seed draws (simulate.hpp): a run in which all happen at
/// once finds less than many in which some do ("swarm testing").
///
/// Source: Groce et al., "Swarm Testing", ISSTA 2012; the models are those of TigerBeetle's and FoundationDB's simulators,
/// and for partitions of OmniPaxos (EuroSys 2023, §2).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "common/result.hpp"

namespace conclave::simulation {

/// What a simulated world may do.
enum class Fault : std::uint8_t {
  // to a message
  loss,         ///< it never arrives
  duplication,  ///< it arrives twice
  delay,        ///< it takes long: a thousandth of them a thousand times as long as half of them
  reordering,   ///< one that was sent later overtakes it
  clog,         ///< a link holds everything back for a while
  // to those who want to talk
  one_way,  ///< a link loses everything, but not in the other direction; or all links from a host, or all to it
  partition,  ///< no link between two halves
  bridge,     ///< two halves, and a node that sees both
  chain,      ///< each node sees its neighbours only (and a client what its node sees)
  // to a process
  crash,            ///< it ends, at any turn of any of its goroutines, and is started again
  power_failure,    ///< all nodes at once, and of what was not synced a disk keeps what it likes
  pause,            ///< it does nothing for a while, and does not know it
  slow,             ///< it has a tenth of its processor for a while
  rolling_restart,  ///< one after the other is ended and started again
  // to a clock
  drift,      ///< it goes wrong by up to a tenth
  wall_jump,  ///< the time of day is another by up to an hour
  // to a disk
  torn_page,     ///< at a power failure a page is half old, half new
  garbage,       ///< or has rubbish in it
  read_error,    ///< the device cannot read
  write_error,   ///< or write
  sync_error,    ///< or sync, and then forgets what it should have written
  full,          ///< there is no room for a while
  bit_rot,       ///< a bit is another one
  disk_latency,  ///< calls take up to a second
  // to the order of goroutines
  schedule,  ///< any order, or one of priorities (Order::pct)
};

/// How many kinds there are.
inline constexpr std::size_t kFaults = static_cast<std::size_t>(Fault::schedule) + 1;

/// Its name, as it is written above.
[[nodiscard]] std::string_view name(Fault fault);

/// The fault with that name.
/// @return invalid_argument with the names that there are
[[nodiscard]] Result<Fault> fault_named(std::string_view name);

/// A number for each fault.
template <class T>
class PerFault {
 public:
  T& operator[](Fault fault) { return values_[static_cast<std::size_t>(fault)]; }
  const T& operator[](Fault fault) const { return values_[static_cast<std::size_t>(fault)]; }
  bool operator==(const PerFault&) const = default;

 private:
  std::array<T, kFaults> values_{};
};

/// Some of the faults.
class Faults {
 public:
  /// These.
  constexpr Faults(std::initializer_list<Fault> faults) {
    for (const Fault fault : faults) with(fault);
  }

  /// None.
  constexpr Faults() = default;

  /// All that there are.
  static constexpr Faults all() {
    Faults faults;
    for (std::size_t i = 0; i < kFaults; ++i) faults.with(static_cast<Fault>(i));
    return faults;
  }

  /// And this one.
  constexpr Faults& with(Fault fault) {
    bits_ |= bit(fault);
    return *this;
  }

  /// But not these.
  [[nodiscard]] constexpr Faults without(std::initializer_list<Fault> faults) const {
    Faults rest = *this;
    for (const Fault fault : faults) rest.bits_ &= ~bit(fault);
    return rest;
  }

  /// Whether it is one of them.
  [[nodiscard]] constexpr bool has(Fault fault) const { return (bits_ & bit(fault)) != 0; }

  /// Whether the same ones are in both.
  constexpr bool operator==(const Faults&) const = default;

 private:
  static constexpr std::uint64_t bit(Fault fault) {
    return std::uint64_t{1} << static_cast<unsigned>(fault);
  }

  std::uint64_t bits_ = 0;
};

/// Calls f(fault) for each fault there is, in their order.
template <class F>
void for_each_fault(F f) {
  for (std::size_t i = 0; i < kFaults; ++i) f(static_cast<Fault>(i));
}

}  // namespace conclave::simulation
