// What a simulated world costs, and what a journal saves; figures.go beside this file has what there is to compare in Go.
//
// `make bench C=04` runs both; common/bench/measure.hpp says how is measured.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "../simulations/heartbeats.hpp"
#include "bench/measure.hpp"
#include "goroutines/goroutines.hpp"
#include "simulation/journal.hpp"
#include "simulation/real_disk.hpp"
#include "simulation/simulate.hpp"

namespace {

using conclave::bench::Benchmark;
using conclave::bench::ns_each;
using conclave::bench::print;
using conclave::simulation::Faults;
using conclave::simulation::Heartbeats;
using conclave::simulation::Options;
using conclave::simulation::simulate;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

// --- the kernel ----------------------------------------------------------------------------------------

constexpr int kSleepers = 10;  // five nodes with two each
constexpr int kWakings = 200'000;

/// Goroutines that sleep and wake, in virtual time: an event is a timer that fires, and the turn that it brings.
void kernel() {
  conclave::VirtualClock clock;
  const double ns = ns_each(std::int64_t{kSleepers} * kWakings, [&] {
    conclave::run(
        [] {
          conclave::WaitGroup done;
          for (int sleeper = 0; sleeper < kSleepers; ++sleeper) {
            done.go([sleeper] {
              for (int i = 0; i < kWakings; ++i) conclave::sleep_for(50ms + sleeper * 1ms);
            });
          }
          done.wait();
        },
        {.clock = &clock});
  });
  print("kernel", 1e3 / ns, "M/s");
}

/// The same as nodes of a run, whose every turn is looked at and traced.
class Sleepers final : public conclave::simulation::Program {
 public:
  void node(conclave::World& /*world*/) override {
    conclave::WaitGroup done;
    for (int sleeper = 0; sleeper < 2; ++sleeper) {
      done.go([sleeper] {
        for (;;) conclave::sleep_for(50ms + sleeper * 1ms);
      });
    }
    done.wait();
  }
};

void observed() {
  Sleepers program;
  std::uint64_t turns = 0;
  const double ns = ns_each(1, [&] {
    turns =
        simulate({.nodes = 5, .clients = 0, .faults = {}, .faults_for = 10'000s}, program).turns;
  });
  print("observed", static_cast<double>(turns) * 1e3 / ns, "M/s");
}

// --- heartbeats ----------------------------------------------------------------------------------------

constexpr conclave::Duration kBeatingFor = 100s;

void heartbeats() {
  Heartbeats program(50ms);
  conclave::Duration virtual_time{};
  const double ns = ns_each(1, [&] {
    const Options options{.nodes = conclave::simulation::kNodes,
                          .clients = 0,
                          .faults = {},
                          .faults_for = kBeatingFor};
    virtual_time = simulate(options, program).virtual_time;
  });
  print("heartbeats", static_cast<double>(virtual_time.count()) / ns, "times");
}

// --- the journal ---------------------------------------------------------------------------------------

constexpr std::size_t kRecordBytes = 256;
constexpr int kWriters = 64;
constexpr int kRecordsEach = 1000;
constexpr int kAlone = 1000;

/// A folder of its own beside this program: /tmp may be no disk.
class Folder {
 public:
  Folder()
      : path_(std::filesystem::read_symlink("/proc/self/exe").parent_path() / "journal.XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

double records_per_s(int records, const std::function<void()>& write) {
  const auto begin = std::chrono::steady_clock::now();
  write();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  return records / took.count();
}

std::unique_ptr<conclave::Journal> open(conclave::Disk& disk, const std::string& name) {
  conclave::Recovered found;
  return conclave::Journal::open(disk, name, found).value();
}

void append(conclave::Journal& journal, int count) {
  const std::string record(kRecordBytes, 'r');
  for (int i = 0; i < count; ++i) {
    if (!journal.append(record).ok()) std::abort();
  }
}

/// The bytes that a journal has written, in as many writes, each followed by a sync: what the device gives.
double bytes_per_s(conclave::Disk& disk, std::uint64_t bytes, std::uint64_t batches) {
  const auto file = disk.open("plain", conclave::Open::fresh).value();
  const std::string batch(bytes / batches, 'b');
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < batches; ++i) {
    if (!file->write(i * batch.size(), batch).ok() || !file->sync().ok()) std::abort();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  return static_cast<double>(batch.size() * batches) / took.count();
}

void journal() {
  const Folder folder;
  conclave::run([&] {
    const auto disk = conclave::RealDisk::open_folder(folder.path()).value();
    double alone = 0;
    {
      const auto one = open(*disk, "alone");
      alone = records_per_s(kAlone, [&] { append(*one, kAlone); });
      one->close();
    }
    const auto shared = open(*disk, "shared");
    const double together = records_per_s(kWriters * kRecordsEach, [&] {
      conclave::WaitGroup done;
      for (int writer = 0; writer < kWriters; ++writer)
        done.go([&] { append(*shared, kRecordsEach); });
      done.wait();
    });
    const std::uint64_t batches = shared->counters().batches;
    shared->close();
    std::uint64_t bytes = 0;
    const std::vector<std::string> names = disk->list().value();
    for (const std::string& name : names) {
      if (name.starts_with("shared."))
        bytes += disk->open(name, conclave::Open::existing).value()->size().value();
    }
    const double journal_bytes_per_s =
        together * static_cast<double>(bytes) / (kWriters * kRecordsEach);

    print("journal alone", alone / 1000, "k/s");
    print("journal together", together / 1000, "k/s");
    print("journal gains", together / alone, "times");
    print("journal device", journal_bytes_per_s / bytes_per_s(*disk, bytes, batches), "of it");
  });
}

constexpr Benchmark kBenchmarks[] = {
    {"kernel", kernel}, {"observed", observed}, {"heartbeats", heartbeats}, {"journal", journal}};

}  // namespace

int main(int count, char** arguments) {
  return conclave::bench::main_of(kBenchmarks, count, arguments, [](void (*work)()) { work(); });
}
