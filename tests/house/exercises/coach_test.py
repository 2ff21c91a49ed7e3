"""The coach under a pseudo-terminal, as a reader has it, with tests/exercises/coach/fake_exercise.py for tools/exercise.

Each test waits for what the coach writes; none sleeps.
"""
import fcntl
import os
import pathlib
import pty
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time
import unittest

BOOK = pathlib.Path(__file__).resolve().parents[3]
LEARN = os.environ["COACH_PROGRAM"]
FAKE = BOOK / "tests" / "exercises" / "coach" / "fake_exercise.py"
PATIENCE_S = 30
LEAVE = b"\x1b[?25h\x1b[?1049l"
CTRL_C, CTRL_Z = b"\x03", b"\x1a"
STATUS = """exit 0
01-1\t01-1-one\tpredict\t5\t*\topen\t0\texercises/01-1-one/answers.txt\tThe first
01-2\t01-2-two\tbuild\t10\t\tnew\t0\texercises/01-2-two/two.cpp\tThe second
02-1\t02-1-three\tfix\t15\t\tnew\t0\texercises/02-1-three/three.cpp\tThe third
"""


class Coach:
    """A coach at a terminal of its own."""

    def __init__(self, folder, *arguments, columns=80, rows=24, **environment):
        self.seen = b""
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            plain = dict(os.environ, TERM="xterm", NO_COLOR="1", LC_ALL="C", **environment)
            os.execve(LEARN, [LEARN, *arguments], plain)
        self.resize(columns, rows)
        self.before = None
        self.status = None

    def resize(self, columns, rows):
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys):
        os.write(self.terminal, keys)

    def read(self, deadline):
        """Reads what there is; returns whether more can come."""
        ready, _, _ = select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            raise AssertionError("nothing more within the limit; seen:\n" + self.seen[-3000:].decode(errors="replace"))
        try:
            more = os.read(self.terminal, 65536)
        except OSError:  # the other end is closed
            more = b""
        self.seen += more
        return bool(more)

    def wait_for(self, *texts):
        """Waits until the texts have been written, in this order, since the last wait."""
        deadline = time.monotonic() + PATIENCE_S
        for text in texts:
            wanted = text if isinstance(text, bytes) else text.encode()
            while wanted not in self.seen:
                if not self.read(deadline):
                    raise AssertionError(f"it ended before {text!r}; seen:\n{self.seen[-3000:].decode(errors='replace')}")
            self.seen = self.seen.partition(wanted)[2]

    def wait_for_end(self):
        """Its exit status."""
        deadline = time.monotonic() + PATIENCE_S
        while self.read(deadline):
            pass
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])
        os.close(self.terminal)
        return self.status

    def end(self):
        if self.status is None:
            os.kill(self.process, signal.SIGTERM)  # so that it ends what it has started
            self.wait_for_end()


class CoachTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="conclave-coach-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "tools").mkdir()
        shutil.copy2(FAKE, self.folder / "tools" / "exercise")
        for folder, file in (("01-1-one", "answers.txt"), ("01-2-two", "two.cpp"), ("02-1-three", "three.cpp")):
            self.write(f"exercises/{folder}/README.md", "# Title\n\n**Write** it in [`it`](it). More.\n")
            self.write(f"exercises/{folder}/{file}", "one: ?\n")
        self.say("status", STATUS)
        self.say("check-01-1", "exit 1\nFAIL  The first verdict\n")
        self.say("question-02", "exit 0\n")

    def write(self, path, text):
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def say(self, words, text):
        self.write(f"said/{words}.new", text)
        (self.folder / f"said/{words}.new").replace(self.folder / "said" / words)

    def asked(self):
        return (self.folder / "asked").read_text().splitlines()

    def start(self, *arguments, **environment):
        coach = Coach(self.folder, *arguments, **environment)
        self.addCleanup(coach.end)
        return coach

    def save(self, text="one: always\n"):
        self.write("exercises/01-1-one/answers.txt", text)


