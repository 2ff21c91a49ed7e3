// A kitchen asks a market, and the market asks a farm.  The guest waits 300 ms, and no longer.  Watch for: what each of them
// knows of the time that is left, and who stops when the guest goes.
#include <chrono>
#include <memory>
#include <string>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"
#include "rpc/client.hpp"
#include "rpc/memory_transport.hpp"
#include "rpc/server.hpp"
#include "rpc/services.hpp"

namespace conclave::rpc {
namespace {

using std::chrono_literals::operator""ms;

void say(const std::string& who, const std::string& what) {
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(now().time_since_epoch());
  fmt::print("t={:3d} ms  {:9}{}\n", time.count(), who, what);
}

std::string left(const Context& context) {
  const auto rest =
      std::chrono::duration_cast<std::chrono::milliseconds>(*context.deadline() - now());
  return fmt::format("{} ms are left", rest.count());
}

/// Works for a while, or until nobody waits for it any more.
Status work(const std::string& who, Duration length, const Context& context) {
  select(recv(after(length)), recv(context.done()));
  if (context.status().ok()) return {};
  say(who, "stops: " + std::string(context.cause().message()));
  return context.status();
}

/// A service that works for a while, and then asks the next one, if there is one.
class Place {
 public:
  Place(MemoryNetwork& network, const std::string& name, Duration length, const std::string& next)
      : listening_(network), calling_(network), server_(listening_) {
    if (!next.empty())
      next_ = std::make_unique<Client>(calling_, std::vector{next}, ClientOptions{.seed = 1});
    //! [hop]
    server_.handle(
        "Ask", [this, name, length](const Nothing& ask, const Context& context) -> Result<Nothing> {
          say(name, "is asked: " + left(context));
          if (Status status = work(name, length, context); !status.ok()) return status;
          if (!next_) return Nothing{};
          return next_->call<Nothing>("Ask", ask, context);  // and so the next one knows, too
        });
    //! [hop]
    static_cast<void>(listening_.listen(name));
    go([this] { static_cast<void>(server_.serve()); });
  }

 private:
  MemoryTransport listening_;
  MemoryTransport calling_;
  Server server_;
  std::unique_ptr<Client> next_;
};

void show() {
  MemoryNetwork network(1, {.delay_min = 10ms, .delay_max = 10ms});
  const Place farm(network, "farm", 250ms, "");
  const Place market(network, "market", 80ms, "farm");
  const Place kitchen(network, "kitchen", 50ms, "market");
  MemoryTransport transport(network);
  Client guest(transport, {"kitchen"}, {.seed = 1});

  const Status status = guest.call<Nothing>("Ask", Nothing{}, {}, {.timeout = 300ms}).status();
  say("guest", std::string(to_string(status.code())));
  sleep_for(100ms);
}

}  // namespace
}  // namespace conclave::rpc

int main() {
  conclave::VirtualClock clock;
  conclave::run(conclave::rpc::show, {.clock = &clock});
}
