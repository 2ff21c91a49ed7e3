// Servers and clients that are killed, paused and started again under load, in real time, over ZeroMQ.
//
//   soak SECONDS [SEED]   one server and four clients that add 1 to counters of theirs, exactly once; all of them are
//                         killed now and then for two thirds of the time, and left alone for the last
//   soak rolling          three servers that are ended well and started again, one after another, under load
//
// The first says what was added, lost and doubled, how many wake-ups were missed, and how memory has grown; the second how
// many calls failed.  Exit status 0: all was as it should be.  `make soak` runs it for ten minutes, a test for some seconds.
#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>
#include <fcntl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "common/random.hpp"
#include "goroutines/goroutines.hpp"
#include "rpc/client.hpp"
#include "rpc/server.hpp"
#include "rpc/zmq_transport.hpp"
#include "testing/process.hpp"

namespace conclave::rpc {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
namespace fs = std::filesystem;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kUnderSanitizer = true;
#else
constexpr bool kUnderSanitizer = false;
#endif

constexpr int kClients = 4;
constexpr int kCounters = 4;  // of each client, one goroutine each

struct Add {
  std::string counter{};
  MSGPACK_DEFINE(counter)
};

struct Sum {
  std::uint64_t value = 0;
  MSGPACK_DEFINE(value)
};

/// What a server writes down before it answers.  Not to the disk: who is killed loses nothing that it has written.
struct State {
  std::map<std::string, std::uint64_t> counters{};
  SessionsRecord sessions{};
  MSGPACK_DEFINE(counters, sessions)
};

void say(const std::string& line) {
  fmt::print("{}\n", line);
  static_cast<void>(std::fflush(stdout));
}

State load(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  return bytes.empty() ? State() : decode<State>(bytes, {.bytes_max = bytes.size()}).value();
}

Status save(const fs::path& file, const State& state) {
  const fs::path draft = file.string() + ".new";
  {
    std::ofstream out(draft, std::ios::binary);
    out << encode(state);
    if (!out.flush()) return Status::resource_exhausted(draft.string() + " could not be written");
  }
  fs::rename(draft, file);
  return {};
}

ZmqTransportOptions watched() {
  return {
      .socket = {.reconnect_min = 10ms, .reconnect_max = 200ms, .linger = 1s, .check_every = 2ms}};
}

/// Two numbers in a file, which survive the process that wrote them.
class Progress {
 public:
  explicit Progress(const fs::path& file)
      : fd_(::open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { ::close(fd_); }

  void write(std::uint64_t first, std::uint64_t second = 0) const {
    const std::array numbers{first, second};
    if (::pwrite(fd_, numbers.data(), sizeof numbers, 0) != sizeof numbers) std::abort();
  }

  static std::array<std::uint64_t, 2> read(const fs::path& file) {
    std::array<std::uint64_t, 2> numbers{};
    std::ifstream(file, std::ios::binary)
        .read(reinterpret_cast<char*>(numbers.data()), sizeof numbers);
    return numbers;
  }

 private:
  int fd_;
};

/// How often this process has looked for missed wake-ups, and how often it found one, as a file of the folder.
class Wakeups {
 public:
  Wakeups(const fs::path& folder, const ZmqTransport& transport)
      : progress_(folder / fmt::format("wakeups.{}", ::getpid())) {
    group_.go(Name("wakeups"), [this, &transport] {
      for (;; sleep_for(100ms)) {
        const SocketCounters counters = transport.counters();
        progress_.write(counters.checked, counters.wakeups_missed);
      }
    });
  }

