// Somebody closes a socket for which two goroutines wait: once with close(2), once through its owner.
// What to watch for: nobody waits for ever.
#include <array>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::Descriptor;
using conclave::wait_readable;
using conclave::WaitGroup;
using conclave::yield;

//! [main]
void reader(const char* name, int socket) {
  const conclave::Status status = wait_readable(socket);
  fmt::print("{}: {}\n", name, status.message());
}

int main() {
  conclave::run([] {
    std::array<int, 2> ends{};
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data());
    for (int& end : ends) end = fcntl(end, F_DUPFD, 100);  // numbers that are the same in each run
    Descriptor ours(ends[0]);
    WaitGroup readers;
    readers.go(reader, "first", ends[0]);
    readers.go(reader, "second", ends[1]);
    yield();

    ours.close();    // tells the one who waits
    close(ends[1]);  // tells nobody: it is noticed when the program comes to rest
    readers.wait();
  });
}
//! [main]
