// make learn: a coach for the exercises, in a terminal.  What it is made of: coach.hpp.
#include <array>
#include <chrono>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <fcntl.h>
#include <langinfo.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "coach/coach.hpp"
#include "common/result.hpp"
#include "goroutines/descriptor.hpp"

namespace conclave::coach {

namespace {

constexpr int kUsageStatus = 2;  // nothing was begun

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// The lock that the first coach of a clone holds; it is gone with its process, however that ends.
Result<Descriptor> lock_clone() {
  static constexpr const char* kLock = "build/learn.lock";
  mkdir("build", 0777);
  Descriptor lock(::open(kLock, O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!lock) {
    return Status::failed_precondition(
        fmt::format("make learn cannot write {}: {}", kLock, std::strerror(errno)),
        "it needs a folder that it may build in");
  }
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 16> process{};
    if (pread(lock.get(), process.data(), process.size() - 1, 0) < 0) process[0] = '\0';
    return Status::already_exists(
        fmt::format("make learn runs already in this folder, as process {}", process.data()),
        "use that one, or end it with q");
  }
  const std::string process = std::to_string(getpid());
  if (ftruncate(lock.get(), 0) != 0 || pwrite(lock.get(), process.data(), process.size(), 0) < 0) {
    return Status::resource_exhausted(
        fmt::format("make learn cannot write {}: {}", kLock, std::strerror(errno)));
  }
  return lock;
}

/// What this terminal can show.
Look look_at(const Terminal& terminal) {
  std::setlocale(LC_CTYPE, "");
  const std::string_view term = environment("TERM");
  const bool is_dumb = term.empty() || term == "dumb";
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  std::array<char, 4096> root{};
  if (getcwd(root.data(), root.size()) == nullptr) root[0] = '\0';
  std::string link = fmt::format("file://{}", host.data());
  for (const char c : std::string_view(root.data())) {
    const bool is_plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                          std::string_view("/-._~").find(c) != std::string_view::npos;
    link += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return {.size = terminal.size(),
          .colour = !is_dumb && environment("NO_COLOR").empty(),
          .utf8 = std::string_view(nl_langinfo(CODESET)) == "UTF-8",
          .links = !is_dumb && term != "linux",
          .root_link = link + "/"};
}

Duration answer_time_max() {
  constexpr int kSeconds = 60;  // a first check builds a library
  const int seconds = std::atoi(std::string(environment("CONCLAVE_LEARN_LIMIT_S")).c_str());
  return std::chrono::seconds(seconds > 0 ? seconds : kSeconds);
}

int complain(const Status& status) {
  fmt::print(stderr, "{}{}{}\n", status.message(), status.what_to_do().empty() ? "" : "; ",
             status.what_to_do());
  return kUsageStatus;
}

int start(int count, char** values) {
  if (count > 2) {
    return complain(Status::invalid_argument(fmt::format("make learn: {} exercises", count - 1),
                                             "want one, as in EX=02-3"));
  }
  hold_signals();
  Result<Terminal> terminal = Terminal::open();
  if (!terminal.ok()) return complain(terminal.status());
  const Result<Descriptor> lock = lock_clone();
  if (!lock.ok()) return complain(lock.status());

  const Quit quit = learn(*terminal, {.look = look_at(*terminal),
                                      .wanted = count == 2 ? values[1] : "",
                                      .poll = environment("CONCLAVE_POLL") == "1",
                                      .answer_time_max = answer_time_max()});
  if (!quit.message.empty()) fmt::print(stderr, "{}\n", quit.message);
  return quit.status;
}

}  // namespace

}  // namespace conclave::coach

int main(int count, char** values) { return conclave::coach::start(count, values); }
