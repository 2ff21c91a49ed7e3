#include "small_journal.hpp"

#include <mutex>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "common/checksum.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {

namespace {

const std::string kFile = "journal";
constexpr std::size_t kFileBytesMax = std::size_t{1} << 30;
constexpr std::size_t kPage = 4096;
constexpr std::size_t kChecksum = 8;
constexpr std::size_t kHead = 16;

constexpr std::size_t padded(std::size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

/// A batch as it is in the file at `place`.
std::string packed(const std::string& records, std::uint64_t place) {
  std::string sealed;
  put(sealed, records.size());
  sealed += records;
  std::string bytes;
  put(bytes, checksum(sealed, place));
  bytes += sealed;
  bytes.resize(padded(bytes.size()));
  return bytes;
}

/// The records of the batch at `place`, when a whole one is there.
std::optional<std::string_view> batch_at(std::string_view file, std::size_t place) {
  const std::string_view rest = file.substr(place);
  if (rest.size() < kHead) return {};
  const std::uint64_t length = get(rest, kChecksum);
  if (length > rest.size() - kHead) return {};
  const std::string_view sealed = rest.substr(kChecksum, kHead - kChecksum + length);
  if (checksum(sealed, place) != get(rest, 0)) return {};
  return rest.substr(kHead, length);
}

/// One record that waits to become durable.
struct Append {
  std::string record;
  bool done = false;
  Status status = Status::unavailable("whoever wrote it has been unwound");
};

}  // namespace

struct SmallJournal::State {
  std::unique_ptr<File> file;
  std::uint64_t end = 0;  // of what is durable
  Status broken{};        // why it takes no more
  std::vector<std::shared_ptr<Append>> queue{};
  Mutex disk{};  // whoever has it writes

  Status write(const std::string& records) {
    if (!broken.ok()) return broken.not_executed();
    const std::string bytes = packed(records, end);
    if (Status failed = file->write(end, bytes); !failed.ok()) {
      const bool full = failed.code() == Code::resource_exhausted;
      if (full && file->truncate(end).ok() && file->sync().ok()) return failed.not_executed();
      return broken = failed;
    }
    if (Status failed = file->sync(); !failed.ok()) return broken = failed;
    end += bytes.size();
    return {};
  }
};

SmallJournal::SmallJournal(std::unique_ptr<State> state) : state_(std::move(state)) {}

SmallJournal::~SmallJournal() = default;

Result<std::unique_ptr<SmallJournal>> SmallJournal::open(Disk& disk,
                                                         std::vector<std::string>& found) {
  found.clear();
  Result<std::string> file = read_whole(disk, kFile, kFileBytesMax);
  if (file.status().code() == Code::not_found) file = std::string();
  if (!file.ok()) return file.status();

  std::size_t end = 0;
  while (end < file->size()) {
    const std::optional<std::string_view> records = batch_at(*file, end);
    if (!records) break;
    for (std::size_t at = 0; at < records->size();) {
      const std::uint64_t length = get(*records, at);
      found.emplace_back(records->substr(at + 8, length));
      at += 8 + length;
    }
    end += padded(kHead + records->size());
  }

  // A batch is written when the one before it is durable: a whole one proves that nothing before it is a torn end.
  for (std::size_t place = end + kPage; place < file->size(); place += kPage) {
    if (!batch_at(*file, place)) continue;
    return Status::data_loss(fmt::format("the journal is damaged at byte {}", end),
                             "bring it back from a copy");
  }

  // What was read may be in memory alone, after a sync that has failed.
  if (Status failed = write_whole(disk, kFile, file->substr(0, end)); !failed.ok()) return failed;
  Result<std::unique_ptr<File>> opened = disk.open(kFile, Open::existing);
  if (!opened.ok()) return opened.status();
  return std::unique_ptr<SmallJournal>(
      new SmallJournal(std::unique_ptr<State>(new State{.file = std::move(*opened), .end = end})));
}

Status SmallJournal::append(const std::string& record) {
  const auto mine = std::make_shared<Append>(Append{record});
  state_->queue.push_back(mine);

  // While one has the disk, the others queue up; the next one to have it takes them all along.
  const std::lock_guard lock(state_->disk);
  if (mine->done) return mine->status;
  const auto batch = std::exchange(state_->queue, {});
  if (batch.empty()) return mine->status;
  std::string records;
  for (const auto& each : batch) {
    put(records, each->record.size());
    records += each->record;
  }
  const Status status = state_->write(records);
  for (const auto& each : batch) {
    each->status = status;
    each->done = true;
  }
  return mine->status;
}

}  // namespace conclave
