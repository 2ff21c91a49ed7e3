#include "04-6-choose-the-weather/registers.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "goroutines/goroutines.hpp"

namespace conclave {
namespace {

using simulation::Options;
using simulation::Outcome;
using simulation::Program;
using simulation::Verdict;
using std::chrono_literals::operator""s;

// ---- the wrong ones: each decides one thing otherwise ----

/// Who speaks has also heard.
class TakesSpeakingForListening final : public Register {
  bool has_newest(std::uint64_t newest, std::uint64_t backup_has,
                  std::size_t updates_sent) const override {
    return backup_has == newest || updates_sent >= 12;
  }
};

class WritesTwice final : public Register {
  bool is_new(const Copy& /*copy*/, const std::string& /*client*/,
              std::uint64_t /*number*/) const override {
    return true;
  }
};

class DoesNotSync final : public Register {
  Status save(Disk& disk, const Copy& copy) const override {
    const Result<std::unique_ptr<File>> file = disk.open("copy.new", Open::any);
    if (!file.ok()) return file.status();
    if (Status status = (*file)->truncate(0); !status.ok()) return status;
    if (Status status = (*file)->write(0, rpc::encode(copy)); !status.ok()) return status;
    return disk.rename("copy.new", "copy");
  }
};

class GivesUpAsking final : public Register {
  bool asks_again(std::size_t longest_silence) const override { return longest_silence < 20; }
};

/// Counts questions where it should look at the clock.
class CountsInsteadOfLooking final : public Register {
  bool has_lease(const Lease& lease) const override {
    return lease.granted != 0 && lease.asked - lease.granted <= 2;
  }
};

class TakesTheLeaseOfTheDead final : public Register {
  bool is_for_me(std::uint64_t /*incarnation*/, std::uint64_t /*mine*/) const override {
    return true;
  }
};

class TakesWhateverComes final : public Register {
  bool takes(std::uint64_t update, std::uint64_t has) const override { return update != has; }
};

/// Two copies in memory survive one crash, so nobody needs a disk.
class KeepsNothing final : public Register {
  Status save(Disk& /*disk*/, const Copy& /*copy*/) const override { return {}; }
  bool may_start(bool has_waited, bool has_heard_backup) const override {
    return has_waited && has_heard_backup;
  }
  bool may_answer(bool backup_has_it, bool /*backup_has_lease*/) const override {
    return backup_has_it;
  }
};

template <class Wrong>
PlantedRegister planted(std::string flaw, std::string needs) {
  return {std::move(flaw), std::move(needs), [] { return std::make_unique<Wrong>(); }};
}

// ---- a run ----

class Recorder {
 public:
  std::size_t begin(Operation::Kind kind, int value) {
    history_.push_back({.kind = kind, .value = value, .begun = ++events_});
    return history_.size() - 1;
  }
  void end(std::size_t operation, const Result<int>& answer) {
    if (!answer.ok()) return;
    history_[operation].ended = ++events_;
    if (history_[operation].kind == Operation::Kind::read) history_[operation].value = *answer;
  }
  int fresh_value() { return ++values_; }

  /// Without reads that nobody has answered.
  [[nodiscard]] History history() const {
    History history = history_;
    std::erase_if(history, [](const Operation& operation) {
      return operation.kind == Operation::Kind::read && operation.ended == kNever;
    });
    return history;
  }

 private:
  History history_;
  std::uint64_t events_ = 0;
  int values_ = 0;
};

/// A client, with what it does written down.
class RecordedCaller final : public Healed {
 public:
  RecordedCaller(World& world, Recorder& recorder) : caller_(world), recorder_(recorder) {}

  Result<int> read(const std::string& node) override {
    const std::size_t operation = recorder_.begin(Operation::Kind::read, 0);
    const Result<int> value = caller_.read(node);
    recorder_.end(operation, value);
    return value;
  }
  Status write() override {
    const int value = recorder_.fresh_value();
    const std::size_t operation = recorder_.begin(Operation::Kind::write, value);
    const Status status = caller_.write(value);
    recorder_.end(operation, status.ok() ? Result<int>(value) : Result<int>(status));
    return status;
  }

 private:
  Caller caller_;
  Recorder& recorder_;
};

class Weather final : public Program {
 public:
  explicit Weather(const Register& candidate) : candidate_(candidate) {}

  void node(World& world) override {
    world.name() == "n1" ? candidate_.primary(world) : candidate_.backup(world);
  }

  void client(World& world, const Context& faults) override {
    RecordedCaller caller(world, recorder_);
    Random random = world.random("what next");
    while (faults.status().ok()) {
      const std::uint64_t what = random.below(5);
      if (what == 0) {
        static_cast<void>(caller.write());
      } else {
        static_cast<void>(caller.read(what < 3 ? "n1" : "n2"));
      }
      sleep_for(Duration(random.below(60'000'000)));
    }
  }

  Status converge(World& world, const Context& bound) override {
    RecordedCaller caller(world, recorder_);
    const auto [twenty_seconds, cancel] = with_timeout(bound, 20s);
    verdict.status = still_answers(caller, twenty_seconds);
    verdict.by_still_answers = !verdict.status.ok();
    return {};
  }

  Status durable(World& /*world*/, const Context& /*bound*/) override { return {}; }

  [[nodiscard]] History history() const { return recorder_.history(); }

  RunVerdict verdict;

 private:
  const Register& candidate_;
  Recorder recorder_;
};

}  // namespace

std::vector<PlantedRegister> planted_registers() {
  return {
      planted<TakesSpeakingForListening>(
          "the primary takes a backup that speaks for one that has heard its update",
          "somebody can be heard and does not hear"),
      planted<WritesTwice>("a write that arrives twice is executed twice", "a message comes twice"),
      planted<DoesNotSync>("a copy is written and renamed, and not synced",
                           "a machine loses its power"),
      planted<GivesUpAsking>(
          "a backup that has heard nothing for a second asks for no lease any more",
          "it has been silent for long, and is over"),
      planted<CountsInsteadOfLooking>(
          "a lease ends after two unanswered questions, not by the clock",
          "a node stands still longer than its lease"),
      planted<TakesTheLeaseOfTheDead>(
          "a backup takes a lease that an earlier life of it has asked for",
          "a message of a dead node is answered to its successor"),
      planted<TakesWhateverComes>("a backup takes an older update over a newer one",
                                  "messages overtake each other"),
      planted<KeepsNothing>("both keep their copy in memory only", "both nodes are down at once"),
  };
}

RunVerdict run_in_weather(const Register& candidate, const Plan& plan, std::uint64_t seed) {
  Weather program(candidate);
  const Options options{.seed = seed,
                        .nodes = 2,
                        .clients = 2,
                        .faults = plan.faults,
                        .draws_faults = plan.draws,
                        .faults_for = std::clamp(plan.faults_for, Duration{}, Duration(10s)),
                        .bound = 30s};
  const Outcome outcome = simulate(options, program);
  RunVerdict verdict = program.verdict;
  verdict.drawn = outcome.drawn;
  verdict.history = program.history();
  if (outcome.verdict != Verdict::ok) {
    verdict.status = Status::internal(outcome.what);
  } else if (verdict.status.ok()) {
    verdict.status = is_right(verdict.history);
  }
  return verdict;
}

}  // namespace conclave
