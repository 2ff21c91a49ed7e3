"""What the exercise tools share: what an exercise is, how its tests are run, and how a mutant is read.

A mutant is a wrong answer kept as data, tests/mutants/FOLDER/NAME.mutant:

    file: solutions/01-2-wait-for-all/for_all.cpp
    test: ForAll.ReturnsAfterTheLastItem
    dies: assertion
    misconception: a long enough sleep is waiting
    looks like: for_all() returns after a fixed time, whatever the items do
    --- old
      group.wait();
    --- new
      sleep_for(100ms);
    --- end

FOLDER is an exercise's, or a chapter's (01-goroutines) for its library.  The old text is whole lines that stand in the
file exactly once; the new text takes their place and may be empty.  `dies` says how the named test must fail
(assertion, deadlock, panic or todo; without the line, assertion).  Other ways to fail do not count.
"""

import dataclasses
import difflib
import json
import math
import os
import pathlib
import re
import signal
import tempfile
import time

import book_containment

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEXT_KINDS = ("predict", "diagnose")
TEST_LINE = re.compile(r"^\s*TEST(?:_F)?\(\s*(\w+)\s*,\s*(\w+)\s*\)", re.M)
OTHER_TEST_LINE = re.compile(r"^\s*(?:TEST_P|TYPED_TEST\w*)\(", re.M)

# What a mutant promises, and the verdict of the test program that keeps the promise.
DEATHS = {"assertion": "failed", "deadlock": "deadlock", "panic": "panic", "todo": "todo"}


class Wrong(Exception):
    """Something a person must mend; the message says what and how."""


@dataclasses.dataclass
class Verdict:
    test: str
    outcome: str  # passed, failed, todo, deadlock, panic, crashed, hung or exited
    message: str
    seeds: int = 0  # how many the test tried, up to the one under which it failed


@dataclasses.dataclass
class Run:
    verdicts: list
    output: str
    status: int
    seconds: float
    remarks: list  # of the containment: lines that stand in the output, too


def run_tests(program, *options, answers="", timeout_s=10):
    """Runs a test program; each of its tests has timeout_s seconds before it counts as hung."""
    if not os.path.exists(program):
        raise Wrong(f"there is no program {program}; build it first")
    environment = dict(os.environ, CONCLAVE_TEST_TIMEOUT_S=str(timeout_s))
    if answers:
        environment["CONCLAVE_ANSWERS"] = str(answers)
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "verdicts")
        start = time.monotonic()
        ran = book_containment.run([program, f"--verdicts={file}", *options], environment, ROOT, file, timeout_s + 1)
        seconds = time.monotonic() - start
        lines = file.read_text(errors="replace").splitlines() if file.exists() else []
    verdicts = [Verdict(test, outcome, message, int(seeds or 0))
                for test, outcome, message, seeds in ((line.split("\t") + ["", "", ""])[:4] for line in lines)]
    output, remarks = tell_containment(ran, verdicts)
    return Run(verdicts, output, ran.status, seconds, remarks)


def tell_containment(ran, verdicts):
    """The output, and behind it what the tests could not know: why they were killed, and what they left behind."""
    output, remarks = ran.output, []
    if ran.stopped:
        killed = "it crashed with SIGKILL (Killed)"
        for verdict in verdicts:
            verdict.message = verdict.message.replace(killed, ran.stopped)
        if killed in output:
            output = output.replace(killed, ran.stopped)
        else:
            remarks.append(f"  what happened  : {ran.stopped}")
    elif ran.status < 0 or (ran.status and not verdicts):
        how = f"was killed by {signal.Signals(-ran.status).name}" if ran.status < 0 else f"ended with status {ran.status}"
        remarks.append(f"  what happened  : the tests' program {how}")
    if ran.left_count:
        remarks.append(f"  left behind    : {ran.left_count} process{'es' * (ran.left_count > 1)} that still ran; ended now")
    return output + "".join(line + "\n" for line in remarks), remarks


def written_tests(files):
    """The tests that stand in these sources, Suite.Test, in order."""
    tests = []
    for file in files:
        text = pathlib.Path(file).read_text()
        if OTHER_TEST_LINE.search(text):
            raise Wrong(f"{file}: write tests with TEST or TEST_F; a TEST_P cannot be counted")
        tests += [".".join(pair) for pair in TEST_LINE.findall(text)]
    return tests


