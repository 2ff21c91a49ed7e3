#include "simulation/simulated_disk.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "common/assert.hpp"
#include "common/checksum.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {

namespace {

constexpr std::size_t kPage = 4096;   // what the page cache writes as one
constexpr std::size_t kSector = 512;  // and the device as one
constexpr std::uint64_t kNoLimit = DiskFaults().capacity;

/// The bytes of a page, zeros behind the end of the file.
std::string page_of(const std::string& bytes, std::uint64_t page) {
  std::string result;
  if (page * kPage < bytes.size()) result = bytes.substr(page * kPage, kPage);
  result.resize(kPage);
  return result;
}

/// Puts a page into the file, as much of it as the file has.
void put_page(std::string& bytes, std::uint64_t page, const std::string& content) {
  if (page * kPage >= bytes.size()) return;
  const std::size_t count = std::min(kPage, bytes.size() - page * kPage);
  bytes.replace(page * kPage, count, content, 0, count);
}

/// Which of these is drawn, each with its weight.
std::size_t draw(Random& random, const std::array<unsigned, 4>& weights) {
  std::uint64_t total = 0;
  for (const unsigned weight : weights) total += weight;
  ensure(total != 0, "something becomes of a page at a crash: one of the four weights is not 0");
  std::uint64_t left = random.below(total);
  std::size_t chosen = 0;
  while (left >= weights.at(chosen)) left -= weights.at(chosen++);
  return chosen;
}

}  // namespace

struct SimulatedDisk::Inode {
  std::string cached;   // as everybody sees it
  std::string durable;  // as the device has it
  std::map<std::uint64_t, std::uint64_t>
      dirty;  // pages that the next sync writes, by when they were written
  std::uint64_t changes = 0;

  /// The bytes from `begin` to `end` have been changed.
  void touch(std::uint64_t begin, std::uint64_t end) {
    ++changes;
    if (begin >= end) return;
    for (std::uint64_t page = begin / kPage; page <= (end - 1) / kPage; ++page)
      dirty[page] = changes;
  }
};

/// A file that is open.
class SimulatedDisk::Handle final : public File {
 public:
  Handle(SimulatedDisk& disk, std::string name, std::shared_ptr<Inode> inode)
      : disk_(disk), name_(std::move(name)), inode_(std::move(inode)), boot_(disk.boots_) {}

  Result<std::string> read(std::uint64_t offset, std::size_t count) override {
    if (Status gone = begin(); !gone.ok()) return gone;
    ++disk_.counters_.reads;
    if (disk_.random_.chance(disk_.faults_.read_error)) {
      ++disk_.counters_.read_errors;
      return failed("read");
    }
    if (offset >= inode_->cached.size()) return std::string();
    const std::size_t length = std::min<std::size_t>(count, inode_->cached.size() - offset);
    if (length != 0 && disk_.random_.chance(disk_.faults_.bit_rot)) turn_bit(offset, length);
    return inode_->cached.substr(offset, length);
  }

  Status write(std::uint64_t offset, std::string_view bytes) override {
    if (Status gone = begin(); !gone.ok()) return gone;
    ++disk_.counters_.writes;
    if (disk_.random_.chance(disk_.faults_.write_error)) {
      ++disk_.counters_.write_errors;
      put(offset, bytes.substr(0, disk_.random_.below(bytes.size() + 1)));
      return failed("write");
    }
    const std::uint64_t fits =
        std::min<std::uint64_t>(bytes.size(), size_max() - std::min(offset, size_max()));
    put(offset, bytes.substr(0, fits));
    return fits == bytes.size() ? Status() : full("write");
  }

  Status sync() override {
    if (disk_.boots_ != boot_) return gone();
    const std::uint64_t size =
        inode_->cached.size();  // as it is now, whatever is written meanwhile
    std::map<std::uint64_t, std::pair<std::uint64_t, std::string>> pages;
    for (const auto& [page, when] : inode_->dirty)
      pages[page] = {when, page_of(inode_->cached, page)};
    if (Status gone = begin(); !gone.ok()) return gone;
    ++disk_.counters_.syncs;
    const bool fails = disk_.random_.chance(disk_.faults_.sync_error);
    if (!fails || disk_.random_.chance(0.5)) inode_->durable.resize(size);
    for (const auto& [page, content] : pages) {
      const auto dirty = inode_->dirty.find(page);
      if (dirty != inode_->dirty.end() && dirty->second == content.first)
        inode_->dirty.erase(dirty);
      if (!fails || disk_.random_.chance(0.5)) put_page(inode_->durable, page, content.second);
    }
    disk_.tell(fails ? "sync fails" : "sync", name_);
    if (!fails) return {};
    ++disk_.counters_.sync_errors;
    return failed("sync");
  }

