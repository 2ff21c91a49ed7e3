#include "coach/terminal.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "goroutines/goroutines.hpp"

namespace conclave::coach {

namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr std::string_view kEnter =
    "\x1b[?1049h\x1b[?25l\x1b[2J";  // another screen, no cursor, nothing on it
constexpr std::string_view kLeave =
    "\x1b[0m\x1b[?25h\x1b[?1049l";  // no colour, the cursor, the screen before
constexpr auto kPatienceForTheScreen = 1s;
constexpr auto kPatienceForASequence =
    50ms;  // the bytes of one key come together, also over a slow line

}  // namespace

Result<Terminal> Terminal::open() {
  if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) {
    return Status::failed_precondition(
        "make learn wants a terminal, and standard input or output is none",
        "make check EX=01-1 tests one exercise without one");
  }
  Descriptor tty(::open("/dev/tty", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  termios before{};
  if (!tty || tcgetattr(tty.get(), &before) != 0) {
    return Status::failed_precondition(
        fmt::format("make learn cannot open /dev/tty: {}", std::strerror(errno)),
        "make check EX=01-1 tests one exercise without a terminal");
  }
  return Terminal(std::move(tty), before);
}

Terminal::Terminal(Terminal&& other) noexcept
    : tty_(std::move(other.tty_)),
      before_(other.before_),
      entered_(std::exchange(other.entered_, false)),
      shown_(std::move(other.shown_)) {}

Terminal::~Terminal() { leave(); }

void Terminal::enter() {
  termios raw = before_;
  cfmakeraw(&raw);
  raw.c_oflag = before_.c_oflag;  // a line end goes to the first column, for whoever else writes
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  tcsetattr(tty_.get(), TCSADRAIN, &raw);
  entered_ = true;
  write_all(kEnter);
  forget();
}

void Terminal::leave() {
  if (!std::exchange(entered_, false)) return;
  tcsetattr(tty_.get(), TCSADRAIN, &before_);
  write_all(kLeave);
}

void Terminal::show(std::string_view frame) {
  if (frame == shown_) return;
  const TimePoint deadline = now() + kPatienceForTheScreen;
  for (std::string_view rest = frame; !rest.empty();) {
    const ssize_t bytes = write(tty_.get(), rest.data(), rest.size());
    if (bytes >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(bytes));
    } else if (errno != EINTR && (errno != EAGAIN || !wait_writable(tty_.get(), deadline).ok())) {
      return forget();  // the next frame is whole again
    }
  }
  shown_ = frame;
}

void Terminal::read_keys(const Chan<Key>& keys) const {
  KeyDecoder decoder;
  std::array<char, 256> buffer;
  for (;;) {
    const ssize_t bytes = read(tty_.get(), buffer.data(), buffer.size());
    if (bytes > 0) {
      for (const Key key : decoder.take({buffer.data(), static_cast<std::size_t>(bytes)}))
        keys.send(key);
    } else if (bytes == 0 || (errno != EAGAIN && errno != EINTR)) {
      return keys.close();
    } else {
      const Status status = wait_readable(
          tty_.get(), decoder.pending() ? now() + kPatienceForASequence : TimePoint::max());
      if (status.code() == Code::deadline_exceeded) {
        for (const Key key : decoder.flush()) keys.send(key);
      } else if (!status.ok()) {
        return keys.close();
      }
    }
  }
}

Size Terminal::size() const {
  winsize size{};
  if (ioctl(tty_.get(), TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {.columns = size.ws_col, .rows = size.ws_row};
}

/// Writes a few bytes, outside run() too.
void Terminal::write_all(std::string_view bytes) const {
  constexpr int kPatienceMs = 1000;
  while (!bytes.empty()) {
    const ssize_t written = write(tty_.get(), bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd ready{tty_.get(), POLLOUT, 0};
      if (poll(&ready, 1, kPatienceMs) <= 0) return;
    } else if (errno != EINTR) {
      return;
    }
  }
}

}  // namespace conclave::coach
