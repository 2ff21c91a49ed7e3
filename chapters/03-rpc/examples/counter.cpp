// A counter that lives in a file, and a client that adds 1 to it.  The server dies after it has added and before it replies;
// it is started again, and the client retries.  Watch for: what the counter says in the end, without and with `once`.
//
//   counter serve FILE [dies]     adds to the counter in FILE, as others ask; ends before its first reply
//   counter add FILE [once]       asks it to add 1, until it replies
//   counter                       plays both
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"
#include "rpc/client.hpp"
#include "rpc/server.hpp"
#include "rpc/zmq_transport.hpp"

namespace conclave::rpc {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

struct Add {
  int delta = 0;
  MSGPACK_DEFINE(delta)
};

struct Sum {
  int value = 0;
  MSGPACK_DEFINE(value)
};

void say(const std::string& line) {
  fmt::print("{}\n", line);
  static_cast<void>(std::fflush(stdout));
}

//! [state]
/// What must survive: the counter, and what was answered to whom.  They are in one file, so that neither is there alone.
struct State {
  int value = 0;
  SessionsRecord sessions{};
  MSGPACK_DEFINE(value, sessions)
};

Status save(const std::string& file, const State& state) {
  const std::string bytes = encode(state);
  const std::string draft = file + ".new";
  const int fd = ::open(draft.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
  const bool is_written =
      fd >= 0 && ::write(fd, bytes.data(), bytes.size()) == std::ssize(bytes) && ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  if (is_written && std::rename(draft.c_str(), file.c_str()) == 0) return {};
  return Status::resource_exhausted(fmt::format("{} could not be written", file));
}
//! [state]

State load(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  return bytes.empty() ? State() : *decode<State>(bytes);
}

void serve(const std::string& file, bool dies) {
  State state = load(file);
  ZmqTransport transport{Io()};
  Server server(transport);
  //! [serve]
  server.restore(state.sessions);
  server.handle("Counter.Add", [&](const Add& add, const Context&) -> Result<Sum> {
    state.value += add.delta;
    say(fmt::format("  server: adds {}", add.delta));
    return Sum{state.value};
  });
  server.save_before_answering([&] {
    const bool has_added = state.value != load(file).value;
    state.sessions = server.sessions().record();
    const Status status = save(file, state);
    if (has_added && dies) {
      say("  server: dies before it replies");
      ::_exit(0);
    }
    return status;
  });
  //! [serve]
  const Result<std::string> listens = transport.listen("ipc://" + file + ".socket");
  if (!listens.ok()) return say(to_string(listens.status()));
  static_cast<void>(server.serve());
}

void add(const std::string& file, Repeat repeat) {
  ZmqTransport transport{Io()};
  Client client(transport, {"ipc://" + file + ".socket"},
                {.retry = {.attempts_max = 100}, .attempt_timeout = 250ms});
  //! [add]
  const Result<Sum> sum =
      client.call<Sum>("Counter.Add", Add{1}, {}, {.timeout = 30s, .repeat = repeat});
  //! [add]
  say(sum.ok() ? fmt::format("  client: the counter is {}", sum->value)
               : fmt::format("  client: {}", sum.status()));
}

/// Starts this program with other arguments.
pid_t start(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "counter");
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  pid_t pid = 0;
  const int error =
      ::posix_spawn(&pid, "/proc/self/exe", nullptr, nullptr, pointers.data(), environ);
  return error == 0 ? pid : -1;
}

void play(const std::string& file, const std::vector<std::string>& option) {
  std::vector<std::string> adds = {"add", file};
  adds.insert(adds.end(), option.begin(), option.end());
  const pid_t first = start({"serve", file, "dies"});
  const pid_t client = start(adds);
  ::waitpid(first, nullptr, 0);
  const pid_t second = start({"serve", file});
  ::waitpid(client, nullptr, 0);
  ::kill(second, SIGKILL);
  ::waitpid(second, nullptr, 0);
}

int play_part(const std::vector<std::string>& arguments) {
  const bool has_option = arguments.size() == 3;
  if (arguments.size() >= 2 && arguments[0] == "serve") {
    conclave::run([&] { serve(arguments[1], has_option); });
  } else if (arguments.size() >= 2 && arguments[0] == "add") {
    conclave::run([&] { add(arguments[1], has_option ? Repeat::once : Repeat::idempotent); });
  } else {
    std::string folder = (std::filesystem::temp_directory_path() / "counter.XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) return 1;
    say("a client that retries");
    play(folder + "/a", {});
    say("the same, once");
    play(folder + "/b", {"once"});
    std::filesystem::remove_all(folder);
  }
  return 0;
}

}  // namespace
}  // namespace conclave::rpc

int main(int argc, char** argv) { return conclave::rpc::play_part({argv + 1, argv + argc}); }
