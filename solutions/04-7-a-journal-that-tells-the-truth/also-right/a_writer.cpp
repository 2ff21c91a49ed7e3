// A goroutine of its own writes; those who append wait for word from it.  Recovery writes batch by batch what it has found.
#include <mutex>
#include <utility>

#include "common/checksum.hpp"
#include "goroutines/goroutines.hpp"
#include "small_journal.hpp"

namespace conclave {

namespace {

constexpr std::uint64_t kPage = 4096;

/// What somebody wants to be written, and how it went.
struct Wish {
  std::string record;
  bool answered = false;
  Status answer{};
};

using Wishes = std::vector<std::shared_ptr<Wish>>;

std::string image(const std::vector<std::string>& records, std::uint64_t place) {
  std::string body;
  for (const std::string& record : records) {
    put(body, record.size());
    body += record;
  }
  std::string sealed;
  put(sealed, body.size());
  sealed += body;
  std::string all;
  put(all, checksum(sealed, place));
  all += sealed;
  while (all.size() % kPage != 0) all += '\0';
  return all;
}

/// Reads the batch at `place`.  @return whether there is a whole one
bool read_batch(const std::string& file, std::uint64_t place, std::vector<std::string>& records) {
  records.clear();
  if (place + 16 > file.size()) return false;
  const std::uint64_t length = get(file, place + 8);
  if (length > file.size() - place - 16) return false;
  if (get(file, place) != checksum(file.substr(place + 8, 8 + length), place)) return false;
  for (std::uint64_t at = place + 16; at < place + 16 + length;) {
    const std::uint64_t size = get(file, at);
    records.push_back(file.substr(at + 8, size));
    at += 8 + size;
  }
  return true;
}

}  // namespace

struct SmallJournal::State {
  std::unique_ptr<File> file{};
  std::uint64_t size = 0;
  bool broken = false;
  Wishes wishes{};
  Mutex mutex{};
  Cond more{};
  Cond answered{};
  GoroutineGroup writer{"writer"};

  Status write(const Wishes& batch) {
    if (broken) return Status::failed_precondition("an earlier record has failed").not_executed();
    std::vector<std::string> records;
    for (const auto& wish : batch) records.push_back(wish->record);
    const std::string bytes = image(records, size);
    Status written = file->write(size, bytes);
    if (written.code() == Code::resource_exhausted) {
      broken = !file->truncate(size).ok() || !file->sync().ok();
      return broken ? written : written.not_executed();
    }
    if (written.ok()) written = file->sync();
    broken = !written.ok();
    if (!broken) size += bytes.size();
    return written;
  }

  void serve() {
    std::unique_lock lock(mutex);
    for (;;) {
      more.wait(lock, [&] { return !wishes.empty(); });
      const Wishes batch = std::exchange(wishes, {});
      lock.unlock();
      const Status status = write(batch);
      lock.lock();
      for (const auto& wish : batch) {
        wish->answer = status;
        wish->answered = true;
      }
      answered.notify_all();
    }
  }
};

SmallJournal::SmallJournal(std::unique_ptr<State> state) : state_(std::move(state)) {}

SmallJournal::~SmallJournal() = default;

Result<std::unique_ptr<SmallJournal>> SmallJournal::open(Disk& disk,
                                                         std::vector<std::string>& found) {
  found.clear();
  std::string file;
  if (Result<std::string> read = read_whole(disk, "journal", 1 << 30); read.ok()) {
    file = *read;
  } else if (read.status().code() != Code::not_found) {
    return read.status();
  }

  auto state = std::make_unique<State>();
  {
    const auto copy = disk.open("journal.copy", Open::any);
    if (!copy.ok()) return copy.status();
    if (Status cut = (*copy)->truncate(0); !cut.ok()) return cut;
    std::vector<std::string> records;
    bool whole = true;
    for (std::uint64_t place = 0; place < file.size();) {
      if (!read_batch(file, place, records)) {
        whole = false;
        place += kPage;
        continue;
      }
      if (!whole) return Status::data_loss("a batch is damaged, and one behind it is not");
      const std::string bytes = image(records, place);
      if (Status written = (*copy)->write(place, bytes); !written.ok()) return written;
      found.insert(found.end(), records.begin(), records.end());
      place += bytes.size();
      state->size = place;
    }
    if (Status synced = (*copy)->sync(); !synced.ok()) return synced;
  }
  if (Status renamed = disk.rename("journal.copy", "journal"); !renamed.ok()) return renamed;
  if (Status synced = disk.sync_directory(); !synced.ok()) return synced;
  Result<std::unique_ptr<File>> opened = disk.open("journal", Open::existing);
  if (!opened.ok()) return opened.status();
  state->file = std::move(*opened);
  state->writer.go([self = state.get()] { self->serve(); });
  return std::unique_ptr<SmallJournal>(new SmallJournal(std::move(state)));
}

Status SmallJournal::append(const std::string& record) {
  std::unique_lock lock(state_->mutex);
  const auto mine = std::make_shared<Wish>(Wish{record});
  state_->wishes.push_back(mine);
  state_->more.notify_one();
  state_->answered.wait(lock, [&] { return mine->answered; });
  return mine->answered ? mine->answer : Status::unavailable("the one who appends is unwound");
}

}  // namespace conclave
