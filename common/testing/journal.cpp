#include "testing/journal.hpp"

#include <cerrno>
#include <cstring>
#include <utility>
#include <unistd.h>

namespace conclave::isolation {

namespace {

constexpr std::size_t kTextSizeMax = 8 * 1024;

std::optional<Journal>& opened_journal() {
  static std::optional<Journal> journal;
  return journal;
}

std::optional<std::uint64_t>& last_seed() {
  static std::optional<std::uint64_t> seed;
  return seed;
}

struct Header {
  Entry::Kind kind;
  std::uint32_t place_size;
  std::uint32_t text_size;
};

}  // namespace

void Journal::open(int descriptor) { opened_journal() = Journal(descriptor, getpid()); }

Journal* Journal::current() {
  std::optional<Journal>& journal = opened_journal();
  return journal && journal->owner_ == getpid() ? &*journal : nullptr;
}

void Journal::write(Entry entry) const {
  if (entry.text.size() > kTextSizeMax) {
    entry.text.resize(kTextSizeMax);
    entry.text += "\n(cut here, after 8 KiB)";
  }
  const std::string bytes = encode(entry);
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t count = ::write(descriptor_, bytes.data() + sent, bytes.size() - sent);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return;  // the test closed the descriptor; the missing end will tell
    sent += static_cast<std::size_t>(count);
  }
}

std::string encode(const Entry& entry) {
  const Header header{entry.kind, static_cast<std::uint32_t>(entry.place.size()),
                      static_cast<std::uint32_t>(entry.text.size())};
  std::string bytes(sizeof header, '\0');
  std::memcpy(bytes.data(), &header,
              sizeof header);  // one machine, one build: no byte order to agree on
  return bytes + entry.place + entry.text;
}

std::vector<Entry> decode(std::string_view bytes) {
  std::vector<Entry> entries;
  Header header{};
  while (bytes.size() >= sizeof header) {
    std::memcpy(&header, bytes.data(), sizeof header);
    bytes.remove_prefix(sizeof header);
    const std::size_t size = std::size_t{header.place_size} + header.text_size;
    if (bytes.size() < size) break;
    entries.push_back({header.kind, std::string(bytes.substr(0, header.place_size)),
                       std::string(bytes.substr(header.place_size, header.text_size))});
    bytes.remove_prefix(size);
  }
  return entries;
}

void note_seed(std::uint64_t seed) {
  last_seed() = seed;
  if (const Journal* journal = Journal::current()) {
    journal->write({Entry::Kind::seed, "", std::to_string(seed)});
  }
}

std::optional<std::uint64_t> noted_seed() { return last_seed(); }

}  // namespace conclave::isolation