class TheTerminal(CoachTest):
    def test_is_as_it_was_after_every_way_out(self):
        ways = {"q": lambda coach: coach.press(b"q"), "Ctrl-C": lambda coach: coach.press(CTRL_C),
                "SIGINT": lambda coach: os.kill(coach.process, signal.SIGINT),
                "SIGTERM": lambda coach: os.kill(coach.process, signal.SIGTERM)}
        for name, leave in ways.items():
            with self.subTest(way=name):
                coach = self.start()
                before = termios.tcgetattr(coach.terminal)
                coach.wait_for("1.1 The first", "quit")
                # It may have entered before we looked: a new terminal is as `before` is wanted to be.
                leave(coach)
                coach.wait_for(LEAVE)
                after = termios.tcgetattr(coach.terminal)
                self.assertTrue(after[3] & termios.ICANON and after[3] & termios.ECHO and after[3] & termios.ISIG, name)
                if before[3] & termios.ICANON:
                    self.assertEqual(before, after)
                status = coach.wait_for_end()
                self.assertEqual(status, {"SIGINT": 130, "SIGTERM": 143}.get(name, 0))

    def test_is_drawn_anew_when_its_size_changes(self):
        coach = self.start()
        coach.wait_for("1.1 The first", "? keys  q quit")
        coach.resize(40, 20)
        coach.wait_for("r reset  l list  ? keys  q quit")

    def test_is_given_back_while_it_is_stopped(self):
        coach = self.start()
        coach.wait_for("? keys  q quit")
        os.kill(coach.process, signal.SIGCONT)  # somebody else may have drawn
        coach.wait_for(b"\x1b[?1049h", "1.1 The first", "? keys  q quit")

    def test_is_wanted(self):
        done = subprocess.run([LEARN], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True)
        self.assertEqual((done.returncode, done.stdout), (2, "make learn wants a terminal, and standard input or output is none; "
                                                             "make check EX=01-1 tests one exercise without one\n"))


class ASave(CoachTest):
    def test_is_checked(self):
        for poll in ("0", "1"):
            with self.subTest(poll=poll):
                coach = self.start(CONCLAVE_POLL=poll)
                coach.wait_for("1.1 The first", "quit")
                self.save(f"one: {poll}\n")
                coach.wait_for("checking", "FAIL  The first verdict")
                coach.press(b"q")
                coach.wait_for_end()

    def test_by_renaming_is_checked(self):
        coach = self.start()
        coach.wait_for("1.1 The first", "quit")
        self.write("exercises/01-1-one/answers.txt~", "one: never\n")
        (self.folder / "exercises/01-1-one/answers.txt~").replace(self.folder / "exercises/01-1-one/answers.txt")
        coach.wait_for("FAIL  The first verdict")

    def test_during_a_check_begins_it_anew(self):
        self.say("check-01-1", "exit 0 hang\n")
        coach = self.start()
        coach.wait_for("1.1 The first", "quit")
        self.save("one: first\n")
        coach.wait_for("checking", "checking, 1 s")
        self.say("check-01-1", "exit 0\nPASS  The second verdict\n")
        self.save("one: second\n")
        coach.wait_for("PASS  The second verdict")
        self.assertEqual(self.asked().count("check 01-1"), 2)


    def test_of_another_exercise_is_told_and_a_key_goes_there(self):
        self.say("check-01-2", "exit 0\nPASS  The second exercise\n")
        coach = self.start()
        coach.wait_for("1.1 The first", "quit")
        self.write("exercises/01-2-two/two.cpp", "changed\n")
        coach.wait_for("You saved 1.2's two.cpp; this is 1.1.  o goes to 1.2.")
        coach.press(b"o")
        coach.wait_for("1.2 The second", "PASS  The second exercise")
        self.assertEqual([line for line in self.asked() if "check" in line], ["check 01-2"])


