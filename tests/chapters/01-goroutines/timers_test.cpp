// The laws of timers.hpp, on the heap alone, and those of alarm.hpp, inside run().
#include "goroutines/timers.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "common/random.hpp"
#include "support.hpp"
#include "testing/seed.hpp"

namespace conclave::detail {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::ElementsAre;

TimePoint at(std::int64_t ns) { return TimePoint(Duration(ns)); }

TEST(Timers, IsEmptyAtFirst) {
  Timers timers;
  EXPECT_TRUE(timers.empty());
  EXPECT_FALSE(timers.pop_due(TimePoint::max()));
}

TEST(Timers, NobodyLeavesBeforeTheDeadline) {
  Timers timers;
  Goroutine sleeper;
  timers.push(at(100), sleeper);
  EXPECT_EQ(timers.earliest(), at(100));
  EXPECT_FALSE(timers.pop_due(at(99)));
  EXPECT_EQ(timers.pop_due(at(100)).sleeper, &sleeper);
  EXPECT_TRUE(timers.empty());
}

TEST(Timers, EarliestDeadlineFirstEqualOnesInTheOrderTheyCame) {  // law 1
  for_each_seed(50, [](std::uint64_t seed) {
    Random random(seed);
    std::deque<Goroutine> sleepers;
    std::vector<std::pair<TimePoint, std::uint64_t>> expected;
    Timers timers;
    for (std::uint64_t id = 0; id < 300; ++id) {
      const TimePoint deadline = at(static_cast<std::int64_t>(random.below(40)) - 20);
      sleepers.emplace_back().id = id;
      timers.push(deadline, sleepers.back());
      expected.emplace_back(deadline, id);
    }
    std::ranges::sort(expected);

    for (const auto& [deadline, id] : expected) {
      ASSERT_EQ(timers.earliest(), deadline);
      ASSERT_EQ(timers.pop_due(deadline).sleeper->id, id);
    }
    EXPECT_TRUE(timers.empty());
  });
}

TEST(Timers, StaysInOrderWhileSleepersComeAndGo) {  // law 1
  for_each_seed(50, [](std::uint64_t seed) {
    Random random(seed);
    std::deque<Goroutine> sleepers;
    std::vector<std::pair<TimePoint, std::uint64_t>> model;
    Timers timers;
    for (std::uint64_t id = 0; id < 500; ++id) {
      if (model.empty() || random.chance(0.6)) {
        const TimePoint deadline = at(random.between(0, 1000));
        sleepers.emplace_back().id = id;
        timers.push(deadline, sleepers.back());
        model.emplace_back(deadline, id);
      } else {
        const auto first = std::ranges::min_element(model);
        ASSERT_EQ(timers.pop_due(TimePoint::max()).sleeper->id, first->second);
        model.erase(first);
      }
    }
  });
}

TEST(Timers, TakesTheEndsOfTime) {
  Timers timers;
  Goroutine last;
  Goroutine first;
  timers.push(TimePoint::max(), last);
  timers.push(TimePoint::min(), first);
  EXPECT_EQ(timers.pop_due(TimePoint::min()).sleeper, &first);
  EXPECT_FALSE(timers.pop_due(at(0)));
  timers.clear();
  EXPECT_TRUE(timers.empty());
}

// ---- alarms among the sleepers ----

/// An alarm that does what it is told, and nothing when it is told nothing.
class Bell final : public Alarm {
 public:
  Bell() = default;
  explicit Bell(std::function<void()> ring) : ring_(std::move(ring)) {}

 private:
  void fire() noexcept override {
    if (ring_) ring_();
  }

