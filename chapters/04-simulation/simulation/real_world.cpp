#include "simulation/real_world.hpp"

#include <charconv>
#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace conclave {

namespace {

constexpr const char* kLives = "incarnation";
constexpr std::size_t kDigitsMax = 20;

/// How many lives the node of this folder has had.
Result<std::uint64_t> lives(Disk& disk) {
  const Result<std::string> text = read_whole(disk, kLives, kDigitsMax);
  if (text.status().code() == Code::not_found) return std::uint64_t{0};
  if (!text.ok()) return text.status();
  std::uint64_t number = 0;
  const char* end = text->data() + text->size();
  const auto [rest, error] = std::from_chars(text->data(), end, number);
  if (error != std::errc() || rest != end || number == 0) {
    return Status::data_loss(
        fmt::format("the file \"{}\" says \"{}\", which is no number of lives", kLives, *text),
        "write the number of the last one into it, or a larger one");
  }
  return number;
}

}  // namespace

Result<std::unique_ptr<RealWorld>> RealWorld::open(RealWorldOptions options) {
  Result<std::unique_ptr<RealDisk>> disk = RealDisk::open_folder(options.folder);
  if (!disk.ok()) return disk.status();
  const Result<std::uint64_t> before = lives(**disk);
  if (!before.ok()) return before.status();
  const std::uint64_t now = *before + 1;
  if (Status status = write_whole(**disk, kLives, std::to_string(now)); !status.ok()) return status;
  return std::unique_ptr<RealWorld>(new RealWorld(std::move(options), *std::move(disk), now));
}

RealWorld::RealWorld(RealWorldOptions options, std::unique_ptr<RealDisk> disk,
                     std::uint64_t incarnation)
    : options_(std::move(options)), disk_(std::move(disk)), incarnation_(incarnation) {}

Random RealWorld::random(std::string_view purpose) {
  return Random(options_.seed)
      .stream(fmt::format("{} {} {}", options_.name, incarnation_, purpose));
}

std::unique_ptr<rpc::Transport> RealWorld::transport() {
  return std::make_unique<rpc::ZmqTransport>(io_, options_.transport);
}

std::string RealWorld::address(const std::string& node) const {
  const auto found = options_.addresses.find(node);
  return found == options_.addresses.end() ? node : found->second;
}

WallTime RealWorld::wall_time() { return std::chrono::system_clock::now(); }

void RealWorld::trace(std::string_view what) {
  if (options_.trace) options_.trace(what);
}

}  // namespace conclave
