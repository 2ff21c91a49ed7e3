#include "simulation/journal.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <mutex>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "common/checksum.hpp"

namespace conclave {

namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kBatchHead = 32;
constexpr std::size_t kSnapshotHead = 32;
constexpr std::size_t kChecksum = 8;
constexpr std::size_t kLength = 4;  // of a record, before it
constexpr std::string_view kBatchMagic = "CJ01";
constexpr std::string_view kSnapshotMagic = "CNCLVS01";
constexpr std::string_view kSnapshotFile = ".snapshot";
constexpr std::size_t kSnapshotBytesMax = std::size_t{1} << 30;
constexpr std::size_t kIndexDigits = 20;

template <class Number>
void put(std::string& bytes, Number number) {
  for (std::size_t i = 0; i < sizeof number; ++i)
    bytes += static_cast<char>(number >> 8 * i & 0xFF);
}

template <class Number>
Number get(std::string_view bytes, std::size_t at) {
  Number number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) {
    number = static_cast<Number>(
        number | static_cast<Number>(static_cast<unsigned char>(bytes[at + i])) << 8 * i);
  }
  return number;
}

/// Puts the checksum of what follows it before it.
std::string sealed(std::string_view bytes, std::uint64_t seed) {
  std::string result;
  put(result, checksum(bytes, seed));
  result += bytes;
  return result;
}

constexpr std::size_t padded(std::size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

/// A batch as it is in a segment, but for the checksum.
struct Image {
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  std::string_view records;  // each with its length before it

  /// The batch at `place` of its file.
  [[nodiscard]] std::string at(std::uint64_t place) const {
    std::string bytes(kBatchMagic);
    put(bytes, count);
    put(bytes, first);
    put(bytes, std::uint64_t{records.size()});
    bytes += records;
    bytes = sealed(bytes, place);
    bytes.resize(padded(bytes.size()));
    return bytes;
  }

  /// How many bytes it takes, filled up.
  [[nodiscard]] std::size_t size() const { return padded(kBatchHead + records.size()); }
};

/// The batch that begins at `place`, when a whole one does.
std::optional<Image> image_at(std::string_view segment, std::size_t place) {
  const std::string_view rest = segment.substr(place);
  if (rest.size() < kBatchHead || rest.substr(kChecksum, kBatchMagic.size()) != kBatchMagic)
    return {};
  const std::uint64_t length = get<std::uint64_t>(rest, 24);
  if (length > rest.size() - kBatchHead)
    return {};  // not believed before the checksum has been looked at, only bounded
  if (checksum(rest.substr(kChecksum, kBatchHead - kChecksum + length), place) !=
      get<std::uint64_t>(rest, 0))
    return {};
  return Image{.first = get<std::uint64_t>(rest, 16),
               .count = get<std::uint32_t>(rest, 12),
               .records = rest.substr(kBatchHead, length)};
}

/// Where behind a damaged batch a whole one begins that was written later.
std::optional<std::size_t> whole_batch_behind(std::string_view segment, std::size_t damaged,
                                              std::uint64_t index) {
  for (std::size_t place = damaged + kPage; place < segment.size(); place += kPage) {
    const std::optional<Image> later = image_at(segment, place);
    if (later && later->first > index) return place;
  }
  return {};
}

/// The index in the name of a segment.
std::optional<std::uint64_t> index_in(std::string_view name, std::string_view journal) {
  if (name.size() != journal.size() + 1 + kIndexDigits || !name.starts_with(journal) ||
      name[journal.size()] != '.')
    return {};
  const char* const begin = name.data() + journal.size() + 1;
  std::uint64_t index = 0;
  const auto [end, error] = std::from_chars(begin, begin + kIndexDigits, index);
  if (error != std::errc() || end != begin + kIndexDigits || index == 0) return {};
  return index;
}

}  // namespace

struct Journal::Append {
  std::string record;
  std::uint64_t index = 0;
  Status status{};
  bool done = false;
};

Journal::Journal(Disk& disk, std::string name, JournalOptions options)
    : disk_(disk),
      name_(std::move(name)),
      options_(options),
      writer_(fmt::format("journal {}", name_)) {}

Result<std::unique_ptr<Journal>> Journal::open(Disk& disk, std::string name, Recovered& found,
                                               JournalOptions options) {
  if (Status bad = check_name(name + std::string(1 + kIndexDigits + 4, '.')); !bad.ok()) return bad;
  std::unique_ptr<Journal> journal(new Journal(disk, std::move(name), options));
  found = {};
  if (Status failed = journal->recover(found); !failed.ok()) return failed;
  journal->writer_.go(Name("writer"), [self = journal.get()] { self->write_batches(); });
  return journal;
}

// ---- Recovery ----

