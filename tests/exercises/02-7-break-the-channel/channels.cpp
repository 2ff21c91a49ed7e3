#include "02-7-break-the-channel/channels.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <source_location>
#include <utility>

#include "channels/channels.hpp"
#include "common/random.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave::suspect {
namespace {

// --- the chapter's

class OurChan final : public Built {
 public:
  explicit OurChan(std::size_t capacity)
      : channel(conclave::make_chan<int>(static_cast<std::ptrdiff_t>(capacity))) {}

  void send(int value, std::source_location place) override { channel.send(value, place); }
  std::optional<int> recv(std::source_location place) override { return channel.recv(place); }
  std::optional<int> next_of_range(std::source_location place) override {
    return channel.recv(place);
  }
  void close() override { channel.close(); }
  [[nodiscard]] std::size_t len() const override { return channel.len(); }
  [[nodiscard]] std::size_t cap() const override { return channel.cap(); }

  const conclave::Chan<int> channel;
};

class OurBuilder final : public Builder {
 public:
  std::shared_ptr<Built> build(std::size_t capacity) override {
    return std::make_shared<OurChan>(capacity);
  }

  int select(std::span<const Case> cases) override {
    std::vector<SelectCase> ours;
    for (const Case& each : cases) ours.push_back(our_case(each));
    return conclave::select(ours, cases.front().place);
  }

 private:
  static SelectCase our_case(const Case& theirs) {
    const auto channel = [&] { return dynamic_cast<OurChan&>(*theirs.channel).channel; };
    switch (theirs.kind) {
      case Case::Kind::recv:
        if (theirs.into == nullptr) return conclave::recv(channel(), theirs.place);
        return conclave::recv(channel(), *theirs.into, theirs.place);
      case Case::Kind::send:
        return conclave::send(channel(), int{theirs.value}, detail::NoHandler(), theirs.place);
      case Case::Kind::timeout:
        return conclave::timeout(theirs.limit);
      case Case::Kind::otherwise:
        break;
    }
    return conclave::otherwise();
  }
};

// --- the others

enum class Mistake {
  none,
  first_ready_wins,      // of the ready cases the first is chosen, always
  selects_never_meet,    // a select looks for plain sends and receives only
  timed_out_send_stays,  // the value of a send that has timed out can still be received
  close_frees_senders,  // a sender that is parked when the channel is closed returns as if all were well
  one_place_is_missing,    // a buffer for n holds n - 1
  close_drops_the_buffer,  // what was sent and not yet received is gone
  newest_receiver_first,   // of the receivers that wait the one that came last is served
  range_ends_when_empty,   // a range-for ends when there is nothing to receive now
  twice_is_stuck,          // a select with the same channel in two cases parks for ever
};

/// A send, a receive or a select that is parked.
struct Operation {
  static constexpr int kOpen = -1;

  bool is_select = false;
  int chosen = kOpen;   // the case that somebody has completed
  bool closed = false;  // it was completed by a close
  conclave::Chan<Signal> bell = conclave::make_chan<Signal>(1);

  void complete(int index, bool by_close) {
    chosen = index;
    closed = by_close;
    bell.send({});
  }
};

/// One of its cases, in the queue of a channel.
struct Waiter {
  std::shared_ptr<Operation> operation;
  int index;
  int value;                 // to send
  std::optional<int>* into;  // to receive into, or null

  void receive(std::optional<int> received) const {
    if (into != nullptr) *into = received;
  }
};

class OtherBuilder;

class OtherChan final : public Built {
 public:
  OtherChan(OtherBuilder& builder, Mistake mistake, std::size_t capacity)
      : builder_(builder), mistake_(mistake), capacity_(capacity) {}

  void send(int value, std::source_location place) override;
  std::optional<int> recv(std::source_location place) override;
  std::optional<int> next_of_range(std::source_location place) override;
  void close() override;
  [[nodiscard]] std::size_t len() const override { return buffer_.size(); }
  [[nodiscard]] std::size_t cap() const override { return capacity_; }

  /// Whether a send, or a receive, of such a kind would not park.
  bool can_send(bool by_select) {
    return closed_ || partner(receivers_, by_select) != nullptr || has_room();
  }
  bool can_recv(bool by_select) {
    return closed_ || !buffer_.empty() || partner(senders_, by_select) != nullptr;
  }

