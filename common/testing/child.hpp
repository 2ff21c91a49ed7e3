/// @file
/// Runs one test in a process of its own and waits for the end, whatever it is.
///
/// Laws
///  1. When run_in_child() returns, the child is gone, with every process of its group.
///  2. It waits by event, and never much longer than the limit.
///  3. What it keeps of the output is bounded, and says how much it left out.
///
/// Call from a process with one thread and no goroutine: the child is a fork.
/// Source: Linux, pidfd_open(2), setpgid(2), PR_SET_CHILD_SUBREAPER(2const).
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "testing/journal.hpp"

namespace conclave::isolation {

/// How a child ended and what it said before.
struct Ending {
  bool timed_out = false;      ///< it was killed at the limit
  int wait_status = 0;         ///< as waitpid() gives it
  std::string output;          ///< Output::text()
  std::vector<Entry> journal;  ///< what the test told
};

/// Has `body` run once, in this program's own process, before its first test is forked: what it reads into memory, each test
/// finds there.  It must leave no thread behind.  For a variable at namespace scope:
///
///     const bool prepared = before_the_tests([] { read_what_takes_long(); });
///
/// @return true
bool before_the_tests(void (*body)());
/// Runs what before_the_tests() was given, once.
void prepare_the_tests();

/// Forks, runs `body` in the child and waits for the child's end.  Blocks, at most a little longer
/// than `limit`. In the child, standard input is empty, output is collected, and a journal is open;
/// after `body` it writes `finished` and calls exit(0).
Ending run_in_child(const std::function<void()>& body, std::chrono::milliseconds limit);

}  // namespace conclave::isolation