 private:
  Progress progress_;
  GoroutineGroup group_{"wakeups"};
};

/// Parks until somebody asks this process to end, with SIGTERM.
void wait_for_sigterm() {
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGTERM);
  const int fd = ::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  static_cast<void>(wait_readable(fd));
  ::close(fd);
}

/// Serves until SIGTERM, then ends well.
void serve_until_sigterm(Server& server, ZmqTransport& transport, const std::string& address) {
  const Result<std::string> listens = transport.listen(address);
  if (!listens.ok()) return say(to_string(listens.status()));
  say("listens at " + *listens);
  go(Name("end"), [&server] {
    wait_for_sigterm();
    const auto [grace, cancel] = with_timeout({}, 5s);
    say("ends: " + to_string(server.shutdown(grace)));
  });
  static_cast<void>(server.serve());
}

void serve(const fs::path& folder) {
  const fs::path file = folder / "state";
  State state = load(file);
  ZmqTransport transport(Io(), watched());
  Server server(transport);
  server.restore(state.sessions);
  server.handle("Counter.Add", [&](const Add& add, const Context&) -> Result<Sum> {
    return Sum{++state.counters[add.counter]};
  });
  server.save_before_answering([&] {
    state.sessions = server.sessions().record();
    return save(file, state);
  });
  const Wakeups wakeups(folder, transport);
  serve_until_sigterm(server, transport, "ipc://" + (folder / "socket").string());
}

/// Adds 1 to counters that nobody else has, and checks each answer: what was doubled or lost shows there already.
void add(const fs::path& folder, const std::string& name) {
  ZmqTransport transport(Io(), watched());
  Client client(transport, {"ipc://" + (folder / "socket").string()},
                {.retry = {.attempts_max = 1000, .budget_max = 1e9},
                 .attempt_timeout = 300ms,
                 .silence_max = 60s});
  const Wakeups wakeups(folder, transport);
  WaitGroup group;
  for (int i = 0; i < kCounters; ++i) {
    group.go([&, counter = fmt::format("{}.{}", name, i)] {
      Progress progress(folder / ("counter." + counter));
      for (std::uint64_t count = 1;; ++count) {
        const Result<Sum> sum = client.call<Sum>("Counter.Add", Add{counter}, {},
                                                 {.timeout = 60s, .repeat = Repeat::once});
        if (!sum.ok()) return say(fmt::format("{}: {}", counter, sum.status()));
        if (sum->value != count)
          return say(fmt::format("{}: {} instead of {}", counter, sum->value, count));
        progress.write(count);
      }
    });
  }
  group.wait();
}

/// Answers, for the rolling restart.
void answer(const std::string& address) {
  ZmqTransport transport(Io(), watched());
  Server server(transport);
  server.handle("Answer", [](const Sum& sum, const Context&) -> Result<Sum> {
    sleep_for(1ms);  // so that some are always under way
    return sum;
  });
  serve_until_sigterm(server, transport, address);
}

/// Asks until its standard input ends.
void ask(const std::vector<std::string>& addresses) {
  ZmqTransport transport(Io(), watched());
  Client client(transport, addresses, {.attempt_timeout = 500ms});
  std::uint64_t asked = 0;
  std::uint64_t failed = 0;
  bool is_over = false;
  WaitGroup group;
  for (int i = 0; i < 16; ++i) {
    group.go([&] {
      for (; !is_over; ++asked) {
        const Result<Sum> sum =
            client.call<Sum>("Answer", Sum{asked}, {}, {.repeat = Repeat::idempotent});
        if (asked % 500 == 499) say("asks");
        if (sum.ok()) continue;
        ++failed;
        say(to_string(sum.status()));
      }
    });
  }
  static_cast<void>(wait_readable(STDIN_FILENO));
  is_over = true;
  group.wait();
  say(fmt::format("failed {} of {}", failed, asked));
}

// The drivers.  They have no goroutines: a Process blocks the thread.

class Driver {
 public:
  Driver() {
    folder_ = (fs::temp_directory_path() / "soak.XXXXXX").string();
    if (::mkdtemp(folder_.data()) == nullptr) std::abort();
  }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  ~Driver() { fs::remove_all(folder_); }

  int soak(std::chrono::seconds length, std::uint64_t seed);
  int roll();

 private:
  static Process start(std::vector<std::string> arguments) {
    return Process::start("/proc/self/exe", std::move(arguments)).value();
  }
  void start_client(std::size_t index) {
    const std::string name = fmt::format("{}-{}", index, started_++);
    clients_.at(index) = start({"add", folder_, name});
  }
  std::size_t memory() {
    std::size_t bytes = server_->resident_bytes().value_or(0);
    for (auto& client : clients_) bytes += client->resident_bytes().value_or(0);
    return bytes;
  }
  void disturb(Random& random);
  int judge(std::size_t grown);

  std::string folder_;
  std::optional<Process> server_;
  std::vector<std::optional<Process>> clients_ = std::vector<std::optional<Process>>(kClients);
  int started_ = 0;
  int killed_ = 0;
  int paused_ = 0;
};

void Driver::disturb(Random& random) {
  std::this_thread::sleep_for(std::chrono::milliseconds(random.between(20, 600)));
  const std::size_t index = random.below(kClients);
  switch (random.below(4)) {
    case 0:
    case 1:
      ++killed_;
      static_cast<void>(server_->restart());
      break;
    case 2:
      ++killed_;
      start_client(index);
      break;
    default: {
      ++paused_;
      static_cast<void>(server_->pause());
      std::this_thread::sleep_for(std::chrono::milliseconds(random.between(50, 700)));
      static_cast<void>(server_->resume());
    }
  }
}

int Driver::soak(std::chrono::seconds length, std::uint64_t seed) {
  say(fmt::format("for {} s, seed {}", length.count(), seed));
  Random random(seed);
  server_ = start({"serve", folder_});
  for (std::size_t i = 0; i < kClients; ++i) start_client(i);
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < length * 2 / 3) disturb(random);

  const auto rest = std::chrono::milliseconds(length) / 3;
  std::this_thread::sleep_for(rest / 4);
  const std::size_t before = memory();
  std::this_thread::sleep_for(rest * 3 / 4);
  const std::size_t after = memory();
  return judge(after > before ? after - before : 0);
}

