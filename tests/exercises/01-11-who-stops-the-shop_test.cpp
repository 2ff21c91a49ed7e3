// Exercise 1.11.  What one goroutine waits for is what another one does, so a shop whose thread is blocked comes to no
// end.  A bystander on a thread of its own notices it: it asks for a turn and gets none.  No right answer waits for a clock.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <semaphore>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "common/assert.hpp"
#include "goroutines/goroutines.hpp"
#include "shop.hpp"
#include "support/apart.hpp"
#include "testing/expect.hpp"

namespace conclave {
namespace {

using namespace std::chrono_literals;

// --- whether anything moves ------------------------------------------------------------------------------

// How a process ends whose shop stands still.
constexpr int kNobodyGetsATurn = 61;
constexpr int kNothingHappens = 62;
constexpr int kBlockedInTheCellar = 63;
constexpr int kNotedElsewhere = 64;

/// Asks the run for a turn, again and again, from a thread of its own.  Ends the process when it gets none for a second, or
/// when the shop has done nothing for three.  No right answer is that slow.
class Bystander {
 public:
  /// @param steps   what the shop has done so far
  explicit Bystander(const std::atomic<int>& steps) : steps_(steps), thread_([this] { look(); }) {}
  Bystander(const Bystander&) = delete;
  Bystander& operator=(const Bystander&) = delete;
  ~Bystander() {
    goes_.release();
    thread_.join();
  }

 private:
  void look() {
    using Wall = std::chrono::steady_clock;
    int seen = steps_;
    Wall::time_point seen_at = Wall::now();
    while (!goes_.try_acquire_for(20ms)) {
      const auto turn = std::make_shared<std::binary_semaphore>(0);
      if (!run_.post([turn] { turn->release(); }).ok()) return;
      for (const auto asked_at = Wall::now(); !turn->try_acquire_for(20ms);) {
        if (goes_.try_acquire()) return;
        if (Wall::now() - asked_at > 1s) std::_Exit(kNobodyGetsATurn);
      }
      if (std::exchange(seen, steps_) != seen) seen_at = Wall::now();
      if (Wall::now() - seen_at > 3s) std::_Exit(kNothingHappens);
    }
  }

  const std::atomic<int>& steps_;
  const RunHandle run_;
  std::binary_semaphore goes_{0};
  std::thread thread_;
};

// --- the shop --------------------------------------------------------------------------------------------

/// A door; customers come to its other end.
struct Door {
  Descriptor inside;
  Descriptor outside;

  Door() {
    std::array<int, 2> ends{};
    ensure(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0,
           "the kernel has a socket pair for a door");
    inside = Descriptor(ends[0]);
    outside = Descriptor(ends[1]);
  }

  /// A customer comes.
  void order(std::string_view title) const {
    ensure(::write(outside.get(), title.data(), title.size()) == std::ssize(title),
           "a door takes an order");
  }
  /// No more will come.
  void close() { outside.close(); }
};

/// The cellar: it finds a book at once, unless it has been mislaid.
class TestCellar final : public Cellar {
 public:
  /// @param search   is done when somebody looks for a mislaid book
  TestCellar(std::atomic<int>& steps, WaitGroup& search) : steps_(steps), search_(search) {}

  int find(const std::string& title) override {
    ++steps_;
    if (title == mislaid_) {
      // Whoever could put the book back is a goroutine, and the thread of all goroutines is here.
      if (std::this_thread::get_id() == thread_) std::_Exit(kBlockedInTheCellar);
      ensure(run_.post([this] { search_.done(); }).ok(), "a run takes a post");
      put_back_.acquire();
    }
    return static_cast<int>(title.size());
  }

  /// From now on find(title) blocks until put_back().
  void mislay(std::string title) {
    search_.add(1);
    mislaid_ = std::move(title);
  }
  void put_back() { put_back_.release(); }

 private:
  std::atomic<int>& steps_;
  const std::thread::id thread_ = std::this_thread::get_id();
  const RunHandle run_;
  std::string mislaid_;
  WaitGroup& search_;
  std::binary_semaphore put_back_{0};
};

/// The ledger, and who wrote into it on a thread that is not its own.
class TestLedger final : public Ledger {
 public:
  explicit TestLedger(std::atomic<int>& steps) : steps_(steps) {}

  void note(const std::string& title, int shelf) override {
    ++steps_;
    if (std::this_thread::get_id() != thread_) std::_Exit(kNotedElsewhere);
    mutex_.lock();
    sales_.push_back(fmt::format("{} from {}", title, shelf));
    noted_.notify_all();
    mutex_.unlock();
  }

  /// Parks until `count` sales have been noted.
  std::vector<std::string> wait_for(std::size_t count) {
    mutex_.lock();
    noted_.wait(mutex_, [&] { return sales_.size() >= count; });
    std::vector<std::string> sorted = sales_;
    mutex_.unlock();
    std::ranges::sort(sorted);
    return sorted;
  }

 private:
  std::atomic<int>& steps_;
  const std::thread::id thread_ = std::this_thread::get_id();
  Mutex mutex_;
  Cond noted_;
  std::vector<std::string> sales_;  // guarded by mutex_
};

/// A shop, and what goes on in it.  Made inside run().
struct Shop {
  std::atomic<int> steps{0};
  const Bystander bystander{steps};
  WaitGroup search;
  TestCellar cellar{steps, search};
  TestLedger ledger{steps};
  WaitGroup clerks;
  int clerk_count = 0;