  std::function<void()> ring_;
};

TEST(Timers, AnAlarmLeavesAtItsDeadlineAndIsThenNotSet) {
  Timers timers;
  Bell bell;
  timers.push(at(100), bell);
  EXPECT_TRUE(bell.is_set());
  EXPECT_FALSE(timers.pop_due(at(99)));

  const Timers::Due due = timers.pop_due(at(100));

  EXPECT_EQ(due.alarm, &bell);
  EXPECT_EQ(due.sleeper, nullptr);
  EXPECT_FALSE(bell.is_set());
  EXPECT_TRUE(timers.empty());
}

TEST(Timers, ClearSetsNoAlarmFree) {
  Timers timers;
  std::deque<Bell> bells(10);
  for (Bell& bell : bells) timers.push(at(1), bell);

  timers.clear();

  EXPECT_TRUE(timers.empty());
  for (const Bell& bell : bells) EXPECT_FALSE(bell.is_set());
}

/// The heap as a reader would write it: a list, searched from end to end.
class ModelledTimers {
 public:
  explicit ModelledTimers(std::uint64_t seed) : random_(seed) {}
  ModelledTimers(const ModelledTimers&) = delete;
  ModelledTimers& operator=(const ModelledTimers&) = delete;
  ~ModelledTimers() { timers_.clear(); }

  void step() {
    const std::uint64_t what = random_.below(10);
    if (what < 2) push_sleeper();
    if (what >= 2 && what < 5) push_alarm();
    if (what >= 5 && what < 8) cancel_any();
    if (what >= 8) pop(at(random_.between(0, 60)));
    check();
  }

  void drain() {
    while (!entries_.empty() && !testing::Test::HasFailure()) pop(TimePoint::max());
    check();
  }

 private:
  struct Entry {
    TimePoint deadline;
    int arrival;
    Goroutine* sleeper;
    Bell* alarm;
    [[nodiscard]] auto key() const { return std::pair(deadline, arrival); }
  };

  TimePoint any_deadline() {
    const std::uint64_t choice = random_.below(20);
    if (choice == 0) return TimePoint::min();
    if (choice == 1) return TimePoint::max();
    return at(random_.between(0, 40));
  }

  void push_sleeper() {
    entries_.push_back({any_deadline(), ++arrivals_, &sleepers_.emplace_back(), nullptr});
    timers_.push(entries_.back().deadline, *entries_.back().sleeper);
  }

  void push_alarm() {
    entries_.push_back({any_deadline(), ++arrivals_, nullptr, &bells_.emplace_back()});
    timers_.push(entries_.back().deadline, *entries_.back().alarm);
  }

  void cancel_any() {
    std::vector<std::size_t> set;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].alarm != nullptr) set.push_back(i);
    }
    if (set.empty()) return;
    const std::size_t chosen = set[random_.below(set.size())];
    timers_.cancel(*entries_[chosen].alarm);
    ASSERT_FALSE(entries_[chosen].alarm->is_set());
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(chosen));
  }

  void pop(TimePoint now) {
    const auto first = std::ranges::min_element(entries_, {}, &Entry::key);
    const Timers::Due due = timers_.pop_due(now);
    if (first == entries_.end() || first->deadline > now) {
      ASSERT_FALSE(due);
      return;
    }
    ASSERT_EQ(due.sleeper, first->sleeper);
    ASSERT_EQ(due.alarm, first->alarm);
    if (due.alarm != nullptr) {
      ASSERT_FALSE(due.alarm->is_set());
    }
    entries_.erase(first);
  }

  void check() const {
    ASSERT_EQ(timers_.empty(), entries_.empty());
    if (entries_.empty()) return;
    ASSERT_EQ(timers_.earliest(), std::ranges::min_element(entries_, {}, &Entry::key)->deadline);
    for (const Entry& entry : entries_) {
      ASSERT_TRUE(entry.alarm == nullptr || entry.alarm->is_set());
    }
  }

  Random random_;
  Timers timers_;
  std::deque<Goroutine> sleepers_;
  std::deque<Bell> bells_;
  std::vector<Entry> entries_;
  int arrivals_ = 0;
};

TEST(Timers, AlarmsComeGoAndAreCancelledAmongTheSleepers) {  // laws 1 and 2
  for_each_seed(50, [](std::uint64_t seed) {
    ModelledTimers timers(seed);
    for (int i = 0; i < 1000 && !testing::Test::HasFailure(); ++i) timers.step();
    timers.drain();
  });
}

