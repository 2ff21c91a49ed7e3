// Two tables: the flights of chapter 2 join those who come at the same time, and one ordered map keeps the answers of all.
#include <algorithm>
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "completion_table.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {

namespace {

using Key = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>;  // client, incarnation, number

}  // namespace

struct CompletionTable::State {
  std::size_t kept_max;
  std::map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>> bounds{};  // incarnation, number
  std::map<Key, std::string> answers{};
  std::map<Key, bool> running{};
  SingleFlight<std::string, std::string> flights{};

  /// Whether it comes from another life or is below the bound.
  [[nodiscard]] bool over(const Key& key) const {
    const auto& [client, incarnation, number] = key;
    return std::pair(incarnation, number) < bounds.at(client);
  }

  /// Drops what is over.
  template <class Table>
  void drop(Table& table, std::uint64_t client) const {
    const auto [incarnation, number] = bounds.at(client);
    table.erase(table.lower_bound({client, 0, 0}),
                table.lower_bound({client, incarnation, number}));
  }
};

CompletionTable::CompletionTable(std::size_t kept_max) : state_(new State{kept_max}) {}

CompletionTable::~CompletionTable() = default;

Result<std::string> CompletionTable::call(const RequestId& id,
                                          const std::function<std::string()>& execute) {
  const Key key{id.client, id.incarnation, id.number};
  auto& bound = state_->bounds[id.client];
  bound = std::max(bound, std::pair(id.incarnation, id.lowest_unfinished));
  state_->drop(state_->answers, id.client);
  state_->drop(state_->running, id.client);
  if (state_->over(key)) return Status::failed_precondition("this one is over");

  const std::string flight = fmt::format("{}.{}.{}", id.client, id.incarnation, id.number);
  return state_->flights.call(flight, [&]() -> Result<std::string> {
    if (const auto known = state_->answers.find(key); known != state_->answers.end()) {
      return known->second;
    }
    if (kept() >= state_->kept_max) return Status::resource_exhausted("the table is full");
    state_->running[key] = true;
    std::string answer = execute();
    state_->running.erase(key);
    if (!state_->over(key)) state_->answers[key] = answer;
    return answer;
  });
}

std::size_t CompletionTable::kept() const {
  return state_->answers.size() + state_->running.size();
}

}  // namespace conclave