  /// Starts a clerk, and lets it go to its door.
  void start_clerk(const Door& door) {
    clerks.add(1);
    go(Name(fmt::format("clerk {}", ++clerk_count)), [this, fd = door.inside.get()] {
      clerk(fd, cellar, ledger);
      ++steps;
      clerks.done();
    });
    yield();
  }
};

/// Runs `body` in a process of its own, on the real clock.  A shop that stands still breaks the claim.
/// @param when    what was to happen: "a customer came"
void must_go_on(const Claim& claim, std::string_view when, void (*body)(),
                RunOptions options = {}) {
  options.watch = true;
  announce(claim);
  const Apart apart = run_apart([&] { run(body, options); });
  const int how = apart.ending.wait_status;
  const std::string& said = apart.ending.output;
  if (apart.was_running) {
    return report_broken(
        claim, fmt::format("when {}, the shop was busy for a second, with nothing", when));
  }
  switch (WIFEXITED(how) ? WEXITSTATUS(how) : 0) {
    case kNobodyGetsATurn:
      return report_broken(
          claim, fmt::format("when {}, no goroutine got a turn any more\n{}", when, said));
    case kNothingHappens:
      return report_broken(claim,
                           fmt::format("when {}, nothing happened any more\n{}", when, said));
    case kBlockedInTheCellar:
      return report_broken(
          claim, fmt::format("when {}, a clerk went to find it on the thread of all goroutines\n"
                             "there it waits for a goroutine that can get no turn",
                             when));
    case kNotedElsewhere:
      return report_broken("the ledger is for goroutines, and for their thread",
                           fmt::format("when {}, note() was called on a helper thread", when));
    default:
      return end_alike(apart);
  }
}

TEST(Shop, ServesWhoHasCome) {
  must_go_on("a clerk serves every order, and leaves when the door is closed",
             "two customers had come", [] {
               Shop shop;
               Door door;
               door.order("Emma");
               door.order("Ulysses");
               door.close();

               shop.start_clerk(door);
               shop.clerks.wait();

               const std::vector<std::string> sales = shop.ledger.wait_for(0);
               must_hold("a clerk serves every order, and leaves when the door is closed",
                         sales == std::vector<std::string>{"Emma from 4", "Ulysses from 7"},
                         "Emma stands on shelf 4, Ulysses on 7, and both were ordered\nnoted: {}",
                         fmt::join(sales, "; "));
             });
}

TEST(Shop, AClerkWhoWaitsForACustomerStopsNobody) {
  must_go_on("to wait for an order parks the goroutine, and not the thread",
             "a clerk had come to a door before its first customer", [] {
               Shop shop;
               Door door;
               shop.start_clerk(door);

               door.order("Emma");
               shop.ledger.wait_for(1);
               door.order("Ulysses");
               shop.ledger.wait_for(2);
               door.close();
               shop.clerks.wait();
             });
}

/// What the dump of all goroutines says of clerk 1: "wait_readable: descriptor 5".
std::string state_of_clerk() {
  const std::string dump = dump_goroutines();
  const std::size_t entry = dump.find("(clerk 1) [");
  if (entry == std::string::npos) return "gone";
  const std::size_t begin = dump.find('[', entry) + 1;
  return dump.substr(begin, dump.find(']', begin) - begin);
}

TEST(Shop, AClerkWhoWaitsIsParked) {
  must_go_on("who waits for an order is parked until there is one",
             "a clerk had come to a door before its first customer", [] {
               Shop shop;
               Door door;
               shop.start_clerk(door);
               for (int i = 0; i < 10; ++i) yield();

               const std::string state = state_of_clerk();
               must_hold("who waits for an order is parked until there is one",
                         !state.starts_with("runnable") && !state.starts_with("sleep"),
                         "a clerk waits at a door; its goroutine says that it is: {}", state);
               door.order("Emma");
               door.close();
               shop.clerks.wait();
             });
}

TEST(Shop, AClerkInTheCellarStopsNobody) {
  must_go_on("to wait for a book parks the goroutine, and not the thread",
             "a book had been mislaid", [] {
               Shop shop;
               Door door;
               shop.cellar.mislay("Ulysses");
               shop.start_clerk(door);
               shop.start_clerk(door);

               door.order("Ulysses");
               shop.search.wait();
               door.order("Emma");  // the other clerk serves it, or nobody
               shop.ledger.wait_for(1);
               shop.cellar.put_back();
               shop.ledger.wait_for(2);
               door.close();
               shop.clerks.wait();
             });
}

TEST(Shop, TwoClerksAtADoorAndOneCustomer) {
  must_go_on("ready is a hint: when another clerk was faster, one parks again",
             "two clerks waited at one door and one customer came", [] {
               Shop shop;
               Door door;
               shop.start_clerk(door);
               shop.start_clerk(door);

               door.order("Emma");
               shop.ledger.wait_for(1);
               door.order("Ulysses");
               shop.ledger.wait_for(2);
               door.order("Faust");
               shop.ledger.wait_for(3);
               door.close();
               shop.clerks.wait();
             });
}

TEST(Shop, WaitingForACustomerTakesNoHelper) {
  must_go_on("to wait for an order takes no helper thread",
             "the one helper thread was needed in the cellar, and a clerk waited at a quiet door",
             [] {
               Shop shop;
               Door quiet;
               Door busy;
               shop.start_clerk(quiet);
               shop.start_clerk(busy);

               busy.order("Emma");
               shop.ledger.wait_for(1);
               quiet.close();
               busy.close();
               shop.clerks.wait();
             },
             {.helpers_max = 1});
}

}  // namespace
}  // namespace conclave
