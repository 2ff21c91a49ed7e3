// The laws of context.hpp for trees of contexts: what a child has of its parent, and what it leaves behind.
#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "common/random.hpp"
#include "time_support.hpp"

namespace conclave {
namespace {

constexpr int kMany = kUnderSanitizer ? 20'000 : 100'000;

bool ended(const Context& context) { return context.done().try_recv().closed; }

/// Runs `body` in a goroutine, whose stack has 64 KiB.
void on_a_small_stack(const std::function<void()>& body) {
  in_virtual_time([&] {
    WaitGroup group;
    group.go(body);
  });
}

// ---- who ends with whom ----

TEST(ContextTree, CancelReachesAllBelowAndNobodyElse) {  // law 2
  const auto [root, cancel_root] = with_cancel({});
  const auto [left, cancel_left] = with_cancel(root);
  const auto [right, cancel_right] = with_cancel(root);
  const auto [left_child, cancel_left_child] = with_cancel(left);
  const auto [left_grandchild, cancel_left_grandchild] = with_cancel(left_child);
  const auto [right_child, cancel_right_child] = with_cancel(right);

  cancel_left(Status::aborted("left is enough"));

  for (const Context& context : {left, left_child, left_grandchild}) {
    EXPECT_EQ(context.status().code(), Code::cancelled);
    EXPECT_EQ(context.status(), left.status());
    EXPECT_EQ(context.cause(), Status::aborted("left is enough"));
    EXPECT_TRUE(ended(context));
  }
  for (const Context& context : {root, right, right_child}) {
    EXPECT_TRUE(context.status().ok());
    EXPECT_TRUE(context.cause().ok());
    EXPECT_FALSE(ended(context));
  }
}

TEST(ContextTree, AChildOfOneThatHasEndedIsBornEnded) {  // law 2
  in_virtual_time([] {
    static const ContextKey<int> kNumber("number");
    const auto [cancelled, cancel] = with_cancel({});
    const auto [late, cancel_late] = with_timeout({}, kShort);
    cancel(Status::aborted("enough"));
    sleep_for(kShort);

    for (const Context& parent : {cancelled, late}) {
      const auto [plain, cancel_plain] = with_cancel(parent);
      const auto [timed, cancel_timed] = with_timeout(parent, kLong);
      const auto [passed, cancel_passed] = with_timeout(parent, Duration(-1));
      const Context valued = with_value(parent, kNumber, 1);
      for (const Context& child : {plain, timed, passed, valued}) {
        EXPECT_EQ(child.status(), parent.status());
        EXPECT_EQ(child.cause(), parent.cause());
        EXPECT_TRUE(ended(child));
      }
    }
  });
}

TEST(ContextTree, AChildThatHasEndedKeepsItsOwnStory) {  // laws 1 and 2
  const auto [parent, cancel_parent] = with_cancel({});
  const auto [child, cancel_child] = with_cancel(parent);
  cancel_child(Status::not_found("child"));
  cancel_parent(Status::aborted("parent"));
  EXPECT_EQ(child.cause(), Status::not_found("child"));
  EXPECT_EQ(parent.cause(), Status::aborted("parent"));
}

TEST(ContextTree, AContextWithAValueEndsWithItsParentAndPassesTheEndOn) {  // law 2
  static const ContextKey<int> kNumber("number");
  const auto [root, cancel] = with_cancel({});
  const Context valued = with_value(root, kNumber, 1);
  const auto [below, cancel_below] = with_cancel(valued);
  EXPECT_TRUE(valued.status().ok());
  cancel();
  EXPECT_TRUE(ended(valued));
  EXPECT_TRUE(ended(below));
}

TEST(ContextTree, IsReachedThroughContextsWhoseHandlesAreGone) {  // law 2
  auto root = with_cancel({});
  std::optional<CancellableContext> middle(with_cancel(root.context));
  const auto leaf = with_cancel(middle->context);
  middle->context = {};

  root.cancel();

  EXPECT_FALSE(leaf.context.status().ok());
}

// ---- deadlines ----

TEST(ContextTree, TheEarlierDeadlineCounts) {  // law 3
  in_virtual_time([] {
    const auto [parent, cancel_parent] = with_timeout({}, kShort * 2);
    const auto [earlier, cancel_earlier] = with_timeout(parent, kShort);
    const auto [later, cancel_later] = with_timeout(parent, kLong);
    const auto [plain, cancel_plain] = with_cancel(later);
    EXPECT_EQ(earlier.deadline(), at(kShort));
    EXPECT_EQ(later.deadline(), at(kShort * 2));
    EXPECT_EQ(plain.deadline(), at(kShort * 2));

    earlier.done().recv();
    EXPECT_EQ(now(), at(kShort));
    EXPECT_TRUE(parent.status().ok()) << "a child never ends its parent";
    EXPECT_TRUE(later.status().ok());

    plain.done().recv();
    EXPECT_EQ(now(), at(kShort * 2));
    for (const Context& context : {parent, earlier, later, plain}) {
      EXPECT_EQ(context.status().code(), Code::deadline_exceeded);
    }
  });
}

/// A tree of contexts, and what must hold of each of them.
class ModelledTree {
 public:
  explicit ModelledTree(std::uint64_t seed) : random_(seed) {}