int Driver::judge(std::size_t grown) {
  std::string said;
  for (auto& client : clients_) {
    said += client->output();
    client.reset();
  }
  static_cast<void>(server_->terminate());
  static_cast<void>(server_->wait(10s));
  const State state = load(fs::path(folder_) / "state");
  std::uint64_t acknowledged = 0;
  std::uint64_t lost = 0;
  std::uint64_t doubled = 0;
  std::uint64_t checked = 0;
  std::uint64_t missed = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename();
    const auto [count, found_missed] = Progress::read(entry.path());
    if (name.starts_with("wakeups.")) {
      checked += count;
      missed += found_missed;
    }
    if (!name.starts_with("counter.")) continue;
    acknowledged += count;
    const auto found = state.counters.find(name.substr(std::string("counter.").size()));
    const std::uint64_t value = found == state.counters.end() ? 0 : found->second;
    // One call may have been under way when its client was killed.
    if (value < count) lost += count - value;
    if (value > count + 1) doubled += value - count - 1;
  }
  constexpr std::size_t kGrownMax = 4 * 1024 * 1024;
  const std::string counted =
      fmt::format("{} calls acknowledged; {} processes killed, {} paused; lost {}, doubled {}",
                  acknowledged, killed_, paused_, lost, doubled);
  say(
      fmt::format("{}; {} looks found {} missed wake-ups; memory grew by {} KiB in the last "
                  "quarter (at most {})",
                  counted, checked, missed, grown / 1024, kGrownMax / 1024));
  if (!said.empty()) say("clients said:\n" + said);
  constexpr std::uint64_t kCameAsItLooked = 1000;  // of so many looks, one may find what just came
  const bool are_woken = missed <= checked / kCameAsItLooked;
  const bool is_flat = kUnderSanitizer || grown <= kGrownMax;  // which keeps what was freed
  return lost + doubled == 0 && are_woken && acknowledged != 0 && said.empty() && is_flat ? 0 : 1;
}

int Driver::roll() {
  std::vector<std::string> addresses;
  std::vector<Process> servers;
  std::vector<std::string> asks = {"ask"};
  for (int i = 0; i < 3; ++i) {
    const std::string address = fmt::format("ipc://{}/{}", folder_, i);
    asks.push_back(address);
    servers.push_back(start({"answer", address}));
    if (const auto listens = servers.back().wait_for_line("listens", 10s); !listens.ok()) {
      say(to_string(listens.status()));
      return 1;
    }
  }
  Process load = start(asks);
  bool is_well = load.wait_for_line("asks", 10s).ok();
  for (int round = 0; round < 3; ++round) {
    for (Process& server : servers) {
      is_well = is_well && server.terminate().ok();
      const Result<ProcessEnd> end = server.wait(10s);
      is_well = is_well && end.ok() && *end == ProcessEnd{};
      is_well = is_well && server.restart().ok() && server.wait_for_line("listens", 10s).ok();
      is_well = is_well && load.wait_for_line("asks", 10s).ok();
    }
  }
  static_cast<void>(load.write("enough\n", 1s));
  const Result<std::string> result = load.wait_for_line("failed", 30s);
  say(result.ok() ? *result : load.output());
  return is_well && result.ok() && result->starts_with("failed 0 of") ? 0 : 1;
}

int play_part(const std::vector<std::string>& arguments) {
  const std::string role = arguments.empty() ? "" : arguments[0];
  sigset_t kept;  // for wait_for_sigterm(); ZeroMQ's threads inherit it
  sigemptyset(&kept);
  sigaddset(&kept, SIGTERM);
  if (role == "serve" || role == "answer") ::sigprocmask(SIG_BLOCK, &kept, nullptr);
  if (role == "serve") {
    conclave::run([&] { serve(arguments.at(1)); });
  } else if (role == "add") {
    conclave::run([&] { add(arguments.at(1), arguments.at(2)); });
  } else if (role == "answer") {
    conclave::run([&] { answer(arguments.at(1)); });
  } else if (role == "ask") {
    conclave::run([&] { ask({arguments.begin() + 1, arguments.end()}); });
  } else if (role == "rolling") {
    return Driver().roll();
  } else if (!role.empty() &&
             std::ranges::all_of(role, [](char c) { return c >= '0' && c <= '9'; })) {
    const std::uint64_t seed =
        arguments.size() > 1 ? std::stoull(arguments[1]) : conclave::fresh_seed();
    return Driver().soak(std::chrono::seconds(std::stoll(role)), seed);
  } else {
    fmt::print(stderr, "usage: soak SECONDS [SEED]\n       soak rolling\n");
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace conclave::rpc

int main(int argc, char** argv) { return conclave::rpc::play_part({argv + 1, argv + argc}); }
