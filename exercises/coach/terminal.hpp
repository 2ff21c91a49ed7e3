/// @file
/// Terminal: the screen and the keyboard, as long as the coach has them.
///
/// No library draws here.  What is wanted of a terminal is raw mode, its size, one screen at a time and colours, which is a
/// hundred lines; ncurses has no hyperlinks (OSC 8) and wants the screen, the keyboard and the signals for itself.
///
/// Laws
///  1. On every way out the terminal is as it was: its mode, its screen, its cursor.  leave() does it, and the destructor.
///  2. Nothing blocks: it is opened anew, so that it can be non-blocking without being so for the shell that shares it.
///  3. A frame that is on the screen already is not written again.
///
/// Call from a goroutine, but for the constructor, enter(), leave() and size().
/// Source: POSIX, termios; xterm, "Control Sequences", the alternate screen (1049).
#pragma once

#include <string>
#include <string_view>
#include <termios.h>

#include "channels/chan.hpp"
#include "coach/keys.hpp"
#include "common/result.hpp"
#include "goroutines/descriptor.hpp"

namespace conclave::coach {

/// How large a terminal is.
struct Size {
  int columns = 80;
  int rows = 24;
};

/// The terminal of this process.
class Terminal {
 public:
  /// Opens it, and changes nothing yet.
  /// @return failed_precondition when standard input or output is none, or this process has none
  [[nodiscard]] static Result<Terminal> open();

  Terminal(Terminal&& other) noexcept;
  Terminal& operator=(Terminal&&) = delete;
  ~Terminal();

  /// Takes the screen, and every key; also after somebody else has had them.
  void enter();
  /// Gives both back.
  void leave();

  /// Shows a frame, unless it is there already.  Parks while the terminal is slow, a second at most.
  void show(std::string_view frame);
  /// What is on the screen is not known any more: the next frame is written, whatever it is.
  void forget() { shown_.clear(); }

  /// Sends each key that is pressed; closes the channel when the terminal is gone.  Parks, and returns then.
  void read_keys(const Chan<Key>& keys) const;

  /// How large it is now; 80 x 24 where it does not say.
  [[nodiscard]] Size size() const;

 private:
  explicit Terminal(Descriptor tty, const termios& before)
      : tty_(std::move(tty)), before_(before) {}
  void write_all(std::string_view bytes) const;

  Descriptor tty_;
  termios before_;  // as it was
  bool entered_ = false;
  std::string shown_;  // the frame on the screen
};

}  // namespace conclave::coach
