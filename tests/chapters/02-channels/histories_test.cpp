// Random histories of sends, receives, tries, closes and selects against a small sequential model.
//
// One goroutine runs at a time, and each operation is one step, up to where it parks.  So the model can follow the
// history exactly: it holds, for each channel, the buffer and the queues of those that wait.  Before each operation it
// says what may happen; what happened then is applied to it.  When an operation completes others that wait, it says so
// in the model, and each of them, awake, must have come to the same result.  Which of several ready cases is chosen is
// left open: any of them will do.
#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <vector>

#include "chan_support.hpp"
#include "common/random.hpp"

namespace conclave {
namespace {

/// How an operation came out.
struct Outcome {
  enum class How { value, sent, end, panicked, gave_up } how;
  int chosen = 0;  // the case of a select
  int value = 0;   // what was received

  bool operator==(const Outcome&) const = default;
};

std::string describe(const Outcome& outcome) {
  constexpr const char* kNames[] = {"value", "sent", "end", "panicked", "gave up"};
  return fmt::format("{} by case {}, value {}", kNames[static_cast<int>(outcome.how)],
                     outcome.chosen, outcome.value);
}

/// One case of an operation; a plain send or receive has one.
struct Step {
  std::size_t channel;
  bool sends;
  int value = 0;  // what it sends
};

/// An operation that waits in the model.
struct Waiting {
  TimePoint deadline = TimePoint::max();
  std::optional<Outcome> outcome{};

  /// Nothing completed it, and its time is not up.
  [[nodiscard]] bool open() const { return !outcome && deadline > now(); }
};

/// What should be true of one channel.
class ModelChannel {
 public:
  explicit ModelChannel(std::size_t capacity) : capacity_(capacity) {}

  [[nodiscard]] bool can_send() {
    return closed_ || buffer_.size() < capacity_ || first(receivers_) != nullptr;
  }
  [[nodiscard]] bool can_receive() {
    return closed_ || !buffer_.empty() || first(senders_) != nullptr;
  }

  /// @pre can_send()
  Outcome send(int chosen, int value) {
    if (closed_) return {Outcome::How::panicked, chosen};
    if (Place* receiver = first(receivers_)) {
      receiver->who->outcome = {Outcome::How::value, receiver->chosen, value};
    } else {
      buffer_.push_back(value);
    }
    return {Outcome::How::sent, chosen};
  }

  /// @pre can_receive()
  Outcome receive(int chosen) {
    Place* sender = first(senders_);
    if (buffer_.empty() && sender == nullptr) return {Outcome::How::end, chosen};
    if (sender != nullptr) {
      buffer_.push_back(sender->value);
      sender->who->outcome = {Outcome::How::sent, sender->chosen};
    }
    const int value = buffer_.front();
    buffer_.pop_front();
    return {Outcome::How::value, chosen, value};
  }

  void close() {
    while (Place* receiver = first(receivers_)) {
      receiver->who->outcome = {Outcome::How::end, receiver->chosen};
    }
    while (Place* sender = first(senders_)) {
      sender->who->outcome = {Outcome::How::panicked, sender->chosen};
    }
    closed_ = true;
  }

  void wait(const std::shared_ptr<Waiting>& who, int chosen, const Step& step) {
    (step.sends ? senders_ : receivers_).push_back({who, chosen, step.value});
  }

  /// The laws, and whether the real channel says the same of itself.
  void check(const Chan<int>& channel) {
    EXPECT_LE(buffer_.size(), capacity_);
    EXPECT_EQ(channel.len(), buffer_.size());
    EXPECT_EQ(channel.cap(), capacity_);
    if (first(senders_) != nullptr) {
      EXPECT_EQ(buffer_.size(), capacity_) << "a sender waits for a reason";
      EXPECT_FALSE(closed_);
    }
    if (first(receivers_) != nullptr) {
      EXPECT_TRUE(buffer_.empty()) << "a receiver waits for a reason";
      EXPECT_FALSE(closed_);
    }
  }

  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] const std::deque<int>& buffer() const { return buffer_; }

 private:
  struct Place {
    std::shared_ptr<Waiting> who;
    int chosen;
    int value;
  };

  /// The one that waits longest, of those that still do.
  static Place* first(std::deque<Place>& queue) {
    while (!queue.empty() && !queue.front().who->open()) queue.pop_front();
    return queue.empty() ? nullptr : &queue.front();
  }