  void step() {
    switch (random_.below(5)) {
      case 0:
        sleep_for(Duration(random_.between(0, 3)));
        break;
      case 1:
        if (!nodes_.empty()) cancel(random_.below(nodes_.size()));
        break;
      default:
        derive();
    }
    pass_deadlines();
    check();
  }

 private:
  struct Node {
    const Node* parent;
    std::optional<TimePoint> deadline;
    CancellableContext real;
    Status cause = {};
  };

  void derive() {
    const Node* parent = nullptr;
    if (!nodes_.empty() && random_.chance(0.9)) {
      parent = nodes_[random_.below(nodes_.size())].get();
    }
    const Context above = parent != nullptr ? parent->real.context : Context();
    std::optional<TimePoint> deadline;
    if (parent != nullptr) deadline = parent->deadline;
    if (random_.chance(0.5)) {
      add({parent, deadline, with_cancel(above)});
    } else {
      const TimePoint own = now() + Duration(random_.between(-2, 40));
      add({parent, deadline ? std::min(*deadline, own) : own, with_deadline(above, own)});
    }
  }

  void add(Node node) {
    if (node.parent != nullptr) node.cause = node.parent->cause;
    nodes_.push_back(std::make_unique<Node>(std::move(node)));
  }

  void cancel(std::size_t index) {
    const Status cause = Status::aborted(fmt::format("cause {}", ++causes_));
    nodes_[index]->real.cancel(cause);
    end_below(*nodes_[index], cause);
  }

  void end_below(Node& node, const Status& cause) {
    if (!node.cause.ok()) return;
    node.cause = cause;
    for (const auto& other : nodes_) {
      if (other->parent == &node) end_below(*other, cause);
    }
  }

  void pass_deadlines() {
    const Status late = Status::deadline_exceeded("late");
    for (const auto& node : nodes_) {
      if (node->deadline && *node->deadline <= now()) end_below(*node, late);
    }
  }

  void check() const {
    for (const auto& node : nodes_) {
      const Context& real = node->real.context;
      ASSERT_EQ(real.deadline(), node->deadline);
      ASSERT_EQ(real.cause().code(), node->cause.code());
      if (node->cause.code() == Code::aborted) {
        ASSERT_EQ(real.cause(), node->cause);
        ASSERT_EQ(real.status().code(), Code::cancelled);
      } else {
        ASSERT_EQ(real.status().code(), node->cause.code());
      }
      ASSERT_EQ(ended(real), !node->cause.ok());
    }
  }

