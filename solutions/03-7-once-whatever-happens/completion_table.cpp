#include "completion_table.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "goroutines/goroutines.hpp"

namespace conclave {

namespace {

/// One request, for all its copies.
struct Execution {
  std::string answer{};
  Chan<Signal> done = make_chan<Signal>();  // closed when the answer is there
};

struct Client {
  std::uint64_t incarnation = 0;
  std::uint64_t lowest_unfinished = 1;
  std::map<std::uint64_t, std::shared_ptr<Execution>> kept{};  // none below lowest_unfinished
};

}  // namespace

struct CompletionTable::State {
  std::size_t kept_max;
  std::map<std::uint64_t, Client> clients{};
};

CompletionTable::CompletionTable(std::size_t kept_max) : state_(new State{kept_max}) {}

CompletionTable::~CompletionTable() = default;

Result<std::string> CompletionTable::call(const RequestId& id,
                                          const std::function<std::string()>& execute) {
  Client& client = state_->clients[id.client];
  if (id.incarnation < client.incarnation) {
    return Status::failed_precondition(
        fmt::format("client {} has started anew: it is in its incarnation {}, not {}", id.client,
                    client.incarnation, id.incarnation));
  }
  if (id.incarnation > client.incarnation) client = Client{id.incarnation};

  // A copy that comes late speaks of the past: the bound only grows.
  client.lowest_unfinished = std::max(client.lowest_unfinished, id.lowest_unfinished);
  client.kept.erase(client.kept.begin(), client.kept.lower_bound(client.lowest_unfinished));
  if (id.number < client.lowest_unfinished) {
    return Status::failed_precondition(
        fmt::format("client {} has the answers of all below {}, and this is {}", id.client,
                    client.lowest_unfinished, id.number));
  }

  if (const auto known = client.kept.find(id.number); known != client.kept.end()) {
    const std::shared_ptr<Execution> execution = known->second;
    execution->done.recv();
    return execution->answer;
  }
  if (kept() >= state_->kept_max) {
    return Status::resource_exhausted(
        fmt::format("{} requests are kept, and no more may be", kept()),
        "try again when some have been finished");
  }

  const auto execution = std::make_shared<Execution>();
  client.kept.emplace(id.number, execution);
  execution->answer = execute();
  execution->done.close();
  return execution->answer;
}

std::size_t CompletionTable::kept() const {
  std::size_t sum = 0;
  for (const auto& [number, client] : state_->clients) sum += client.kept.size();
  return sum;
}

}  // namespace conclave
