#include "testing/system.hpp"

#include <cstring>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common/assert.hpp"

namespace conclave::isolation {

int must_work(int result, std::string_view call) {
  ensure(result >= 0, "{} works (errno {}: {})", call, errno, std::strerror(errno));
  return result;
}

Pipe make_pipe() {
  std::array<int, 2> ends{};
  must_work(::pipe2(ends.data(), O_CLOEXEC), "pipe2");
  must_work(::fcntl(ends[0], F_SETFL, O_NONBLOCK), "fcntl");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

std::size_t pipe_capacity(const Descriptor& pipe) {
  return static_cast<std::size_t>(must_work(::fcntl(pipe.number(), F_GETPIPE_SZ), "fcntl"));
}

Descriptor open_pidfd(pid_t process) {
  // glibc 2.36 declares pidfd_open() without C linkage, so a C++ program cannot link it.
  const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, process, 0));
  return Descriptor(must_work(pidfd, "pidfd_open (Linux 5.3 or later)"));
}

bool wait_for(pid_t child, int* status) {
  pid_t ended = 0;
  do {
    ended = ::waitpid(child, status, 0);
  } while (ended < 0 && errno == EINTR);
  return ended >= 0;
}

}  // namespace conclave::isolation
