#!/usr/bin/env python3
"""tools/gdb/goroutines.py: goroutines in gdb, in a program that runs and in its core file.

  gdb_test.py PROGRAM    PROGRAM is the planted fault deadlock_2

Exit status: 77, which means skipped, where there is no gdb or it may not look into another process.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
FAULT = "chapters/01-goroutines/faults/deadlock_2.cpp"
SKIPPED = 77
LOST = "its stack is not in this file"
TIMEOUT_S = 100

program = ""


def gdb(*commands, files):
    """What gdb prints for these commands."""
    arguments = ["gdb", "-nx", "-batch", "-ex", "set debuginfod enabled off", "-ex", "set pagination off"]
    for command in (f"source {ROOT}/tools/gdb/goroutines.py",) + commands:
        arguments += ["-ex", command]
    done = subprocess.run(arguments + list(files), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          stdin=subprocess.DEVNULL, timeout=TIMEOUT_S)
    return done.stdout


def line_of(text):
    """The line of the fault's source that contains `text`."""
    with open(f"{ROOT}/{FAULT}", encoding="utf-8") as file:
        return next(number for number, line in enumerate(file, 1) if text in line)


class Goroutines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        core = os.path.join(cls.folder.name, "core")
        questions = ("info goroutines", "goroutine 2 bt", "goroutine 99 bt", "goroutine 2", "info goroutines")
        cls.live = gdb("break conclave::detail::report_deadlock", "run", *questions, f"generate-core-file {core}",
                       files=[program])
        if re.search(r"ptrace: Operation not permitted|Couldn't get", cls.live):
            print("skipped: gdb may not look into another process here")
            sys.exit(SKIPPED)
        cls.core = gdb(*questions, files=[program, core])

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def both(self, check):
        for where, text in (("live", self.live), ("core", self.core)):
            with self.subTest(where):
                if where == "core" and LOST in text:
                    self.skipTest("gdb's own core files have no goroutine's stack on this kernel")
                check(text)

    def test_a_core_file_has_everybody_also_without_their_stacks(self):
        self.assertRegex(self.core, r"\n   1  main \[WaitGroup::wait\] at .*\n   2  logger \[")

    def test_lists_who_waits_where_and_was_started_where(self):
        waits, started = line_of("group.wait()"), line_of("conclave::run(")
        self.both(lambda text: self.assertRegex(
            text, rf"   1  main \[WaitGroup::wait\] at {FAULT}:{waits}, started at {FAULT}:{started}\n"))
        self.both(lambda text: self.assertRegex(text, rf"   2  logger \[Mutex::lock\] at .*, started at {FAULT}:\d+\n"))

    def test_shows_the_calls_of_a_parked_goroutine(self):
        calls = r"goroutine 2 \[Mutex::lock\]\n(#.*\n)*#.* Log::add .*\n(#.*\n)*#.* Log::add_twice .*deadlock_2.cpp:%d\n" % (
            line_of("locks what this goroutine holds"))
        self.both(lambda text: self.assertRegex(text, calls))

    def test_a_backtrace_leaves_the_thread_as_it_was(self):
        self.both(lambda text: self.assertEqual(text.count("   2  logger [Mutex::lock]"), 2, text))

    def test_says_what_is_wrong_with_a_question(self):
        self.both(lambda text: self.assertIn("There is no goroutine 99", text))
        self.both(lambda text: self.assertIn("goroutine 3 bt", text))


if shutil.which("gdb") is None:
    print("skipped: no gdb here")
    sys.exit(SKIPPED)
program = sys.argv.pop(1)
unittest.main()