TEST(Timers, CancellingMostOfManyLeavesTheOthersInOrder) {  // law 2
  for_each_seed(10, [](std::uint64_t seed) {
    constexpr std::size_t kAlarms = 20'000;
    Random random(seed);
    Timers timers;
    std::deque<Bell> bells(kAlarms);
    std::vector<std::size_t> to_cancel;
    for (std::size_t i = 0; i < kAlarms; ++i) {
      timers.push(at(random.between(0, 1'000'000)), bells[i]);
      if (i % 100 != 0) to_cancel.push_back(i);
    }
    random.shuffle(to_cancel);

    for (const std::size_t each : to_cancel) timers.cancel(bells[each]);

    TimePoint latest = TimePoint::min();
    for (std::size_t left = 0; left < kAlarms / 100; ++left) {
      ASSERT_FALSE(timers.empty());
      ASSERT_GE(timers.earliest(), latest);
      latest = timers.earliest();
      ASSERT_NE(timers.pop_due(latest).alarm, nullptr);
    }
    EXPECT_TRUE(timers.empty());
  });
}

// ---- the laws of alarm.hpp ----

TEST(Alarm, FiresOnceAtItsTimeAndIsThenNotSet) {  // law 1
  in_virtual_time([] {
    std::vector<TimePoint> rings;
    Bell bell([&] {
      EXPECT_FALSE(bell.is_set());
      rings.push_back(now());
    });
    bell.set(at(10));
    EXPECT_TRUE(bell.is_set());

    sleep_for(hours(1));

    EXPECT_THAT(rings, ElementsAre(at(10)));
    EXPECT_FALSE(bell.cancel());
  });
}

TEST(Alarm, ATimeThatHasPassedIsNow) {
  in_virtual_time([] {
    sleep_for(seconds(1));
    std::optional<TimePoint> rang;
    Bell bell([&] { rang = now(); });

    bell.set(at(5));
    sleep_for(Duration(1));

    ASSERT_TRUE(rang);
    EXPECT_GE(*rang, at(0) + seconds(1));
  });
}

TEST(Alarm, SetAnewItFiresAtTheNewTimeOnly) {  // law 1
  in_virtual_time([] {
    std::vector<TimePoint> rings;
    Bell later([&] { rings.push_back(now()); });
    Bell earlier([&] { rings.push_back(now()); });
    later.set(at(10));
    earlier.set(at(50));

    later.set(at(30));
    earlier.set(at(20));
    sleep_for(seconds(1));

    EXPECT_THAT(rings, ElementsAre(at(20), at(30)));
  });
}

TEST(Alarm, CancelledOrEndedItNeverFires) {  // law 2
  in_virtual_time([] {
    int rings = 0;
    Bell cancelled([&] { ++rings; });
    auto ended = std::make_unique<Bell>([&] { ++rings; });
    cancelled.set(at(10));
    ended->set(at(10));

    EXPECT_TRUE(cancelled.cancel());
    EXPECT_FALSE(cancelled.cancel());
    ended.reset();
    sleep_for(seconds(1));

    EXPECT_EQ(rings, 0);
  });
}

TEST(Alarm, NeverIsNotSet) {
  in_virtual_time([] {
    Bell bell([] { ADD_FAILURE() << "it fired"; });
    bell.set(TimePoint::max());
    EXPECT_FALSE(bell.is_set());

    bell.set(at(10));
    bell.set(TimePoint::max());
    EXPECT_FALSE(bell.is_set());
    sleep_for(seconds(1));
  });
}

TEST(Alarm, EqualTimesComeInTheOrderOfSetting) {  // law 3
  in_virtual_time([] {
    std::vector<int> rings;
    std::deque<Bell> bells;
    for (int id = 0; id < 50; ++id) {
      bells.emplace_back([&rings, id] { rings.push_back(id); }).set(at(10));
    }
    bells[0].set(at(10));  // set last

    sleep_for(seconds(1));

    ASSERT_EQ(rings.size(), 50u);
    EXPECT_TRUE(std::ranges::is_sorted(rings.begin(), rings.end() - 1));
    EXPECT_EQ(rings.back(), 0);
  });
}

