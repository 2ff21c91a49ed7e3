/// @file
/// The system calls of those who start a process and wait for it: descriptors, pipes, the end of a child.
///
/// A call that fails where it cannot, short of a broken or exhausted system, ends the program and names errno.
/// Call from anywhere.  Source: Linux, pipe(2), pidfd_open(2), waitpid(2).
#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <string_view>
#include <utility>
#include <sys/types.h>
#include <unistd.h>

namespace conclave::isolation {

/// A file descriptor that closes itself.
class Descriptor {
 public:
  /// None.
  Descriptor() = default;
  /// Takes over `number`; a negative one is none.
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);  // other closes what was ours
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }

  /// Its number, as poll() takes it: negative when there is none.
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_ = -1;
};

/// Asserts that a system call worked and gives its result.
int must_work(int result, std::string_view call);

/// The two ends of a pipe.
struct Pipe {
  Descriptor read;
  Descriptor write;
};

/// A pipe that programs started from here do not inherit, and whose reading end never blocks.
Pipe make_pipe();

/// How many bytes a pipe holds.
std::size_t pipe_capacity(const Descriptor& pipe);

/// A descriptor that becomes readable when the process ends.
/// @pre the process has not been waited for
Descriptor open_pidfd(pid_t process);

/// Waits for the end of a child, or of one of a group, and takes it in.  Blocks.
/// @return false when there is none
bool wait_for(pid_t child, int* status);

/// What read_available() reads at most.
inline constexpr std::size_t kReadSize = 4096;

/// Reads what is there and hands it to `sink`.
/// @return false when nothing can come any more
template <class Sink>
bool read_available(int descriptor, Sink&& sink) {
  std::array<char, kReadSize> buffer;
  const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
  if (count > 0) sink(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
  return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

/// Reads what is left in a pipe, once around: somebody may hold it open and write for ever.
template <class Sink>
void read_rest(const Descriptor& pipe, Sink&& sink) {
  const std::size_t capacity = pipe_capacity(pipe);
  for (std::size_t size = 0; size < capacity; size += kReadSize)
    read_available(pipe.number(), sink);
}

}  // namespace conclave::isolation
