/// @file
/// The channels that a reader's tests are held against.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "channel_tests.hpp"

namespace conclave::suspect {

/// A way to build channels, with the select that belongs to it.
class Builder {
 public:
  virtual ~Builder() = default;
  virtual std::shared_ptr<Built> build(std::size_t capacity) = 0;
  virtual int select(std::span<const Case> cases) = 0;
};

/// Makes a builder whose choices `seed` determines.
using BuilderMaker = std::function<std::unique_ptr<Builder>(std::uint64_t seed)>;

/// The chapter's Chan and select.
BuilderMaker our_channels();

/// Other right ones: on a list of those who wait, and a bell for each.
BuilderMaker other_channels();

/// Wrong in one way each: the flaw, and the channels that have it.
std::vector<std::pair<std::string, BuilderMaker>> planted_channels();

}  // namespace conclave::suspect