  std::size_t capacity_;
  bool closed_ = false;
  std::deque<int> buffer_;
  std::deque<Place> senders_;
  std::deque<Place> receivers_;
};

/// A history of `operations` operations.
class History {
 public:
  History(std::uint64_t seed, Order order, int operations)
      : random_(seed), seed_(seed), order_(order), operations_(operations) {}

  /// @return a number that tells one history from another
  std::uint64_t run_to_the_end() {
    in_virtual_time([&] { main(); }, {.order = order_, .seed = seed_});
    return fingerprint_;
  }

  [[nodiscard]] int parked() const { return parked_; }

 private:
  static constexpr std::size_t kGoroutines = 8;
  static constexpr std::ptrdiff_t kCapacities[] = {0, 0, 1, 2, 5};

  /// A channel and what is known of it.
  struct Pair {
    Chan<int> real;
    std::shared_ptr<ModelChannel> model;
  };

  void main() {
    for (const std::ptrdiff_t capacity : kCapacities) channels_.push_back(make(capacity));
    WaitGroup workers;
    for (std::size_t i = 0; i < kGoroutines; ++i) {
      workers.go([this] {
        while (count_ < operations_ && !testing::Test::HasFailure()) step();
      });
    }
    // When all of them are parked, somebody has to help.
    while (num_goroutines() > 1) {
      sleep_for(Duration(3));
      help();
    }
    workers.wait();
    settle();
  }

  static Pair make(std::ptrdiff_t capacity) {
    return {make_chan<int>(capacity),
            std::make_shared<ModelChannel>(static_cast<std::size_t>(capacity))};
  }

  /// One operation of a worker.
  void step() {
    ++count_;
    const auto any = static_cast<std::size_t>(random_.below(channels_.size()));
    const Pair pair = channels_[any];  // others may put another in its place
    switch (random_.below(20)) {
      case 0:
        yield();
        break;
      case 1:
        sleep_for(Duration(random_.between(1, 5)));
        break;
      case 2:
        if (random_.chance(0.1)) close(any);
        break;
      case 3:
      case 4:
        try_send(pair);
        break;
      case 5:
      case 6:
        try_receive(pair);
        break;
      case 7:
      case 8:
      case 9:
      case 10:
        plain(pair, true);
        break;
      case 11:
      case 12:
      case 13:
      case 14:
        plain(pair, false);
        break;
      default:
        select_some();
    }
  }

  /// Frees those that wait, if any do: with a value, by taking one, or by a close.
  void help() {
    const auto any = static_cast<std::size_t>(random_.below(channels_.size()));
    const Pair pair = channels_[any];
    if (count_ >= operations_ || random_.chance(0.05)) {
      close(any);
    } else if (random_.chance(0.5)) {
      try_send(pair);
    } else {
      try_receive(pair);
    }
  }

  void close(std::size_t index) {
    const Pair pair = channels_[index];
    try {
      const bool was_closed = pair.model->closed();
      pair.real.close();
      EXPECT_FALSE(was_closed);
      pair.model->close();
      note(2);
    } catch (const Panic&) {
      EXPECT_TRUE(pair.model->closed());
      left_.insert(left_.end(), pair.model->buffer().begin(), pair.model->buffer().end());
      while (pair.real.try_recv()) {
      }
      while (!pair.model->buffer().empty()) pair.model->receive(0);
      channels_[index] = make(kCapacities[index]);  // life goes on
    }
    check(pair);
  }

  void try_send(const Pair& pair) {
    const int value = next_value();
    const bool can = pair.model->can_send();
    try {
      const bool sent = pair.real.try_send(value);
      EXPECT_EQ(sent, can);
      if (sent) accept(pair.model->send(0, value), {Outcome::How::sent}, value);
    } catch (const Panic&) {
      EXPECT_TRUE(pair.model->closed());
    }
    check(pair);
  }

  void try_receive(const Pair& pair) {
    const bool can = pair.model->can_receive();
    const TryRecv<int> found = pair.real.try_recv();
    EXPECT_EQ(found || found.closed, can);
    if (can) {
      const Outcome outcome =
          found ? Outcome{Outcome::How::value, 0, *found.value} : Outcome{Outcome::How::end};
      accept(pair.model->receive(0), outcome, 0);
    }
    check(pair);
  }

