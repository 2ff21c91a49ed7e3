/// @file
/// Exercise 4.8: a world for a few machines: its time, its network, their lives and their disks, all decided by one seed.
///
/// A machine is known by its number.  What runs on it is a function that is called with each message; what that function holds is
/// the machine's memory.  It calls the world, in its own name: send(), remind(), write(), sync().
///
/// Laws of time
///  1. The clock shows 0 at first, and then the time of what happens.  What is due first happens first, and the clock jumps
///     there.  It never goes back: what is asked for in the past is due now.
///  2. What is due in the same minute happens in the order in which it was asked for.
/// Laws of the network
///  3. A message is under way from `fastest` to `slowest` minutes, each number alike, drawn for each message: later ones overtake.
///  4. It is `lost` with the probability `loss`.  If not, it is `doubled` with the probability `twice`: then it arrives once
///     more, after a time that is drawn as well.
///  5. A message that is sent while its direction is cut is stopped: `cut`.  What was under way before arrives.
///  6. What a machine tells itself needs no network: send() to itself arrives in this minute, remind() on time, both once.
/// Laws of life
///  7. A crash ends a life: its memory is destroyed.  A start begins one, which finds the disk, and nothing else.
///  8. A message is for that life of its receiver which runs when it is sent, and so is what a machine tells itself.  If it is
///     over when the message arrives, or if there was none, the message goes `to_the_dead`, and to nobody else.
///  9. What the dead have sent still arrives: its line `of_the_dead` comes before its line `gets`.
/// Laws of disks
/// 10. What is written is on the disk at once, for the life that writes.  A sync takes 1 to `sync_slowest` minutes, each number
///     alike.  When it says so by its message, what was written before sync() was called is durable.  A crash takes away
///     whatever no sync has made durable.
/// Laws of chance
/// 11. The seed decides everything: the same seed and the same calls are the same story, another seed is another one.
/// 12. Each direction between two machines, and each disk, draws for itself, and so does each purpose (lost? doubled? how long?
///     how long is the second?): a draw for the one shifts none for another.
///
/// Call from one thread.  Source: chapter 4, "A world from nothing"; FoundationDB, "Simulation and Testing".
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace conclave::own {

/// A time, or how long something takes.
using Minutes = int;

/// What one machine says to another, or to itself.
struct Message {
  int from = 0;
  int to = 0;
  std::string text{};
  bool operator==(const Message&) const = default;  ///< member by member
};

/// How good the network and the disks are.
struct Weather {
  Minutes fastest = 10;       ///< at least 1
  Minutes slowest = 60;       ///< not less than that
  double loss = 0;            ///< a probability
  double twice = 0;           ///< likewise
  Minutes sync_slowest = 30;  ///< at least 1
};

/// What can happen.
enum class What : std::uint8_t {
  starts,
  crashes,
  gets,
  lost,
  doubled,
  cut,
  to_the_dead,
  of_the_dead,
};

/// One line of a world's story: gets, to_the_dead and of_the_dead when a message arrives; lost, doubled and cut when it is sent.
struct Line {
  Minutes time = 0;
  What what = What::gets;
  Message message{};  ///< starts and crashes: from and to the machine, without a text
  bool operator==(const Line&) const = default;  ///< member by member
};

/// What a machine does with a message while it lives.
using Life = std::function<void(const Message&)>;

/// Begins a life: called by each start with the number of the life, 1, 2, …; it may call the world already.
using Birth = std::function<Life(int number)>;

/// A world.
class World {
 public:
  virtual ~World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Time

  /// The time.
  [[nodiscard]] virtual Minutes now() const = 0;
  /// Has `happen` called at that time, by run_until().
  virtual void at(Minutes time, std::function<void()> happen) = 0;
  /// Lets happen whatever is due by then, `end` included; afterwards the clock shows `end`, unless it was later already.
  virtual void run_until(Minutes end) = 0;

  // The network

  /// From now on it is like that.
  virtual void set_weather(const Weather& weather) = 0;
  /// From now on, nothing that one of `from` sends to one of `to` gets through, also when both have a number in common.
  virtual void cut(const std::set<int>& from, const std::set<int>& to) = 0;
  /// Takes back all cuts.
  virtual void mend() = 0;

  // Lives

  /// Puts up a machine, and starts it.
  /// @pre there is none with that number
  virtual void add(int machine, Birth birth) = 0;
  /// Ends its life.
  /// @pre it has one, and is not in the middle of a message
  virtual void crash(int machine) = 0;
  /// Begins its next life.
  /// @pre it has none
  virtual void start(int machine) = 0;

  // For a machine that lives; `message.from` and `machine` are its own number

  /// Sends it to a machine that was put up, perhaps itself.
  virtual void send(const Message& message) = 0;
  /// Sends it to itself, to arrive after so many minutes.
  virtual void remind(int machine, Minutes after, const std::string& text) = 0;
  /// Appends a line to its disk.
  virtual void write(int machine, const std::string& line) = 0;
  /// Starts a sync, which sends `text` to the machine itself when it is done.
  virtual void sync(int machine, const std::string& text) = 0;
  /// What is on its disk.
  [[nodiscard]] virtual const std::vector<std::string>& disk(int machine) const = 0;

  // For who looks on

  /// All that has happened so far.
  [[nodiscard]] virtual const std::vector<Line>& story() const = 0;

 protected:
  World() = default;
};

/// A world without machines.
[[nodiscard]] std::unique_ptr<World> make_world(std::uint64_t seed, const Weather& weather);

}  // namespace conclave::own