Status Journal::recover(Recovered& found) {
  if (Status bad = recover_snapshot(found); !bad.ok()) return bad;
  snapshot_through_ = found.through;
  const Result<std::vector<std::string>> names = disk_.list();
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (const auto index = index_in(name, name_)) segments_.push_back(*index);
  }

  // What the snapshot stands for is neither read nor removed: nobody knows whether the snapshot is durable yet, and a
  // removal that a crash has undone, without the one after it, leaves a file whose end is unknown.
  std::size_t number = 0;
  while (number + 1 < segments_.size() && segments_[number + 1] <= found.through + 1) ++number;
  next_index_ = found.through + 1;
  for (const std::size_t begin = number, end = segments_.size(); number < end;
       ++number) {  // the last may add one
    if (segments_[number] > next_index_) {
      return Status::data_loss(fmt::format("journal \"{}\": records {} to {} are missing", name_,
                                           next_index_, segments_[number] - 1),
                               "bring back the files that are not there");
    }
    if (number == begin) next_index_ = segments_[number];
    if (Status bad = recover_segment(number, found); !bad.ok()) return bad;
  }
  next_index_ = std::max(next_index_, found.through + 1);
  return {};
}

Status Journal::recover_snapshot(Recovered& found) {
  const std::string name = name_ + std::string(kSnapshotFile);
  Result<std::string> whole = read_whole(disk_, name, kSnapshotBytesMax);
  if (whole.status().code() == Code::not_found) return {};
  if (!whole.ok()) return whole.status();
  const std::string_view bytes = *whole;
  if (bytes.size() < kSnapshotHead ||
      bytes.substr(kChecksum, kSnapshotMagic.size()) != kSnapshotMagic ||
      get<std::uint64_t>(bytes, 24) != bytes.size() - kSnapshotHead ||
      checksum(bytes.substr(kChecksum), 0) != get<std::uint64_t>(bytes, 0)) {
    return Status::data_loss(fmt::format("\"{}\" is damaged: its checksum is another", name),
                             "bring it back from a copy: the records before it are gone");
  }
  found.through = get<std::uint64_t>(bytes, 16);
  found.snapshot = bytes.substr(kSnapshotHead);
  return {};
}

Status Journal::recover_segment(std::size_t number, Recovered& found) {
  const bool is_last = number + 1 == segments_.size();
  const std::uint64_t end =
      is_last ? UINT64_MAX : segments_[number + 1];  // what follows there is the next one's
  const std::string name = segment_name(segments_[number]);
  const Result<std::string> whole =
      read_whole(disk_, name,
                 options_.segment_bytes + padded(kBatchHead + options_.queue_bytes_max + kLength));
  if (!whole.ok()) return whole.status();

  std::size_t place = 0;
  std::optional<Image> last;
  while (next_index_ < end && place < whole->size()) {
    const std::optional<Image> batch = image_at(*whole, place);
    if (!batch || batch->first != next_index_) {
      const auto later = whole_batch_behind(*whole, place, next_index_);
      if (is_last && !later) break;
      return Status::data_loss(
          fmt::format("\"{}\" is damaged at byte {}: record {} is not what was written", name,
                      place, next_index_),
          "bring it back from a copy: what follows the damage was acknowledged");
    }
    for (std::size_t at = 0; at < batch->records.size(); ++next_index_) {
      const std::size_t length = get<std::uint32_t>(batch->records, at);
      if (next_index_ > found.through)
        found.records.emplace_back(batch->records.substr(at + kLength, length));
      at += kLength + length;
    }
    place += batch->size();
    last = batch;
  }
  if (!is_last) return {};
  found.torn_bytes = whole->size() - std::min(place, whole->size());
  if (next_index_ <= found.through)
    return {};  // the snapshot stands for all of it: what comes begins a segment
  if (last) return begin_segment(last->first, last->at(0));
  segments_.pop_back();  // nothing in it was acknowledged
  return disk_.remove(name);
}

Status Journal::begin_segment(std::uint64_t first, const std::string& batch) {
  const std::string name = segment_name(first);
  if (Status failed = write_whole(disk_, name, batch); !failed.ok()) return failed;
  Result<std::unique_ptr<File>> file = disk_.open(name, Open::existing);
  if (!file.ok()) return file.status();
  if (segments_.back() != first) segments_.push_back(first);
  segment_ = std::move(*file);
  segment_bytes_ = batch.size();
  return {};
}

// ---- Appending ----