class TheEngine(CoachTest):
    def test_may_hang(self):
        self.say("check-01-1", "exit 0 hang\nabout to hang\n")
        coach = self.start(CONCLAVE_LEARN_LIMIT_S="1")
        coach.wait_for("1.1 The first", "quit")
        coach.press(b"p")
        coach.wait_for("did not end in time, and was ended", "about to hang")

    def test_tells_what_it_is_about(self):
        self.say("check-01-1", "exit 0 hang\n@compiling\n")
        coach = self.start()
        coach.wait_for("1.1 The first", "quit")
        coach.press(b"p")
        coach.wait_for("checking: compiling", "The first check of an exercise builds more")

    def test_may_crash(self):
        self.say("check-01-1", "exit 0 crash\n")
        coach = self.start()
        coach.wait_for("1.1 The first", "quit")
        coach.press(b"p")
        coach.wait_for("was ended by signal 11")

    def test_may_print_without_end(self):
        self.say("check-01-1", "exit 0 flood\n")
        coach = self.start(CONCLAVE_LEARN_LIMIT_S="1")
        coach.wait_for("1.1 The first", "quit")
        coach.press(b"p")
        coach.wait_for("did not end in time")
        coach.press(b"G")
        coach.wait_for("more bytes are left out")

    def test_may_be_missing(self):
        (self.folder / "tools/exercise").unlink()
        coach = self.start()
        coach.wait_for("tools/exercise status cannot be started: No such file or directory")
        shutil.copy2(FAKE, self.folder / "tools/exercise")
        coach.press(b"p")
        coach.wait_for("1.1 The first")

    def test_may_say_what_nobody_understands(self):
        self.say("status", "exit 0\nhello\n")
        coach = self.start()
        coach.wait_for('tools/exercise status names no exercise: "hello')

    def test_is_gone_when_the_coach_ends(self):
        self.say("check-01-1", "exit 0 hang\n")
        coach = self.start()
        coach.wait_for("1.1 The first", "quit")
        coach.press(b"p")
        coach.wait_for("checking, 1 s")
        coach.press(CTRL_C)
        self.assertEqual(coach.wait_for_end(), 0)
        left = subprocess.run(["pgrep", "-f", str(self.folder)], stdout=subprocess.PIPE, text=True).stdout
        self.assertEqual(left, "")

    def test_is_asked_to_give_up_only_after_a_yes(self):
        self.say("solution-01-1", "exit 0\nOur answer.\n")
        coach = self.start()
        coach.wait_for("1.1 The first", "quit")
        coach.press(b"s")
        coach.wait_for("y gives up")
        coach.press(b"x")
        coach.wait_for("Save, and it is checked")
        coach.press(b"sy")
        coach.wait_for("Our answer.")
        self.assertEqual([line for line in self.asked() if "solution" in line], ["solution 01-1 give up"])


class ASecondCoach(CoachTest):
    def test_names_the_first_and_ends(self):
        first = self.start()
        first.wait_for("1.1 The first")
        second = self.start()
        second.wait_for(f"make learn runs already in this folder, as process {first.process}")
        self.assertEqual(second.wait_for_end(), 2)

    def test_may_follow_one_that_was_killed(self):
        first = self.start()
        first.wait_for("1.1 The first")
        os.kill(first.process, signal.SIGKILL)
        first.wait_for_end()
        self.start().wait_for("1.1 The first")


class TheBeginning(CoachTest):
    def test_is_the_exercise_that_was_asked_for(self):
        self.start("1.2").wait_for("1.2 The second")

    def test_is_refused_for_an_unknown_exercise(self):
        coach = self.start("9.9")
        coach.wait_for('there is no exercise "9.9"; want EX=01-1 to EX=02-1')
        self.assertEqual(coach.wait_for_end(), 2)

    def test_asks_a_question_that_any_key_skips(self):
        self.say("question-02", "exit 0\nexercise\t01-1\ntext\tIs it so?\nchoice\tyes\nchoice\tno\nanswer\tno\n")
        coach = self.start("02-1")
        coach.wait_for("One question", "Is it so?", "2  no")
        coach.press(b"x")
        coach.wait_for("2.1 The third")


if __name__ == "__main__":
    unittest.main()