  Status truncate(std::uint64_t size) override {
    if (Status gone = begin(); !gone.ok()) return gone;
    const std::uint64_t before = inode_->cached.size();
    if (size > size_max()) return full("truncate");
    inode_->cached.resize(size);
    inode_->touch(std::min(before, size), std::max(before, size));
    disk_.tell("truncate", name_, size);
    return {};
  }

  Result<std::uint64_t> size() override {
    if (disk_.boots_ != boot_) return gone();
    return std::uint64_t{inode_->cached.size()};
  }

 private:
  /// Takes the time of a call.  @return unavailable when this file is of before a crash
  Status begin() {
    if (disk_.boots_ != boot_) return gone();
    disk_.takes_time();
    return disk_.boots_ == boot_ ? Status() : gone();
  }

  [[nodiscard]] Status gone() const {
    return Status::unavailable(
        fmt::format("\"{}\" was open when the power failed, or the program ended", name_),
        "open it again");
  }

  [[nodiscard]] Status failed(std::string_view what) const {
    return Status::data_loss(fmt::format("cannot {} \"{}\": the device fails", what, name_));
  }

  /// How large this file can get with the room that is left.
  [[nodiscard]] std::uint64_t size_max() const {
    const std::uint64_t room =
        disk_.faults_.capacity - std::min(disk_.used(), disk_.faults_.capacity);
    return room > kNoLimit - inode_->cached.size() ? kNoLimit : inode_->cached.size() + room;
  }

  [[nodiscard]] Status full(std::string_view what) const {
    ++disk_.counters_.full;
    return Status::resource_exhausted(fmt::format("cannot {} \"{}\": the disk is full ({} bytes)",
                                                  what, name_, disk_.faults_.capacity),
                                      "make room, then go on");
  }

  void put(std::uint64_t offset, std::string_view bytes) {
    if (bytes.empty()) return;
    const std::uint64_t before = inode_->cached.size();
    if (offset + bytes.size() > before) inode_->cached.resize(offset + bytes.size());
    inode_->cached.replace(offset, bytes.size(), bytes);
    inode_->touch(std::min(offset, before), offset + bytes.size());
    disk_.tell("write", name_, checksum(bytes, offset));
  }

  void turn_bit(std::uint64_t offset, std::size_t length) {
    ++disk_.counters_.bits_turned;
    const std::uint64_t at = offset + disk_.random_.below(length);
    const int bit = 1 << disk_.random_.below(8);
    for (std::string* bytes : {&inode_->cached, &inode_->durable}) {
      if (at < bytes->size()) (*bytes)[at] = static_cast<char>((*bytes)[at] ^ bit);
    }
  }

  SimulatedDisk& disk_;
  const std::string name_;
  const std::shared_ptr<Inode> inode_;
  const std::uint64_t boot_;
};

SimulatedDisk::SimulatedDisk(Random random, DiskFaults faults) : random_(random), faults_(faults) {}

SimulatedDisk::~SimulatedDisk() = default;

Result<std::unique_ptr<File>> SimulatedDisk::open(const std::string& name, Open how) {
  if (Status bad = check_name(name); !bad.ok()) return bad;
  const auto found = names_.find(name);
  if (found == names_.end() && how == Open::existing) {
    return Status::not_found(fmt::format("cannot open \"{}\": there is no such file", name));
  }
  if (found != names_.end() && how == Open::fresh) {
    return Status::already_exists(fmt::format("cannot open \"{}\": it is there already", name));
  }
  std::shared_ptr<Inode> inode;
  if (found != names_.end()) {
    inode = found->second;
  } else {
    inode = std::make_shared<Inode>();
    change({.removed = {}, .set = name, .to = inode});
  }
  return std::unique_ptr<File>(std::make_unique<Handle>(*this, name, std::move(inode)));
}

Status SimulatedDisk::rename(const std::string& from, const std::string& to) {
  for (const std::string& name : {from, to}) {
    if (Status bad = check_name(name); !bad.ok()) return bad;
  }
  const auto found = names_.find(from);
  if (found == names_.end()) {
    return Status::not_found(fmt::format("cannot rename \"{}\": there is no such file", from));
  }
  if (from != to) change({.removed = from, .set = to, .to = found->second});
  tell("rename", to, checksum(from));
  return {};
}

