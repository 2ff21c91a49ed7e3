#include "rpc/allow_list.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "common/assert.hpp"
#include "goroutines/race_detector.hpp"
#include "rpc/guarded_file.hpp"
#include "rpc/keys.hpp"

namespace conclave::rpc {

namespace {

using conclave::detail::RuntimeCode;

constexpr std::size_t kFileBytesMax = 16 * 1024 * 1024;
constexpr mode_t kOthersWrite = 022;
constexpr std::string_view kBlanks = " \t\r";

struct Client {
  std::string name;
  std::size_t line;
};
using Clients = std::unordered_map<std::string, Client>;  // by public key

/// Takes the first word off `text`.
std::string_view word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  const std::string_view first = text.substr(0, text.find_first_of(kBlanks));
  text.remove_prefix(first.size());
  return first;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= AllowList::kNameMax &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

/// Adds the client of a line, if it has one.
Status add(Clients& clients, std::string_view text, std::size_t line) {
  const std::string_view key_text = word(text);
  if (key_text.empty() || key_text.starts_with('#')) return {};  // no key begins so
  const std::string_view name = word(text);
  Result<PublicKey> key = PublicKey::parse(key_text);
  if (!key.ok()) return key.status();
  if (!is_name(name)) {
    return Status::invalid_argument(
        name.empty() ? "the key has no name" : "the name is too long, or not plain ASCII",
        fmt::format("want a public key, a blank, and a name of 1 to {} characters",
                    AllowList::kNameMax));
  }
  if (!word(text).empty())
    return Status::invalid_argument("there is more than a key and a name", "a name has no blanks");
  const auto [same, is_new] = clients.try_emplace(key->text(), Client{std::string(name), line});
  if (!is_new)
    return Status::invalid_argument(
        fmt::format("the key is that of line {}, too", same->second.line));
  if (clients.size() > AllowList::kClientsMax)
    return Status::invalid_argument(
        fmt::format("there are more than {} keys", AllowList::kClientsMax));
  return {};
}

Result<Clients> read(const std::string& path) {
  Result<detail::GuardedFile> file = detail::read_file(path, kFileBytesMax);
  if (!file.ok()) return file.status();
  if ((file->mode & kOthersWrite) != 0) {
    return Status::failed_precondition(
        fmt::format("{} has mode {:04o}: others than its owner may let clients in", path,
                    file->mode),
        fmt::format("chmod go-w {}", path));
  }
  Clients clients;
  std::string_view rest = file->text;
  for (std::size_t line = 1; !rest.empty(); ++line) {
    const std::string_view text = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(text.size() + 1, rest.size()));
    const Status status = add(clients, text, line);
    if (status.ok()) continue;
    return Status::invalid_argument(fmt::format("{}:{}: {}", path, line, status.message()),
                                    std::string(status.what_to_do()));
  }
  return clients;
}

}  // namespace

struct AllowList::State {
  std::string path;
  Clients clients;
};

Result<AllowList> AllowList::load(const std::string& path) {
  const RuntimeCode runtime;
  Result<Clients> clients = read(path);
  if (!clients.ok()) return clients.status();
  AllowList list;
  list.state_ = std::make_shared<State>(State{path, *std::move(clients)});
  return list;
}

Status AllowList::reload() {
  const RuntimeCode runtime;
  ensure(state_ != nullptr, "an allow-list that is reloaded has been loaded");
  Result<Clients> clients = read(state_->path);
  if (!clients.ok()) return clients.status();
  state_->clients = *std::move(clients);
  return {};
}

std::optional<std::string> AllowList::name_of(const std::string& key) const {
  const RuntimeCode runtime;
  ensure(state_ != nullptr, "an allow-list that is asked has been loaded");
  const auto found = state_->clients.find(key);
  return found == state_->clients.end() ? std::nullopt : std::optional(found->second.name);
}

std::size_t AllowList::size() const {
  const RuntimeCode runtime;
  ensure(state_ != nullptr, "an allow-list that is asked has been loaded");
  return state_->clients.size();
}

}  // namespace conclave::rpc