Result<std::uint64_t> Journal::append(std::string_view record) {
  if (record.size() > options_.record_bytes_max) {
    return Status::invalid_argument(
               fmt::format("journal \"{}\": a record of {} bytes is too long (at most {})", name_,
                           record.size(), options_.record_bytes_max))
        .not_executed();
  }
  std::unique_lock lock(mutex_);
  if (!broken_.ok() || closed_) {
    return Status::failed_precondition(
               closed_ ? fmt::format("journal \"{}\" is closed", name_)
                       : fmt::format("journal \"{}\" takes no records since an error: {}", name_,
                                     broken_.message()),
               "open it again")
        .not_executed();
  }
  if (queued_bytes_ + record.size() > options_.queue_bytes_max) {
    return Status::resource_exhausted(
               fmt::format("journal \"{}\": {} bytes wait for the disk (at most {})", name_,
                           queued_bytes_, options_.queue_bytes_max),
               "wait, then try again")
        .not_executed();
  }
  const auto mine = std::make_shared<Append>();
  mine->record = record;
  queue_.push_back(mine);
  queued_bytes_ += record.size() + kLength;
  more_.notify_one();
  done_.wait(lock, [&] { return mine->done; });
  if (!mine->done)
    return Status::cancelled("the goroutine that appends is being unwound").perhaps_executed();
  if (!mine->status.ok()) return mine->status;
  return mine->index;
}

void Journal::write_batches() {
  std::unique_lock lock(mutex_);
  for (;;) {
    more_.wait(lock, [&] { return !queue_.empty(); });
    const Batch batch = std::exchange(queue_, {});
    queued_bytes_ = 0;
    writing_ = true;
    lock.unlock();
    const Status status = broken_.ok() ? write(batch) : broken_.not_executed();
    lock.lock();
    writing_ = false;
    for (const auto& append : batch) {
      append->status = status;
      append->done = true;
    }
    done_.notify_all();
  }
}

Status Journal::write(const Batch& batch) {
  std::string records;
  for (const auto& append : batch) {
    put(records, static_cast<std::uint32_t>(append->record.size()));
    records += append->record;
  }
  const Image image{
      .first = next_index_, .count = static_cast<std::uint32_t>(batch.size()), .records = records};
  if (segment_ != nullptr && segment_bytes_ != 0 &&
      segment_bytes_ + image.size() > options_.segment_bytes)
    segment_.reset();
  if (segment_ == nullptr) {
    if (Status failed = next_segment(); !failed.ok()) return failed.not_executed();
  }
  if (Status failed = segment_->write(segment_bytes_, image.at(segment_bytes_)); !failed.ok()) {
    return failed.code() == Code::resource_exhausted ? undo(failed) : give_up(failed);
  }
  if (Status failed = segment_->sync(); !failed.ok()) return give_up(failed);
  if (!segment_is_named_) {
    if (Status failed = disk_.sync_directory(); !failed.ok()) return give_up(failed);
    segment_is_named_ = true;
  }
  segment_bytes_ += image.size();
  for (const auto& append : batch) append->index = next_index_++;
  counters_.records += batch.size();
  ++counters_.batches;
  return {};
}

Status Journal::next_segment() {
  Result<std::unique_ptr<File>> file = disk_.open(segment_name(next_index_), Open::any);
  if (!file.ok()) return file.status();
  segment_ = std::move(*file);
  segment_bytes_ = 0;
  segment_is_named_ = false;
  if (segments_.empty() || segments_.back() != next_index_) segments_.push_back(next_index_);
  return {};
}

Status Journal::undo(const Status& why) {
  ++counters_.undone;
  if (!segment_->truncate(segment_bytes_).ok() || !segment_->sync().ok()) return give_up(why);
  return why.not_executed();
}

Status Journal::give_up(const Status& why) {
  broken_ = why;
  return why.perhaps_executed();
}

// ---- The rest ----

Status Journal::save_snapshot(std::uint64_t through, std::string_view snapshot) {
  const std::lock_guard one_at_a_time(snapshots_);
  if (through > last_index() || through < snapshot_through_ || through == 0) {
    return Status::invalid_argument(
        fmt::format("journal \"{}\": no snapshot can stand for records 1 to {}: it is durable up "
                    "to {}, and has a snapshot of {}",
                    name_, through, last_index(), snapshot_through_));
  }
  std::string bytes(kSnapshotMagic);
  put(bytes, through);
  put(bytes, std::uint64_t{snapshot.size()});
  bytes += snapshot;
  if (Status failed = write_whole(disk_, name_ + std::string(kSnapshotFile), sealed(bytes, 0));
      !failed.ok())
    return failed;
  snapshot_through_ = through;

  return remove_replaced();
}

Status Journal::remove_replaced() {
  while (segments_.size() > 1 &&
         segments_[1] <= snapshot_through_ + 1) {  // the last one is being written
    if (Status failed = disk_.remove(segment_name(segments_.front())); !failed.ok()) return failed;
    segments_.erase(segments_.begin());
  }
  return {};
}

void Journal::close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  done_.wait(lock, [&] { return queue_.empty() && !writing_; });
  lock.unlock();
  writer_.end();
}

std::string Journal::segment_name(std::uint64_t first) const {
  return fmt::format("{}.{:020}", name_, first);
}

}  // namespace conclave