Status SimulatedDisk::remove(const std::string& name) {
  if (Status bad = check_name(name); !bad.ok()) return bad;
  if (!names_.contains(name)) {
    return Status::not_found(fmt::format("cannot remove \"{}\": there is no such file", name));
  }
  change({.removed = name, .set = {}, .to = nullptr});
  tell("remove", name);
  return {};
}

Result<std::vector<std::string>> SimulatedDisk::list() {
  std::vector<std::string> names;
  for (const auto& [name, inode] : names_) names.push_back(name);
  return names;
}

Status SimulatedDisk::sync_directory() {
  const std::uint64_t boot = boots_;
  const std::uint64_t before = changes_made_;  // those of now, whatever is changed meanwhile
  takes_time();
  if (boots_ != boot) return Status::unavailable("the power failed while the folder was synced");
  if (!names_failed_.ok()) return names_failed_;
  ++counters_.syncs;
  const bool fails = random_.chance(faults_.sync_error);
  while (!changes_.empty() && changes_.front().number <= before) {
    if (!fails || random_.chance(0.5)) apply(changes_.front(), durable_names_);
    changes_.pop_front();
  }
  tell(fails ? "sync of the folder fails" : "sync of the folder", "");
  if (!fails) return {};
  ++counters_.sync_errors;
  return names_failed_ = Status::data_loss("cannot sync the folder: the device fails",
                                           "open it again, and look what is there");
}

void SimulatedDisk::restart() {
  ++boots_;
  names_failed_ = {};
}

void SimulatedDisk::crash() {
  restart();
  ++counters_.crashes;
  for (const Change& change : std::exchange(changes_, {})) {
    const bool kept =
        draw(random_, {faults_.kept, faults_.lost, faults_.torn, faults_.garbage}) != 1;
    ++(kept ? counters_.names_kept : counters_.names_lost);
    if (kept) apply(change, durable_names_);
  }
  names_ = durable_names_;
  for (const auto& [name, inode] : names_) {
    crash_inode(*inode);
    tell("survives", name, checksum(inode->durable));
  }
}

void SimulatedDisk::crash_inode(Inode& inode) {
  const bool new_size =
      draw(random_, {faults_.kept, faults_.lost, faults_.torn, faults_.garbage}) != 1;
  if (!inode.dirty.empty() && new_size) inode.durable.resize(inode.cached.size());
  for (const auto& [page, when] : std::exchange(inode.dirty, {})) crash_page(inode, page);
  inode.cached = inode.durable;
}

void SimulatedDisk::crash_page(Inode& inode, std::uint64_t page) {
  const std::string old = page_of(inode.durable, page);
  std::string content = page_of(inode.cached, page);
  switch (draw(random_, {faults_.kept, faults_.lost, faults_.torn, faults_.garbage})) {
    case 0:
      ++counters_.pages_kept;
      break;
    case 1:
      ++counters_.pages_lost;
      content = old;
      break;
    case 2: {
      ++counters_.pages_torn;
      const std::size_t at = kSector * random_.between(1, static_cast<int>(kPage / kSector) - 1);
      const bool first_is_new = random_.chance(0.5);
      content = first_is_new ? content.substr(0, at) + old.substr(at)
                             : old.substr(0, at) + content.substr(at);
      break;
    }
    default: {
      ++counters_.pages_garbled;
      const std::size_t begin = kSector * random_.below(kPage / kSector);
      for (std::size_t i = begin; i < begin + kSector; ++i)
        content[i] = static_cast<char>(random_.below(256));
    }
  }
  put_page(inode.durable, page, content);
}

void SimulatedDisk::change(Change change) {
  change.number = ++changes_made_;
  apply(change, names_);
  changes_.push_back(std::move(change));
}

void SimulatedDisk::apply(const Change& change, Names& names) {
  if (!change.removed.empty()) names.erase(change.removed);
  if (!change.set.empty()) names[change.set] = change.to;
}

void SimulatedDisk::takes_time() {
  if (faults_.latency_max == Duration()) return;
  const Duration time(random_.between(faults_.latency_min.count(), faults_.latency_max.count()));
  if (time > std::chrono::milliseconds(1)) ++counters_.late;
  sleep_for(time);
}

std::uint64_t SimulatedDisk::used() const {
  std::uint64_t bytes = 0;
  for (const auto& [name, inode] : names_) bytes += inode->cached.size();
  return bytes;
}

}  // namespace conclave
