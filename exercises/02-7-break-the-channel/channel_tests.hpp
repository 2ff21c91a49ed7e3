/// @file
/// Exercise 2.7: tests that tell a right channel from a wrong one.
///
/// Here the names of the chapter stand for a channel that somebody else has built, right or wrong: make_chan(), Chan,
/// select() with recv(), send(), timeout() and otherwise().  What a right one promises are the laws 1 to 5 of
/// channels/chan.hpp and the laws 1 to 5 of channels/select.hpp.
#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "goroutines/goroutines.hpp"

namespace conclave {

/// Rejects the channel unless `holds`: says `what` should have been so, and ends the test.  Does not park.
void expect(bool holds, std::string_view what);

namespace suspect {

/// What stands behind a handle.  You do not need it.
class Built {
 public:
  virtual ~Built() = default;
  virtual void send(int value, std::source_location place) = 0;
  virtual std::optional<int> recv(std::source_location place) = 0;
  virtual std::optional<int> next_of_range(std::source_location place) = 0;
  virtual void close() = 0;
  [[nodiscard]] virtual std::size_t len() const = 0;
  [[nodiscard]] virtual std::size_t cap() const = 0;
};

/// A handle to a channel of int.
class Chan {
 public:
  explicit Chan(std::shared_ptr<Built> built) : built_(std::move(built)) {}

  void send(int value, std::source_location place = std::source_location::current()) const {
    built_->send(value, place);
  }
  std::optional<int> recv(std::source_location place = std::source_location::current()) const {
    return built_->recv(place);
  }
  void close() const { built_->close(); }
  [[nodiscard]] std::size_t len() const { return built_->len(); }
  [[nodiscard]] std::size_t cap() const { return built_->cap(); }

  /// `for (int value : ch)`
  class Iterator {
   public:
    Iterator(Built& from, std::source_location place)
        : from_(&from), place_(place), value_(from.next_of_range(place)) {}
    [[nodiscard]] int operator*() const { return *value_; }
    Iterator& operator++() {
      value_ = from_->next_of_range(place_);
      return *this;
    }
    [[nodiscard]] bool operator==(std::default_sentinel_t /*end*/) const { return !value_; }

   private:
    Built* from_;
    std::source_location place_;
    std::optional<int> value_;
  };
  [[nodiscard]] Iterator begin(std::source_location place = std::source_location::current()) const {
    return Iterator(*built_, place);
  }
  [[nodiscard]] std::default_sentinel_t end() const { return {}; }

  [[nodiscard]] Built& built() const { return *built_; }

 private:
  std::shared_ptr<Built> built_;
};

/// Makes a channel: unbuffered, or with room for `capacity` values.
Chan make_chan(std::size_t capacity = 0);

/// One case of a select.
struct Case {
  enum class Kind { recv, send, timeout, otherwise };
  Kind kind;
  std::source_location place;
  Built* channel = nullptr;
  int value = 0;                       // to send
  std::optional<int>* into = nullptr;  // to receive into; null drops what comes
  Duration limit{};
};

/// Receives from `channel`, and drops what comes.
inline Case recv(const Chan& channel,
                 std::source_location place = std::source_location::current()) {
  return {Case::Kind::recv, place, &channel.built()};
}
/// Receives from `channel` into `value`; nothing when the channel is closed.
inline Case recv(const Chan& channel, std::optional<int>& value,
                 std::source_location place = std::source_location::current()) {
  return {Case::Kind::recv, place, &channel.built(), 0, &value};
}
/// Sends `value` to `channel`.
inline Case send(const Chan& channel, int value,
                 std::source_location place = std::source_location::current()) {
  return {Case::Kind::send, place, &channel.built(), value};
}
/// Is chosen when no other case became ready within `d`.
inline Case timeout(Duration d, std::source_location place = std::source_location::current()) {
  return {Case::Kind::timeout, place, nullptr, 0, nullptr, d};
}
/// Is chosen when no other case is ready now.
inline Case otherwise(std::source_location place = std::source_location::current()) {
  return {Case::Kind::otherwise, place};
}

/// Waits for one of the cases.
/// @return its index
int select(const std::vector<Case>& cases);
template <class... Cases>
int select(const Case& first, const Cases&... rest) {
  return select(std::vector<Case>{first, rest...});
}

/// A test.  `examine` is the main goroutine of a run of its own, on a virtual clock.
/// It rejects the channel by expect(), and also when it panics, ends in a deadlock report, crashes or does not end.
struct ChannelTest {
  std::string name;
  std::function<void()> examine;
};

/// Your tests.  Each runs alone, in the standard order and in 50 random ones.
std::vector<ChannelTest> channel_tests();

}  // namespace suspect
}  // namespace conclave
