"""Programs that do harm, within bounds: each ends in words, and nothing of it is left."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import textwrap
import unittest
import unittest.mock

BOOK = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(BOOK / "tools"))

import book_containment  # noqa: E402
import book_exercises  # noqa: E402

# As a test program does: a child in a group of its own has the test, and a verdict is written.
TESTS = """
    import os, sys
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        test()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    how = "it crashed with SIGKILL (Killed)" if os.WIFSIGNALED(status) else "it ended"
    print(f"FAIL  A.B\\n  what happened  : {how}", flush=True)
    file = next(option.split("=")[1] for option in sys.argv if option.startswith("--verdicts="))
    open(file, "w").write(f"A.B\\tcrashed\\t{how}\\n")
    sys.exit(1)
    """


class Containment(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.mark = f"harm-{os.getpid()}-{id(self)}"

    def program(self, harm, after=TESTS):
        """A program with the mark in its command line, which what it forks has, too."""
        file = self.root / self.mark
        file.write_text("#!/usr/bin/env python3\nimport os, signal, sys, time\n" + textwrap.dedent(harm) + textwrap.dedent(after))
        file.chmod(0o755)
        return file

    def run_tests(self, harm, after=TESTS, timeout_s=10):
        ran = book_exercises.run_tests(str(self.program(harm, after)), timeout_s=timeout_s)
        self.assert_nothing_is_left()
        return ran

    def alive(self):
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if self.mark in (entry / "cmdline").read_text() and book_containment.is_alive(int(entry.name)):
                    found.append(int(entry.name))
            except OSError:
                pass
        return found

    def assert_nothing_is_left(self):
        self.assertEqual(self.alive(), [])

    def test_a_program_that_does_no_harm_is_left_alone(self):
        ran = self.run_tests("def test(): pass\n")
        self.assertEqual((ran.output, ran.status), ("FAIL  A.B\n  what happened  : it ended\n", 1))

    def test_runaway_memory(self):
        ran = self.run_tests("""
            def test():
                hoard = []
                while True:
                    hoard.append(b"x" * (16 << 20))
            """)
        self.assertEqual(ran.verdicts[0].message, book_containment.MEMORY)
        self.assertEqual(ran.output, f"FAIL  A.B\n  what happened  : {book_containment.MEMORY}\n")

    def test_runaway_memory_of_many_processes_together(self):
        ran = self.run_tests("""
            def test():
                for _ in range(20):
                    if os.fork() == 0:
                        os.setsid()
                        hoard = []
                        while True:
                            hoard.append(b"x" * (1 << 20))
                            time.sleep(0.001)
                signal.pause()
            """)
        self.assertEqual(ran.verdicts[0].message, book_containment.MEMORY)

    def test_memory_that_is_shared_counts_once(self):
        ran = self.run_tests("""
            def test():
                shared = b"x" * (300 << 20)
                done, wait = os.pipe()
                for _ in range(10):
                    if os.fork() == 0:
                        os.close(wait)
                        os.read(done, 1)
                        os._exit(0)
                time.sleep(0.3)  # several looks at the limit; with fewer, the verdict is the same
                os.close(wait)
            """)
        self.assertEqual(ran.verdicts[0].message, "it ended")

    def test_sleepers_without_end(self):
        ran = self.run_tests("""
            def test():
                for _ in range(500):
                    if os.fork() == 0:
                        signal.pause()
                signal.pause()
            """)
        self.assertEqual(ran.verdicts[0].message, book_containment.PROCESSES)

    def test_sleepers_in_sessions_of_their_own(self):
        ran = self.run_tests("""
            def test():
                for _ in range(500):
                    if os.fork() == 0:
                        os.setsid()
                        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                            signal.signal(number, signal.SIG_IGN)
                        signal.pause()
                signal.pause()
            """)
        self.assertEqual(ran.verdicts[0].message, book_containment.PROCESSES)

    def test_a_chain_in_which_each_starts_the_next_and_ends(self):
        ran = self.run_tests("""
            def test():
                for _ in range(3000):
                    if os.fork() != 0:
                        os._exit(0)
                    os.setsid()
                signal.pause()
            """)
        self.assertRegex(ran.output, r"  left behind    : \d+ process")

    def test_one_that_a_look_has_missed_is_ended_all_the_same(self):
        looks = []

        def miss_the_first(process, look=book_containment.descendants):
            looks.append(process)
            return [] if len(looks) == 1 else look(process)

        child = subprocess.Popen(["sleep", "1000"])
        self.addCleanup(book_containment.send, child.pid, signal.SIGKILL)
        with unittest.mock.patch.object(book_containment, "descendants", miss_the_first):
            self.assertEqual(book_containment.kill_all(os.getpid()), 1)
        child.returncode = 0  # kill_all() has taken leave of it
        self.assertFalse(book_containment.is_alive(child.pid))

    def test_a_child_that_survives_its_test_is_ended_and_told(self):
        ran = self.run_tests("""
            def test():
                if os.fork() == 0:
                    os.setsid()
                    signal.pause()
            """)
        self.assertEqual(ran.output, "FAIL  A.B\n  what happened  : it ended\n  left behind    : 1 process that still ran; ended now\n")

    def test_output_without_end_is_bounded(self):
        ran = self.run_tests("", "sys.stdout.write('x' * 1000 + '\\n')\nwhile True: sys.stdout.write('y' * 1000 + '\\n')\n", timeout_s=0)
        self.assertEqual(len(ran.output.splitlines()[0]), 1000)
        self.assertLess(len(ran.output), book_containment.OUTPUT_MAX + 1000)
        self.assertIn("what happened  : it did not end, and gave no sign of life for 1 s, so it was killed", ran.output)

    def test_a_program_that_gives_no_sign_of_life_is_ended(self):
        ran = self.run_tests("", "while True: pass\n", timeout_s=-0.5)
        self.assertEqual((ran.output, ran.verdicts), ("  what happened  : it did not end, and gave no sign of life for 0.5 s, so it was killed\n", []))

    def test_a_program_that_dies_before_its_tests_says_how(self):
        self.assertEqual(self.run_tests("", "os.kill(os.getpid(), signal.SIGSEGV)\n").output, "  what happened  : the tests' program was killed by SIGSEGV\n")
        self.assertEqual(self.run_tests("", "sys.exit(3)\n").output, "  what happened  : the tests' program ended with status 3\n")

    def test_a_file_without_end_is_bounded(self):
        file = self.root / "file"
        self.run_tests(f"""
            def test():
                with open({str(file)!r}, "wb") as file:
                    while True:
                        file.write(b"x" * (1 << 24))
            """)
        self.assertLessEqual(file.stat().st_size, book_containment.FILE_MAX)

    def test_nothing_is_left_when_the_caller_ends(self):
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
            pipe = self.root / f"pipe-{number}"
            os.mkfifo(pipe)
            program = self.program(f"""
                def test():
                    pipe = os.open({str(pipe)!r}, os.O_WRONLY)
                    if os.fork() == 0:
                        os.setsid()
                        os.write(pipe, b"x")
                    signal.pause()
                """)
            caller = subprocess.Popen([sys.executable, "-c", "import sys; sys.path.insert(0, sys.argv[1]); import book_exercises\n"
                                       "book_exercises.run_tests(sys.argv[2], timeout_s=10000)", str(BOOK / "tools"), str(program)], stderr=subprocess.DEVNULL)
            with open(pipe, "rb") as begun:
                self.assertEqual(begun.read(1), b"x")
                caller.send_signal(number)
                self.assertEqual(begun.read(), b"")  # the end comes when the last one has let go of the pipe
            caller.wait()


if __name__ == "__main__":
    unittest.main()