  void plain(const Pair& pair, bool sends) {
    const std::vector<Pair> pairs = {pair};
    const std::vector<Step> steps = {{0, sends, sends ? next_value() : 0}};
    operate(pairs, steps, TimePoint::max(), [&]() -> Outcome {
      if (sends) {
        pair.real.send(steps[0].value);
        return {Outcome::How::sent};
      }
      const std::optional<int> value = pair.real.recv();
      return value ? Outcome{Outcome::How::value, 0, *value} : Outcome{Outcome::How::end};
    });
  }

  /// Sends and receives on one to four channels, perhaps with a timeout.
  void select_some() {
    const std::vector<Pair> pairs = channels_;
    std::vector<Step> steps;
    for (auto count = random_.between(1, 4); count > 0; --count) {
      Step step{static_cast<std::size_t>(random_.below(pairs.size())), random_.chance(0.5)};
      const bool is_new = std::ranges::none_of(steps, [&](const Step& other) {
        return other.channel == step.channel && other.sends == step.sends;
      });
      if (!is_new) continue;
      if (step.sends) step.value = next_value();
      steps.push_back(step);
    }
    const bool has_timeout = random_.chance(0.4);
    const bool is_static = steps.size() == 2 && random_.chance(0.5);
    const Duration limit(random_.between(0, 6));
    const auto act = [&]() -> Outcome {
      std::vector<std::optional<int>> received(steps.size());
      int chosen = 0;
      if (is_static) {
        chosen = select_two(pairs, steps, received, has_timeout ? limit : Duration::max());
      } else {
        chosen = select_list(pairs, steps, received, has_timeout ? limit : Duration::max());
      }
      const auto place = static_cast<std::size_t>(chosen);
      if (place == steps.size()) return {Outcome::How::gave_up, chosen};
      if (steps[place].sends) return {Outcome::How::sent, chosen};
      if (!received[place]) return {Outcome::How::end, chosen};
      return {Outcome::How::value, chosen, *received[place]};
    };
    operate(pairs, steps, has_timeout ? now() + limit : TimePoint::max(), act);
  }

  static int select_list(const std::vector<Pair>& pairs, const std::vector<Step>& steps,
                         std::vector<std::optional<int>>& received, Duration limit) {
    std::vector<SelectCase> cases;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const auto& channel = pairs[steps[i].channel].real;
      if (steps[i].sends) {
        cases.emplace_back(send(channel, steps[i].value));
      } else {
        cases.emplace_back(recv(channel, received[i]));
      }
    }
    if (limit != Duration::max()) cases.emplace_back(timeout(limit));
    return select(cases);
  }

  /// The same for two cases that are written down, without a list.
  static int select_two(const std::vector<Pair>& pairs, const std::vector<Step>& steps,
                        std::vector<std::optional<int>>& received, Duration limit) {
    const auto with_case = [&](std::size_t i, const auto& f) {
      const auto& channel = pairs[steps[i].channel].real;
      return steps[i].sends ? f(send(channel, int{steps[i].value})) : f(recv(channel, received[i]));
    };
    return with_case(0, [&](auto&& first) {
      return with_case(1, [&](auto&& second) {
        return select(std::forward<decltype(first)>(first), std::forward<decltype(second)>(second),
                      timeout(limit));
      });
    });
  }

  /// Does what may park, and holds what comes of it against the model.
  template <class Act>
  void operate(const std::vector<Pair>& pairs, const std::vector<Step>& steps, TimePoint deadline,
               const Act& act) {
    std::vector<bool> is_ready;
    for (const Step& step : steps) {
      ModelChannel& model = *pairs[step.channel].model;
      is_ready.push_back(step.sends ? model.can_send() : model.can_receive());
    }
    if (std::ranges::count(is_ready, true) == 0 && deadline > now()) {
      return park(pairs, steps, deadline, act);
    }
    const std::uint64_t before = events_;
    const Outcome outcome = outcome_of(act, steps, pairs);
    EXPECT_EQ(events_, before) << "what can proceed does not park";
    const auto chosen = static_cast<std::size_t>(outcome.chosen);
    if (chosen == steps.size()) {
      EXPECT_EQ(std::ranges::count(is_ready, true), 0) << "otherwise, though a case was ready";
      return;
    }
    ASSERT_LT(chosen, steps.size());
    EXPECT_TRUE(is_ready[chosen]) << describe(outcome);
    ModelChannel& model = *pairs[steps[chosen].channel].model;
    accept(steps[chosen].sends ? model.send(outcome.chosen, steps[chosen].value)
                               : model.receive(outcome.chosen),
           outcome, steps[chosen].value);
    for (const Step& step : steps) check(pairs[step.channel]);
  }