@dataclasses.dataclass
class Mutant:
    path: pathlib.Path
    folder: str
    name: str
    file: str
    test: str
    dies: str
    misconception: str
    looks_like: str
    old: str
    new: str

    @staticmethod
    def read(path):
        path = pathlib.Path(path)
        lines = path.read_text().splitlines(keepends=True)
        fences = [i for i, line in enumerate(lines) if line.rstrip("\n") in ("--- old", "--- new", "--- end")]
        if [lines[i].strip() for i in fences] != ["--- old", "--- new", "--- end"] or fences[-1] != len(lines) - 1:
            raise Wrong(f"{path}: want the lines '--- old', '--- new' and '--- end', each once, in this order, the last at the end")
        headers = {"dies": "assertion"}
        known = ("file", "test", "dies", "misconception", "looks like")
        for number, line in enumerate(lines[: fences[0]], 1):
            key, colon, value = line.partition(":")
            if key not in known or not value.strip():
                raise Wrong(f"{path}:{number}: cannot read '{line.strip()}'; want one of: " + ", ".join(k + ": ..." for k in known))
            headers[key] = value.strip()
        missing = [key for key in known if key not in headers]
        if missing:
            raise Wrong(f"{path}: there is no line '{missing[0]}:'")
        if headers["dies"] not in DEATHS:
            raise Wrong(f"{path}: 'dies: {headers['dies']}'; want one of: " + ", ".join(DEATHS))
        if not re.fullmatch(r"\w+\.\w+", headers["test"]):
            raise Wrong(f"{path}: 'test: {headers['test']}'; want one test, as in Suite.Test")
        old = "".join(lines[fences[0] + 1 : fences[1]])
        if not old.strip():
            raise Wrong(f"{path}: the old text is empty")
        return Mutant(path, path.parent.name, path.stem, headers["file"], headers["test"], headers["dies"],
                      headers["misconception"], headers["looks like"], old, "".join(lines[fences[1] + 1 : fences[2]]))

    def alter(self, root=ROOT):
        """The text of the file with the mistake in it."""
        text = pathlib.Path(root, self.file).read_text()
        at = [match.start() for match in re.finditer(f"(?m)^(?={re.escape(self.old)})", text)]
        if len(at) != 1:
            raise Wrong(f"{self.path}: the old text stands in {self.file} {len(at)} times; want exactly once, as whole lines\n"
                        + "".join("    | " + line for line in self.old.splitlines(keepends=True)))
        return text[: at[0]] + self.new + text[at[0] + len(self.old) :]


@dataclasses.dataclass
class Exercise:
    """An exercise, or a chapter with mutants, as the build describes it."""

    folder: str
    id: str
    kind: str
    program: str
    sources: list  # what the reader writes
    given: list  # what the reader only reads
    tests: list
    stub_fails: list  # test, outcome, test, outcome ...
    mutants: list  # {"mutant": file, "program": file, "answers": file or ""}

    @staticmethod
    def read(path):
        return Exercise(**json.loads(pathlib.Path(path).read_text()))

    @property
    def is_text(self):
        return self.kind in TEXT_KINDS

    def of_reader(self, source=None):
        return ROOT / "exercises" / self.folder / (source or self.sources[0])

    def of_solution(self, source=None):
        return ROOT / "solutions" / self.folder / (source or self.sources[0])


def place(folder):
    """Sorts folders into the book's order: 02-9-name, 02-10-name, 02-channels."""
    chapter, exercise = folder.split("-")[:2]
    return int(chapter), int(exercise) if exercise.isdigit() else math.inf


def folders():
    """The folders of all exercises, in the book's order."""
    found = [path.name for path in (ROOT / "exercises").glob("[0-9][0-9]-[0-9]*-*") if path.is_dir()]
    return sorted(found, key=place)


def id_of(folder):
    return "-".join(folder.split("-")[:2])


def find(wanted):
    """The folder of the exercise called 01-2, 1.2, 01-2-wait-for-all or exercises/01-2-wait-for-all/."""
    known = folders()
    name = wanted.removeprefix("EX=").strip().rstrip("/").split("/")[-1].lower()
    numbers = re.fullmatch(r"0*(\d+)[-.](\d+)", name)
    if numbers:
        name = f"{int(numbers[1]):02}-{int(numbers[2])}"
    for folder in known:
        if name in (folder, id_of(folder)):
            return folder
    asked = "which exercise?" if not name else f"there is no exercise '{wanted}'."
    words = {word: folder for folder in known for word in (folder, id_of(folder), folder.split("-", 2)[2])}
    near = difflib.get_close_matches(name, words, 1, 0.5) if name else []
    if near:
        asked += f" Did you mean EX={id_of(words[near[0]])}?"
    raise Wrong(asked + "\n" + "\n".join(f"  EX={id_of(folder):6} {folder.split('-', 2)[2].replace('-', ' ')}" for folder in known))