TEST(Alarm, MayEndItselfAndOthersAndSetNewOnesWhenItFires) {
  in_virtual_time([] {
    std::vector<int> rings;
    auto other = std::make_unique<Bell>([&] { rings.push_back(-1); });
    Bell next([&] {
      rings.push_back(static_cast<int>(rings.size()));
      if (rings.size() < 4) next.set(now() + Duration(1));
    });
    std::unique_ptr<Bell> first = std::make_unique<Bell>([&] {
      rings.push_back(0);
      other.reset();
      next.set(now());
      const auto self = std::move(first);  // and with it this function
    });
    first->set(at(10));
    other->set(at(10));

    sleep_for(seconds(1));

    EXPECT_THAT(rings, ElementsAre(0, 1, 2, 3));
  });
}

TEST(Alarm, ThatIsSetIsNoDeadlockAndOnceItFiredIsOne) {
  const Ending ending = ending_of([] {
    in_virtual_time([] {
      Bell bell([] { std::puts("it fired"); });
      bell.set(TimePoint(hours(1)));
      WaitGroup never;
      never.add(1);
      never.wait();
    });
  });
  EXPECT_EQ(ending.how, "exit 2");
  EXPECT_THAT(ending.words, testing::ContainsRegex("it fired.*all goroutines are asleep"));
}

TEST(Alarm, IsNotSetAnyMoreWhenRunReturns) {
  VirtualClock clock;
  Bell bell([] { ADD_FAILURE() << "it fired"; });
  conclave::run([&] { bell.set(at(10)); }, {.clock = &clock});
  EXPECT_FALSE(bell.is_set());
  EXPECT_EQ(clock.elapsed(), Duration::zero());

  conclave::run([] { sleep_for(seconds(1)); }, {.clock = &clock});
}

TEST(Timers, KeepEverybodyElseWhenAGroupLapses) {
  for_each_seed(50, [](std::uint64_t seed) {
    Random random(seed);
    Timers timers;
    GroupState doomed;
    std::deque<Goroutine> sleepers(20);
    std::vector<Goroutine*> others;
    for (int i = 0; i < 20; ++i) {
      Goroutine& sleeper = sleepers[static_cast<std::size_t>(i)];
      if (random.below(3) == 0) {
        sleeper.group = &doomed;
      } else {
        others.push_back(&sleeper);
      }
      timers.push(at(static_cast<std::int64_t>(random.below(1000))), sleeper);
    }

    timers.lapse(doomed);

    std::vector<Goroutine*> left;
    for (TimePoint before = at(0); !timers.empty();) {
      EXPECT_LE(before, timers.earliest());
      before = timers.earliest();
      left.push_back(timers.pop_due(before).sleeper);
    }
    EXPECT_THAT(left, testing::UnorderedElementsAreArray(others));
  });
}

/// An alarm that notes that it lapsed, and then ends another.
class Lapsing final : public Alarm {
 public:
  Lapsing(int& lapses, std::unique_ptr<Lapsing> other = nullptr)
      : lapses_(lapses), other_(std::move(other)) {}

 private:
  void fire() noexcept override { ADD_FAILURE() << "it fired"; }
  void lapse() noexcept override {
    EXPECT_FALSE(is_set());
    ++lapses_;
    other_.reset();
  }

  int& lapses_;
  std::unique_ptr<Lapsing> other_;
};

TEST(Alarm, LapsesWhenRunReturnsAndMayEndOthersThen) {
  int lapses = 0;
  int lapses_of_others = 0;
  std::deque<Lapsing> alarms;
  in_virtual_time([&] {
    for (int i = 0; i < 20; ++i) {
      auto other = std::make_unique<Lapsing>(lapses_of_others);
      other->set(at(i % 7));
      alarms.emplace_back(lapses, std::move(other)).set(at(i % 5));
    }
    alarms.front().cancel();
  });
  EXPECT_EQ(lapses, 19);
  EXPECT_LE(lapses_of_others, 20);
}

TEST(Alarm, FiresAlthoughSomebodyIsAlwaysReadyOnTheRealClock) {
  conclave::run([] {
    bool rang = false;
    Bell bell([&] { rang = true; });
    bell.set(now() + std::chrono::milliseconds(1));
    while (!rang) yield();
  });
}

}  // namespace
}  // namespace conclave::detail
