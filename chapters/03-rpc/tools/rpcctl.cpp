// rpcctl: looks at a server from a terminal.  `rpcctl --help` says what it can.
//
// A request is written as the JSON array of its struct's members, `["visits", 1]`, and a reply is shown so: that is what they
// are on the wire (chapters/03-rpc/wire.md), and so it can call any method without knowing its structs.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"
#include "rpc/client.hpp"
#include "rpc/services.hpp"
#include "rpc/zmq_transport.hpp"

namespace conclave::rpc {
namespace {

using Json = nlohmann::json;
using Microseconds = std::chrono::duration<double, std::micro>;

/// What the command line says.
struct Arguments {
  std::string address{};
  std::string method{};
  std::string request = "[]";
  double timeout_s = 5;
  std::string repeat = "never";
  std::vector<std::string> metadata{};  // name=value
  std::string service{};
  bool watches = false;
  int count = 1000;
  std::string key_file{};         // ours, secret
  std::string server_key_file{};  // the server's, public
};

int fail(const Status& status) {
  fmt::print(stderr, "rpcctl: {}\n", status);
  return 1;
}

/// A line, at once: who reads it may be a program that waits for it.
void say(std::string_view line) {
  fmt::print("{}\n", line);
  static_cast<void>(std::fflush(stdout));
}

Result<CallOptions> options_of(const Arguments& arguments) {
  static const std::map<std::string, Repeat> kRepeats = {
      {"never", Repeat::never}, {"idempotent", Repeat::idempotent}, {"once", Repeat::once}};
  CallOptions options{.timeout = std::chrono::duration_cast<Duration>(
                          std::chrono::duration<double>(arguments.timeout_s)),
                      .repeat = kRepeats.at(arguments.repeat)};
  for (const std::string& pair : arguments.metadata) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos) {
      return Status::invalid_argument(fmt::format("--metadata {} has no =", pair),
                                      "want name=value");
    }
    options.metadata[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return options;
}

int call(Client& client, const Arguments& arguments) {
  const Json request = Json::parse(arguments.request, nullptr, false);
  if (!request.is_array()) {
    return fail(Status::invalid_argument(
        fmt::format("the request is not a JSON array: {}", arguments.request),
        R"(write the members of its struct in their order, as in '["visits", 1]')"));
  }
  const Result<CallOptions> options = options_of(arguments);
  if (!options.ok()) return fail(options.status());
  std::string body;
  Json::to_msgpack(request, body);
  const Result<std::string> answer = client.call_bytes(arguments.method, body, {}, *options);
  if (!answer.ok()) {
    static_cast<void>(fail(answer.status()));
    fmt::print(
        stderr, "rpcctl: {}\n",
        answer.status().maybe_executed() ? "it may have been executed" : "it was not executed");
    return 1;
  }
  const Json reply = Json::from_msgpack(*answer, true, false);
  if (reply.is_discarded())
    return fail(
        Status::data_loss(fmt::format("the reply is no MessagePack: {} bytes", answer->size())));
  say(reply.dump(-1, ' ', false, Json::error_handler_t::replace));
  return 0;
}

int list(Client& client) {
  const Result<Methods> methods = client.call<Methods>("Meta.Methods", Nothing{});
  if (!methods.ok()) return fail(methods.status());
  for (const std::string& name : methods->names) say(name);
  return 0;
}

int metrics(Client& client) {
  const Result<Text> text = client.call<Text>("Meta.Metrics", Nothing{});
  if (!text.ok()) return fail(text.status());
  fmt::print("{}", text->text);
  return 0;
}

/// A call waits at the server for the next change, so nothing is asked in vain.
int watch(Client& client, const std::string& service, std::string seen) {
  for (;;) {
    const Result<Health> health = client.call<Health>("Health.Watch", HealthSeen{service, seen}, {},
                                                      {.repeat = Repeat::idempotent});
    if (health.status().code() == Code::deadline_exceeded) continue;  // no change so far
    std::string now_is = health.ok() ? health->state : std::string("not reached");
    if (now_is != seen) say(now_is);
    seen = std::move(now_is);
    if (health.ok()) continue;
    sleep_for(std::chrono::seconds(1));
    seen.clear();  // whatever it is then is news
  }
}

int health(Client& client, const Arguments& arguments) {
  const Result<Health> health = client.call<Health>("Health.Check", Service{arguments.service});
  if (!health.ok()) return fail(health.status());
  say(health->state);
  if (arguments.watches) return watch(client, arguments.service, health->state);
  return health->state == "serving" ? 0 : 1;
}

/// How long a call takes that does nothing.
int latency(Client& client, const Arguments& arguments) {
  std::vector<Duration> times;
  for (int i = 0; i <= arguments.count; ++i) {
    const TimePoint start = now();
    const Result<Health> health = client.call<Health>("Health.Check", Service{});
    if (!health.ok()) return fail(health.status());
    if (i != 0) times.push_back(now() - start);  // the first one connects
  }
  std::ranges::sort(times);
  const auto at = [&](double share) {
    const auto index = static_cast<std::size_t>(share * static_cast<double>(times.size()));
    return Microseconds(times[std::min(index, times.size() - 1)]).count();
  };
  say(fmt::format("{} calls: p50 {:.0f} us, p90 {:.0f} us, p99 {:.0f} us, longest {:.0f} us",
                  times.size(), at(0.5), at(0.9), at(0.99), at(1)));
  return 0;
}

/// Draws a key and writes it into two files.
int make_key(const Arguments& arguments) {
  const Result<KeyPair> keys = KeyPair::generate();
  if (!keys.ok()) return fail(keys.status());
  const std::string& file = arguments.key_file;
  if (const Status status = keys->save(file); !status.ok()) return fail(status);
  say(fmt::format("{}      the secret key: keep it, and show it to nobody", file));
  say(fmt::format("{}.pub  the public key: {}", file, keys->public_key().text()));
  return 0;
}

/// With keys, if there are any.
Result<ZmqTransportOptions> transport_options(const Arguments& arguments) {
  if (arguments.key_file.empty()) return ZmqTransportOptions();
  Result<KeyPair> keys = KeyPair::load(arguments.key_file);
  if (!keys.ok()) return keys.status();
  Result<PublicKey> server = PublicKey::load(arguments.server_key_file);
  if (!server.ok()) return server.status();
  return ZmqTransportOptions{.client_security =
                                 ClientSecurity{*std::move(keys), *std::move(server)}};
}

int run_with_client(const Arguments& arguments, int (*command)(Client&, const Arguments&)) {
  const Result<ZmqTransportOptions> options = transport_options(arguments);
  if (!options.ok()) return fail(options.status());
  int status = 1;
  run([&] {
    ZmqTransport transport(Io(), *options);
    Client client(transport, {arguments.address});
    status = command(client, arguments);
    client.finish({});
  });
  return status;
}

int run_command(int argc, char** argv) {
  CLI::App app("Looks at a server of chapter 3's calls.", "rpcctl");
  app.require_subcommand(1);
  Arguments arguments;
  int (*command)(Client&, const Arguments&) = nullptr;
  const auto add = [&](const char* name, const char* what, int (*run)(Client&, const Arguments&)) {
    CLI::App* sub = app.add_subcommand(name, what);
    sub->add_option("address", arguments.address, "as tcp://127.0.0.1:5555")->required();
    CLI::Option* key =
        sub->add_option("--key", arguments.key_file, "file of our secret key, from keygen");
    CLI::Option* server_key = sub->add_option("--server-key", arguments.server_key_file,
                                              "file of the server's public key");
    key->needs(server_key);
    server_key->needs(key);
    sub->callback([&command, run] { command = run; });
    return sub;
  };

  add("list", "the methods of the server",
      [](Client& client, const Arguments&) { return list(client); });
  CLI::App* calls = add("call", "calls a method", call);
  calls->add_option("method", arguments.method, "as Counter.Add")->required();
  calls->add_option("request", arguments.request, R"(the members of its struct: '["visits", 1]')");
  calls->add_option("--timeout", arguments.timeout_s, "in seconds")->check(CLI::PositiveNumber);
  calls->add_option("--repeat", arguments.repeat, "never, idempotent or once")
      ->check(CLI::IsMember({"never", "idempotent", "once"}));
  calls->add_option("--metadata", arguments.metadata, "name=value, any number of times");
  CLI::App* healths = add("health", "whether it serves", health);
  healths->add_option("--service", arguments.service, "one of its services");
  healths->add_flag("--watch", arguments.watches, "goes on, and says what changes");
  add("latency", "how long a call takes that does nothing", latency)
      ->add_option("--count", arguments.count, "how many")
      ->check(CLI::Range(1, 10'000'000));
  add("metrics", "its counters and latencies, for Prometheus",
      [](Client& client, const Arguments&) { return metrics(client); });

  app.add_subcommand("keygen", "makes a key: two files, FILE and FILE.pub")
      ->add_option("file", arguments.key_file, "must not be there")
      ->required();

  CLI11_PARSE(app, argc, argv);
  if (command == nullptr) return make_key(arguments);
  return run_with_client(arguments, command);
}

}  // namespace
}  // namespace conclave::rpc

int main(int argc, char** argv) { return conclave::rpc::run_command(argc, argv); }
