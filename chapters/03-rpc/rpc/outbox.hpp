/// @file
/// An outbox: what several goroutines send at the same time goes out one message right after the other.
///
/// A transport's thread sleeps while there is nothing to send; each message that finds it asleep costs a wake-up, and goes over
/// the network alone.  So a message waits here for as long as goroutines that are ready to run add others, and no longer.
///
/// Laws
///  1. Each message is handed on once, in the order in which they came.
///  2. post() and flush() never park.  send() parks until its message was handed on, or its context ends; then it was not.
///  3. Nothing waits here once no goroutine is ready to run, nor more than kTogetherMax messages.
///
/// Call from any goroutine of one run().
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "channels/chan.hpp"
#include "channels/context.hpp"
#include "common/status.hpp"
#include "goroutines/goroutine_group.hpp"
#include "goroutines/race_detector.hpp"
#include "rpc/transport.hpp"

namespace conclave::rpc {

/// The messages that are sent together next.
class Outbox {
 public:
  /// With more, the other side would have nothing to do meanwhile.
  static constexpr std::size_t kTogetherMax = 32;

  /// An empty one.
  /// @param transport   outlives it
  explicit Outbox(Transport& transport);
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  /// Hands a message over.  Does not block; what cannot be sent is counted.
  void post(const Peer& to, Frames message);

  /// Hands a message over, and parks until it was handed on.
  /// @return as Transport::try_send(); what ended `context`.  Unless it is ok, `message` is as it was
  Status send(const Peer& to, Frames& message, const Context& context);

  /// Hands on what is here.  Does not block.
  void flush();

  /// How many posted messages could not be sent.
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  /// Somebody who wants to know what came of a message.
  struct Sender {
    Frames& message;
    Status status{};
    bool is_done = false;
  };
  struct Entry {
    Peer to;
    Frames posted{};
    Sender* sender = nullptr;  // null: nobody asks
  };

  void add(Entry entry);
  void flush_when_no_more_is_to_come();

  Transport& transport_;
  std::vector<Entry> entries_;
  std::vector<Entry> flushing_;  // empty but for flush(); kept for its memory
  std::uint64_t lost_ = 0;
  Chan<Signal> wanted_ = make_chan<Signal>(1);
  Chan<Signal> flushed_ = make_chan<Signal>();  // closed when these entries are handed on
  conclave::detail::Edge handed_over_;
  GoroutineGroup group_{"outbox"};  // last: its goroutine uses all of the above
};

}  // namespace conclave::rpc
