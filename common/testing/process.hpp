/// @file
/// A program in a process of its own, to be started, paused, killed and started again: for tests and programs about crashes.
///
/// Laws
///  1. It does not outlive its Process: the destructor kills it and all of its group, and takes its end in.
///  2. It does not outlive the thread that started it, however that ended.  What it has started itself may.
///  3. Every wait is for an event, never for some time, and ends at its limit.
///  4. What is kept of its output is bounded.
///
/// It blocks the thread, with poll(2): it is for tests and driver programs outside run(), not for goroutines.  One thread
/// uses a Process, and has started it.
///
/// The program inherits the environment, with additions, and no descriptor that closes on exec.  Its standard output and
/// error are one pipe, so that their order is kept.  A program that prints into a pipe has to flush what somebody waits for;
/// and what nobody takes in here, it can print as far as the pipe goes (64 KiB): then it waits.  Every call below that waits
/// takes in, and output() does.
/// Source: Linux, execve(2), pidfd_open(2), PR_SET_PDEATHSIG(2const), proc_pid_status(5).
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <sys/types.h>

#include "common/result.hpp"
#include "common/status.hpp"
#include "testing/output.hpp"
#include "testing/system.hpp"

namespace conclave {

/// How a process ended.
struct ProcessEnd {
  int exit_code = 0;  ///< when it exited
  int signal = 0;     ///< what ended it otherwise; 0 when it exited

  bool operator==(const ProcessEnd&) const = default;
};

/// As in "exited with 3" and "was ended by SIGKILL".
[[nodiscard]] std::string to_string(const ProcessEnd& end);
/// Prints that, for the reports of tests.
std::ostream& operator<<(std::ostream& out, const ProcessEnd& end);

/// A program that runs, or has ended.
///
///     Result<Process> server = Process::start("build/dev/server", {"--port=0"});
///     const Result<std::string> line = server->wait_for_line("listens on ", 5s);
///     server->kill();
///     server->restart();
class Process {
 public:
  /// How long a wait may take.
  using Limit = std::chrono::milliseconds;

  /// How much of its output waits to be looked at by wait_for_line(): of more, the oldest lines are passed over.
  static constexpr std::size_t kUnreadSizeMax = 64 * 1024;

  /// Starts a program.  Blocks until it runs.
  /// @param path          is not searched for in PATH
  /// @param environment   what is added to ours, or put in its place, as in "NAME=value"
  /// @return not_found when there is no such program; permission_denied when it may not be run; failed_precondition when
  ///   it cannot; invalid_argument for an addition that is not of this form
  static Result<Process> start(std::string path, std::vector<std::string> arguments = {},
                               std::vector<std::string> environment = {});

  Process(Process&&) noexcept = default;
  Process& operator=(Process&&) noexcept = default;
  /// Kills it, if it still runs.
  ~Process() = default;

  /// Kills it, if it still runs, and starts the same program with the same arguments: another process, which has said
  /// nothing yet.
  /// @return as start()
  Status restart();

  /// @name The next line that is wanted, without its end.  Those before it are passed over, and no later call gets them.
  /// A last line without an end is one, too, when the process has ended.
  /// @return not_found when it ended without such a line, deadline_exceeded at the limit; both tell what it said
  /// @{

  /// A line that begins with `prefix`.
  Result<std::string> wait_for_line(std::string_view prefix, Limit limit);
  /// A line that `is_wanted` accepts; `what` names it in the error, as in "a port".
  Result<std::string> wait_for_line(std::string_view what,
                                    const std::function<bool(std::string_view)>& is_wanted,
                                    Limit limit);
  /// @}

  /// Writes to its standard input, which is open and empty until then.
  /// @return failed_precondition when nobody reads it any more; deadline_exceeded when not all was taken in time
  Status write(std::string_view bytes, Limit limit);
  /// Ends its standard input.
  void close_input();

  /// @name Signals, to the process and all of its group.
  /// @return failed_precondition when it has ended, with how
  /// @{

  /// Ends it with SIGKILL, paused or not.  Blocks until it is gone.
  Status kill();
  /// Asks it to end, with SIGTERM.  A paused one hears of it when it is resumed.
  Status terminate();
  /// Stops it, with SIGSTOP.  Blocks until it stands still; what is paused stays so.
  Status pause();
  /// Lets it go on, with SIGCONT.
  Status resume();
  /// @}

  /// Waits until it ends.  What is left of its group is killed then.
  /// @return how it ended, also when that was earlier; deadline_exceeded at the limit
  Result<ProcessEnd> wait(Limit limit);

  /// Its number; once it has ended, another process may have it.
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// What it has printed so far: the beginning and the end of it, as Output keeps them.
  [[nodiscard]] std::string output();

  /// @name How much it holds.
  /// @return failed_precondition when it has ended
  /// @{

  /// Memory that is its own, and no file's: RssAnon.
  [[nodiscard]] Result<std::size_t> resident_bytes();
  /// Its open descriptors.
  [[nodiscard]] Result<std::size_t> descriptor_count();
  /// @}

 private:
  using Deadline = std::chrono::steady_clock::time_point;

  struct Command {
    std::string path;
    std::vector<std::string> arguments;
    std::vector<std::string> environment;
  };

  /// A child that has not been waited for, and its group.
  class Child {
   public:
    explicit Child(pid_t pid) : pid_(pid) {}
    Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, kNone)) {}
    Child& operator=(Child&& other) noexcept {
      std::swap(pid_, other.pid_);
      return *this;
    }
    ~Child() { end(); }

    /// Kills what still runs and takes the end in; the wait status.
    int end();

   private:
    static constexpr pid_t kNone = -1;
    pid_t pid_;
  };

  Process(Command command, pid_t pid, isolation::Descriptor output, isolation::Descriptor input);

  static Result<Process> start(Command command);

  Status signal(int number);
  bool has_ended();
  /// Waits until there is output, or the end, or room for input, and takes in what there is.
  /// @return false at the deadline
  bool wait_for_news(Deadline deadline, bool for_room = false);
  void take_in(std::string_view bytes);
  void take_end();
  std::optional<std::string> next_line(const std::function<bool(std::string_view)>& is_wanted);

  [[nodiscard]] std::string proc_file(std::string_view name) const;
  [[nodiscard]] std::string status_field(std::string_view name) const;
  [[nodiscard]] Status ended() const;
  [[nodiscard]] std::string last_words() const;

  Command command_;
  pid_t pid_;
  Child child_;
  isolation::Descriptor end_;     // readable when the process has ended
  isolation::Descriptor output_;  // none when nothing more can come
  isolation::Descriptor input_;   // none when it was closed
  isolation::Output said_;
  std::string unread_;  // what no wait_for_line() has looked at
  std::optional<ProcessEnd> how_;
};

}  // namespace conclave