  /// @pre can_send(by_select)
  void send_now(int value, bool by_select) {
    if (closed_) panic("the channel is closed, so nothing can be sent");
    if (const Waiter* found = partner(receivers_, by_select)) {
      const Waiter receiver = *found;
      receiver.receive(value);
      receiver.operation->complete(receiver.index, false);
    } else {
      buffer_.push_back(value);
    }
  }

  /// @pre can_recv(by_select)
  std::optional<int> recv_now(bool by_select) {
    if (const Waiter* found = partner(senders_, by_select); found != nullptr || !buffer_.empty()) {
      if (found != nullptr) {
        const Waiter sender = *found;
        buffer_.push_back(sender.value);
        sender.operation->complete(sender.index, false);
      }
      const int value = buffer_.front();
      buffer_.pop_front();
      return value;
    }
    return std::nullopt;
  }

  void wait_to_send(Waiter waiter) { senders_.push_back(std::move(waiter)); }
  void wait_to_recv(Waiter waiter) { receivers_.push_back(std::move(waiter)); }

 private:
  using Queue = std::deque<Waiter>;

  [[nodiscard]] bool has_room() const {
    const std::size_t missing = mistake_ == Mistake::one_place_is_missing ? 1 : 0;
    return buffer_.size() + missing < capacity_;
  }

  /// Who is served next among those who wait; null when nobody does.
  const Waiter* partner(Queue& queue, bool by_select) {
    std::erase_if(
        queue, [](const Waiter& waiter) { return waiter.operation->chosen != Operation::kOpen; });
    const auto suits = [&](const Waiter& waiter) {
      return mistake_ != Mistake::selects_never_meet || !by_select || !waiter.operation->is_select;
    };
    if (mistake_ == Mistake::newest_receiver_first && &queue == &receivers_) {
      return queue.empty() ? nullptr : &queue.back();
    }
    const auto found = std::ranges::find_if(queue, suits);
    return found == queue.end() ? nullptr : &*found;
  }

  OtherBuilder& builder_;
  const Mistake mistake_;
  const std::size_t capacity_;
  bool closed_ = false;
  std::deque<int> buffer_;
  Queue senders_;
  Queue receivers_;
};

OtherChan& other(Built& channel) { return dynamic_cast<OtherChan&>(channel); }

class OtherBuilder final : public Builder {
 public:
  OtherBuilder(Mistake mistake, std::uint64_t seed) : mistake_(mistake), random_(seed) {}

  std::shared_ptr<Built> build(std::size_t capacity) override {
    return std::make_shared<OtherChan>(*this, mistake_, capacity);
  }

  int select(std::span<const Case> cases) override {
    const bool is_select = cases.size() > 1;
    if (mistake_ == Mistake::twice_is_stuck && some_channel_is_there_twice(cases)) {
      conclave::make_chan<Signal>().recv(cases.front().place);
    }
    const int chosen = choose_ready(cases, is_select);
    return chosen >= 0 ? chosen : wait(cases, is_select);
  }

 private:
  /// Completes one of the cases that are ready, or otherwise().
  /// @return its index; -1 when there is neither
  int choose_ready(std::span<const Case> cases, bool is_select) {
    std::vector<int> ready;
    int fallback = -1;
    for (int i = 0; i < std::ssize(cases); ++i) {
      const Case& each = cases[static_cast<std::size_t>(i)];
      if (each.kind == Case::Kind::otherwise) fallback = i;
      if (each.kind == Case::Kind::timeout && each.limit <= Duration::zero()) fallback = i;
      if (each.kind == Case::Kind::recv && other(*each.channel).can_recv(is_select))
        ready.push_back(i);
      if (each.kind == Case::Kind::send && other(*each.channel).can_send(is_select))
        ready.push_back(i);
    }
    if (ready.empty()) return fallback;

    const bool first = mistake_ == Mistake::first_ready_wins;
    const int chosen = first ? ready.front() : ready[random_.below(ready.size())];
    const Case& that = cases[static_cast<std::size_t>(chosen)];
    if (that.kind == Case::Kind::send) {
      other(*that.channel).send_now(that.value, is_select);
    } else {
      const std::optional<int> received = other(*that.channel).recv_now(is_select);
      if (that.into != nullptr) *that.into = received;
    }
    return chosen;
  }

