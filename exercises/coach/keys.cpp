#include "coach/keys.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace conclave::coach {

namespace {

constexpr std::size_t kSequenceBytesMax = 16;

struct Known {
  std::string_view sequence;  // behind ESC
  Key::Name name;
};

constexpr std::array<Known, 14> kKnown{{{"[A", Key::Name::up},
                                        {"[B", Key::Name::down},
                                        {"OA", Key::Name::up},
                                        {"OB", Key::Name::down},
                                        {"[5~", Key::Name::page_up},
                                        {"[6~", Key::Name::page_down},
                                        {"[H", Key::Name::home},
                                        {"[F", Key::Name::end},
                                        {"OH", Key::Name::home},
                                        {"OF", Key::Name::end},
                                        {"[1~", Key::Name::home},
                                        {"[4~", Key::Name::end},
                                        {"[7~", Key::Name::home},
                                        {"[8~", Key::Name::end}}};

/// Whether a sequence that begins with ESC is complete.
bool is_complete(std::string_view sequence) {
  if (sequence.size() < 2) return false;
  if (sequence.size() == kSequenceBytesMax) return true;
  const char last = sequence.back();
  if (sequence[1] == 'O') return sequence.size() == 3;
  if (sequence[1] == '[') return sequence.size() > 2 && last >= 0x40 && last != 0x7f;
  return true;  // Alt and a key
}

Key key_of(std::string_view sequence) {
  const auto* const known = std::ranges::find(kKnown, sequence.substr(1), &Known::sequence);
  return {.name = known != kKnown.end() ? known->name : Key::Name::unknown};
}

Key key_of(char byte) {
  if (byte == '\r' || byte == '\n') return {.name = Key::Name::enter};
  if (static_cast<unsigned char>(byte) >= 0x80) return {};
  return {.name = Key::Name::character, .character = byte};
}

}  // namespace

std::vector<Key> KeyDecoder::take(std::string_view bytes) {
  std::vector<Key> keys;
  for (const char byte : bytes) {
    if (byte == '\x1b') {  // what had begun was something else
      if (pending()) keys.push_back(begun_.size() == 1 ? Key{.name = Key::Name::escape} : Key{});
      begun_ = byte;
    } else if (pending()) {
      begun_ += byte;
      if (is_complete(begun_)) keys.push_back(key_of(std::exchange(begun_, {})));
    } else {
      keys.push_back(key_of(byte));
    }
  }
  return keys;
}

std::vector<Key> KeyDecoder::flush() {
  if (!pending()) return {};
  return {std::exchange(begun_, {}).size() == 1 ? Key{.name = Key::Name::escape} : Key{}};
}

}  // namespace conclave::coach
