/// @file
/// Exercise 3.4: a shop of three layers.  An app calls the front, the front calls the middle, the middle calls the database.  Each
/// of the three calls is a Client's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "client.hpp"

namespace conclave {

/// The layer at the bottom.  It takes no time; but whoever refuses a call has had work with it, too.
class Database {
 public:
  static constexpr std::size_t kCallsPerSecondMax = 200;

  bool is_down = false;

  /// `unavailable` when it is down, or when with this one more than 200 calls have come within a second.  Does not park.
  Result<std::string> call();

  /// When it was called.
  [[nodiscard]] const std::vector<TimePoint>& calls() const { return calls_; }

 private:
  std::vector<TimePoint> calls_;
};

/// A shop with 100 users, each with an app.
class Shop {
 public:
  static constexpr std::size_t kUsers = 100;

  /// A shop whose clients draw from seeds that `seed` determines.
  explicit Shop(std::uint64_t seed);

  Database database;

  /// The request of a user, through all layers.  Parks.
  Result<std::string> request(std::size_t user, const Context& context);

 private:
  std::vector<std::unique_ptr<Client>> apps_;
  Client front_;
  Client middle_;
};

}  // namespace conclave