  /// Parks until somebody completes one of the cases, or the time is up.
  int wait(std::span<const Case> cases, bool is_select) const {
    const auto self = std::make_shared<Operation>();
    self->is_select = is_select;
    std::optional<Duration> limit;
    int of_limit = -1;
    for (int i = 0; i < std::ssize(cases); ++i) {
      const Case& each = cases[static_cast<std::size_t>(i)];
      const Waiter waiter{self, i, each.value, each.into};
      if (each.kind == Case::Kind::recv) other(*each.channel).wait_to_recv(waiter);
      if (each.kind == Case::Kind::send) other(*each.channel).wait_to_send(waiter);
      if (each.kind == Case::Kind::timeout && (!limit || each.limit < *limit)) {
        limit = each.limit;
        of_limit = i;
      }
    }
    if (!limit) {
      self->bell.recv(cases.front().place);
    } else if (conclave::select(conclave::recv(self->bell), conclave::timeout(*limit)) == 1) {
      self->chosen = of_limit;
      if (mistake_ == Mistake::timed_out_send_stays) leave_ghosts(cases);
      return of_limit;
    }
    const bool sent = cases[static_cast<std::size_t>(self->chosen)].kind == Case::Kind::send;
    if (self->closed && sent && mistake_ != Mistake::close_frees_senders) {
      panic("the channel was closed while this send waited");
    }
    return self->chosen;
  }

  /// Whoever receives from such a channel next finds a sender that has gone.
  static void leave_ghosts(std::span<const Case> cases) {
    for (const Case& each : cases) {
      if (each.kind != Case::Kind::send) continue;
      other(*each.channel).wait_to_send({std::make_shared<Operation>(), 0, each.value, nullptr});
    }
  }

  static bool some_channel_is_there_twice(std::span<const Case> cases) {
    std::vector<const Built*> channels;
    for (const Case& each : cases) {
      if (each.channel != nullptr) channels.push_back(each.channel);
    }
    std::ranges::sort(channels);
    return std::ranges::adjacent_find(channels) != channels.end();
  }

  const Mistake mistake_;
  Random random_;
};

void OtherChan::send(int value, std::source_location place) {
  const Case only{.kind = Case::Kind::send, .place = place, .channel = this, .value = value};
  builder_.select({&only, 1});
}

std::optional<int> OtherChan::recv(std::source_location place) {
  std::optional<int> value;
  const Case only{.kind = Case::Kind::recv, .place = place, .channel = this, .into = &value};
  builder_.select({&only, 1});
  return value;
}

std::optional<int> OtherChan::next_of_range(std::source_location place) {
  const bool ends = mistake_ == Mistake::range_ends_when_empty && !can_recv(false);
  return ends ? std::nullopt : recv(place);
}

void OtherChan::close() {
  if (closed_) panic("the channel is closed already");
  closed_ = true;
  if (mistake_ == Mistake::close_drops_the_buffer) buffer_.clear();
  while (const Waiter* found = partner(receivers_, false)) {
    const Waiter receiver = *found;
    receiver.receive(std::nullopt);
    receiver.operation->complete(receiver.index, true);
  }
  while (const Waiter* found = partner(senders_, false)) {
    const Waiter sender = *found;
    sender.operation->complete(sender.index, true);
  }
}

BuilderMaker maker_of(Mistake mistake) {
  return [mistake](std::uint64_t seed) { return std::make_unique<OtherBuilder>(mistake, seed); };
}

}  // namespace

BuilderMaker our_channels() {
  return [](std::uint64_t /*seed*/) { return std::make_unique<OurBuilder>(); };
}

BuilderMaker other_channels() { return maker_of(Mistake::none); }

std::vector<std::pair<std::string, BuilderMaker>> planted_channels() {
  return {
      {"of the ready cases of a select it chooses the first, always",
       maker_of(Mistake::first_ready_wins)},
      {"a select on one side never meets a select on the other",
       maker_of(Mistake::selects_never_meet)},
      {"the value of a send that has timed out can still be received",
       maker_of(Mistake::timed_out_send_stays)},
      {"a sender that is parked when it is closed returns as if all were well",
       maker_of(Mistake::close_frees_senders)},
      {"a buffer for n holds n - 1", maker_of(Mistake::one_place_is_missing)},
      {"close drops what was sent and not yet received", maker_of(Mistake::close_drops_the_buffer)},
      {"of the receivers that wait it serves the one that came last",
       maker_of(Mistake::newest_receiver_first)},
      {"a range-for ends when there is nothing to receive now",
       maker_of(Mistake::range_ends_when_empty)},
      {"a select with the same channel in two cases parks for ever",
       maker_of(Mistake::twice_is_stuck)},
  };
}

}  // namespace conclave::suspect