  Random random_;
  std::vector<std::unique_ptr<Node>> nodes_;
  int causes_ = 0;
};

TEST(ContextTree, EndsAsTheLawsSayWhateverIsDoneWithIt) {  // laws 1, 2 and 3
  for_each_seed(60, [](std::uint64_t seed) {
    in_virtual_time([seed] {
      ModelledTree tree(seed);
      for (int i = 0; i < 120 && !testing::Test::HasFailure(); ++i) tree.step();
    });
  });
}

// ---- values ----

TEST(ContextValue, IsThatOfTheNearestContext) {
  static const ContextKey<int> kNumber("number");
  const Context one = with_value({}, kNumber, 1);
  const auto [middle, cancel] = with_cancel(one);
  const Context two = with_value(middle, kNumber, 2);
  EXPECT_EQ(*one.value(kNumber), 1);
  EXPECT_EQ(*middle.value(kNumber), 1);
  EXPECT_EQ(*two.value(kNumber), 2);
}

TEST(ContextValue, OfAKeyThatNobodyGaveIsNull) {
  static const ContextKey<int> kNumber("number");
  static const ContextKey<int> kOther("number");  // another key of the same name and type
  const Context context = with_value({}, kNumber, 1);
  EXPECT_EQ(context.value(kOther), nullptr);
  EXPECT_EQ(Context().value(kNumber), nullptr);
  EXPECT_STREQ(kOther.name(), "number");
}

TEST(ContextValue, AParentDoesNotSeeItsChildrens) {
  static const ContextKey<int> kNumber("number");
  const auto [parent, cancel] = with_cancel({});
  const Context child = with_value(parent, kNumber, 1);
  const Context sibling = with_value(parent, kNumber, 2);
  EXPECT_EQ(parent.value(kNumber), nullptr);
  EXPECT_EQ(*child.value(kNumber), 1);
  EXPECT_EQ(*sibling.value(kNumber), 2);
}

TEST(ContextValue, StaysWhenTheContextHasEnded) {
  static const ContextKey<std::string> kUser("user");
  const auto [root, cancel] = with_cancel({});
  const Context valued = with_value(root, kUser, "ada");
  const auto [below, cancel_below] = with_cancel(valued);
  const std::string* before = below.value(kUser);

  cancel();

  EXPECT_EQ(below.value(kUser), before);
  EXPECT_EQ(*before, "ada");
  EXPECT_EQ(*with_cancel(below).context.value(kUser), "ada");
}

TEST(ContextValue, MayBeMoveOnlyAndIsKeptAsLongAsAContextBelowLives) {
  static const ContextKey<std::unique_ptr<int>> kOwned("owned");
  static const ContextKey<std::shared_ptr<int>> kShared("shared");
  const auto shared = std::make_shared<int>(7);
  Context below;
  {
    const Context owner = with_value({}, kOwned, std::make_unique<int>(8));
    below = with_value(with_value(owner, kShared, shared), kShared, nullptr);
  }
  EXPECT_EQ(**below.value(kOwned), 8);
  EXPECT_EQ(shared.use_count(), 2);
  below = {};
  EXPECT_EQ(shared.use_count(), 1);
}

// ---- what is left behind ----

TEST(ContextTree, AChildThatIsFinishedLeavesNothingInItsParent) {  // law 4
  static const ContextKey<std::shared_ptr<int>> kCounted("counted");
  in_virtual_time([] {
    const auto counted = std::make_shared<int>(1);
    const auto [parent, cancel_parent] = with_timeout({}, kLong);
    for (int i = 0; i < 1000; ++i) {
      const Context valued = with_value(parent, kCounted, counted);
      const auto [child, cancel] = with_timeout(valued, kShort);
      const auto [grandchild, cancel_grandchild] = with_cancel(child);
      if (i % 2 == 0) static_cast<void>(grandchild.done());
      if (i % 3 == 0) cancel();
      ASSERT_EQ(counted.use_count(), 2);
    }
    EXPECT_EQ(counted.use_count(), 1);
    cancel_parent();
  });
}

TEST(ContextTree, AParentIsKeptByItsChildrenAndGoesWithTheLast) {
  static const ContextKey<std::shared_ptr<int>> kCounted("counted");
  const auto counted = std::make_shared<int>(1);
  std::optional<CancellableContext> child;
  {
    const auto [root, cancel] = with_cancel({});
    child.emplace(with_cancel(with_value(root, kCounted, counted)));
  }
  EXPECT_FALSE(child->context.status().ok()) << "the root's Cancel has gone";
  EXPECT_EQ(counted.use_count(), 2);
  child.reset();
  EXPECT_EQ(counted.use_count(), 1);
}

TEST(ContextTree, MainsEndOvertakesDeadlinesAndThoseWhoWait) {
  static const ContextKey<std::shared_ptr<int>> kCounted("counted");
  const auto counted = std::make_shared<int>(1);
  VirtualClock clock;
  std::optional<CancellableContext> kept;
  run(
      [&] {
        kept.emplace(with_timeout(with_value({}, kCounted, counted), kLong));
        for (int i = 0; i < 10; ++i) {
          go([parent = kept->context] {
            const auto [child, cancel] = with_timeout(parent, kLong);
            child.done().recv();
            ADD_FAILURE() << "it ran on";
          });
        }
        sleep_for(kShort);
      },
      {.clock = &clock});
  EXPECT_EQ(clock.elapsed(), kShort);
  EXPECT_TRUE(kept->context.status().ok());

  kept->cancel();
  EXPECT_EQ(kept->context.status().code(), Code::cancelled);
  kept.reset();
  EXPECT_EQ(counted.use_count(), 1);
  run([] { sleep_for(kLong * 2); }, {.clock = &clock});
}

// ---- sizes: none of this may need a stack as deep as the tree ----

TEST(ContextTree, AVeryLongLineIsCancelledAndDestroyedFromEitherEnd) {
  static const ContextKey<int> kNumber("number");
  for (const bool root_first : {true, false}) {
    on_a_small_stack([root_first] {
      std::vector<CancellableContext> line;
      line.push_back(with_cancel(with_value({}, kNumber, 1)));
      for (int i = 1; i < kMany; ++i) line.push_back(with_cancel(line.back().context));
      EXPECT_EQ(*line.back().context.value(kNumber), 1);
      const RecvChan<Signal> done = line.back().context.done();

      if (root_first) {
        line.front().cancel();
        EXPECT_TRUE(done.try_recv().closed);
        line.clear();
      } else {
        while (line.size() > 1) line.pop_back();
        EXPECT_TRUE(done.try_recv().closed);
        EXPECT_TRUE(line.front().context.status().ok());
      }
    });
  }
}

TEST(ContextTree, AVeryLongLineIsDestroyedWithItsOnlyHandle) {
  static const ContextKey<std::shared_ptr<int>> kCounted("counted");
  const auto counted = std::make_shared<int>(1);
  on_a_small_stack([counted] {
    Context last;
    for (int i = 0; i < kMany; ++i) last = with_value(last, kCounted, counted);
    EXPECT_EQ(counted.use_count(), kMany + 4);
    const Context branch = with_value(last, kCounted, nullptr);
    last = {};
    EXPECT_EQ(counted.use_count(), kMany + 4);
  });
  EXPECT_EQ(counted.use_count(), 1);
}

TEST(ContextTree, AVeryLongLineOfDeadlinesEndsWithTheFirst) {
  on_a_small_stack([] {
    std::vector<CancellableContext> line;
    line.push_back(with_timeout({}, kLong));
    for (int i = 1; i < kMany; ++i) {
      line.push_back(with_timeout(line.back().context, kLong - Duration(i)));
    }
    sleep_for(kLong - Duration(kMany));
    EXPECT_TRUE(line.back().context.status().ok());
    sleep_for(Duration(1));
    EXPECT_EQ(line.back().context.status().code(), Code::deadline_exceeded);
    EXPECT_TRUE(line[line.size() - 2].context.status().ok());
    sleep_for(kLong);
    EXPECT_EQ(line.front().context.status().code(), Code::deadline_exceeded);
  });
}

TEST(ContextTree, AVeryWideTreeIsCancelledAtOnceAndOneByOne) {
  on_a_small_stack([] {
    const auto [root, cancel] = with_cancel({});
    std::vector<CancellableContext> children;
    for (int i = 0; i < kMany; ++i) children.push_back(with_cancel(root));
    for (int i = 0; i < kMany; i += 2) children[static_cast<std::size_t>(i)].cancel();
    EXPECT_TRUE(root.status().ok());
    EXPECT_TRUE(children[1].context.status().ok());

    cancel();

    for (const CancellableContext& child : children) ASSERT_FALSE(child.context.status().ok());
  });
}

}  // namespace
}  // namespace conclave