  template <class Act>
  void park(const std::vector<Pair>& pairs, const std::vector<Step>& steps, TimePoint deadline,
            const Act& act) {
    const auto waiting = std::make_shared<Waiting>(Waiting{deadline});
    for (std::size_t i = 0; i < steps.size(); ++i) {
      pairs[steps[i].channel].model->wait(waiting, static_cast<int>(i), steps[i]);
    }
    ++parked_;
    ++events_;
    const Outcome outcome = outcome_of(act, steps, pairs);
    const Outcome expected =
        waiting->outcome.value_or(Outcome{Outcome::How::gave_up, static_cast<int>(steps.size())});
    EXPECT_TRUE(outcome.how != Outcome::How::gave_up || now() == deadline);
    const auto chosen = static_cast<std::size_t>(outcome.chosen);
    accept(expected, outcome, chosen < steps.size() ? steps[chosen].value : 0);
    for (const Step& step : steps) check(pairs[step.channel]);
  }

  /// A panic becomes an outcome, too; it does not say which case it was, but the model knows.
  template <class Act>
  static Outcome outcome_of(const Act& act, const std::vector<Step>& steps,
                            const std::vector<Pair>& pairs) {
    try {
      return act();
    } catch (const Panic&) {
      for (std::size_t i = 0; i < steps.size(); ++i) {
        if (steps[i].sends && pairs[steps[i].channel].model->closed()) {
          return {Outcome::How::panicked, static_cast<int>(i)};
        }
      }
      ADD_FAILURE() << "a panic, and no channel is closed";
      return {Outcome::How::panicked};
    }
  }

  /// What happened is what should have happened.
  void accept(const Outcome& expected, Outcome outcome, int value) {
    if (expected.how == Outcome::How::panicked && outcome.how == Outcome::How::panicked) {
      outcome.chosen = expected.chosen;  // of several sends to closed channels
    }
    EXPECT_EQ(outcome, expected) << describe(outcome) << "; expected " << describe(expected);
    if (outcome.how == Outcome::How::sent) sent_.insert(value);
    if (outcome.how == Outcome::How::value) {
      EXPECT_TRUE(received_.insert(outcome.value).second) << outcome.value << " came twice";
    }
    note(static_cast<std::uint64_t>(outcome.how) * 1000 +
         static_cast<std::uint64_t>(outcome.value));
  }

  void note(std::uint64_t what) {
    ++events_;
    fingerprint_ = (fingerprint_ ^ what) * 0x00000100000001b3;
  }

  static void check(const Pair& pair) { pair.model->check(pair.real); }

  /// At the end: what was sent has been received, or lies in a buffer.
  void settle() {
    for (const Pair& pair : channels_) {
      for (auto found = pair.real.try_recv(); found; found = pair.real.try_recv()) {
        left_.push_back(*found);
      }
    }
    received_.insert(left_.begin(), left_.end());
    EXPECT_EQ(received_, sent_);
  }

  int next_value() { return ++last_value_; }

  Random random_;
  std::uint64_t seed_;
  Order order_;
  int operations_;

  std::vector<Pair> channels_;
  int count_ = 0;
  int last_value_ = 0;
  int parked_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t fingerprint_ = 0;
  std::set<int> sent_;
  std::set<int> received_;
  std::vector<int> left_;
};

TEST(Histories, OfAHundredThousandOperationsAreWhatTheModelSays) {
  for_each_seed(8, [](std::uint64_t seed) {
    for (const Order order : {Order::standard, Order::random}) {
      History history(seed, order, 100'000);
      history.run_to_the_end();
      EXPECT_GT(history.parked(), 10'000) << "a history in which few wait says little";
    }
  });
}

TEST(Histories, ManyShortOnesAreToo) {
  for_each_seed(300, [](std::uint64_t seed) {
    for (const Order order : {Order::standard, Order::random}) {
      History(seed, order, 300).run_to_the_end();
    }
  });
}

TEST(Histories, TheSameSeedGivesTheSameHistory) {
  for_each_seed(20, [](std::uint64_t seed) {
    for (const Order order : {Order::standard, Order::random}) {
      const std::uint64_t first = History(seed, order, 2000).run_to_the_end();
      EXPECT_EQ(History(seed, order, 2000).run_to_the_end(), first);
      EXPECT_NE(History(seed + 1, order, 2000).run_to_the_end(), first);
    }
  });
}

}  // namespace
}  // namespace conclave
