"""Builds an exercise, and tells a reader of the compiler's first error, and of its warnings: shortened, with the place."""

import itertools
import os
import pathlib
import re
import subprocess
import sys
import time

from book_exercises import ROOT, Exercise, Wrong

COLOUR = re.compile(r"\x1b\[[0-9;]*[mK]")
STEP = re.compile(r"^\[(\d+)/(\d+)\] ")
PLACED = re.compile(r"^(?P<file>/[^:\s]+):(?P<line>\d+):(?:\d+:)? (?P<text>.*)")
MESSAGE_CHARS_MAX = 300
WARNINGS_MAX = 3


def line_of(label, text):
    """As the test programs print a label and its text."""
    return f"  {label:<15}: {text}"


def from_root(path):
    return str(path).replace(f"{ROOT}/", "")


class Builder:
    def __init__(self, folder, silent=False):
        self.folder = pathlib.Path(folder)
        self.silent = silent  # no lines of progress

    def exercise(self, folder):
        """What the build knows about the exercise; configures the build when it is new."""
        description = self.folder / "exercises" / f"{folder}.json"
        if not description.exists():
            self.configure()
        if not description.exists():
            raise Wrong(f"{from_root(description)} is missing: exercises/CMakeLists.txt has no book_exercise({folder} ...)")
        return Exercise.read(description)

    def configure(self):
        ran = subprocess.run(["cmake", "--preset", os.environ.get("PRESET") or "dev", "-B", self.folder], cwd=ROOT, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if ran.returncode != 0:
            raise Wrong(f"the build cannot be configured:\n{ran.stdout[ran.stdout.find('CMake Error') :].strip()}")

    def build(self, *targets):
        """Builds, with one line of progress when it takes a while; returns whether all went well, and what was printed."""
        start = time.monotonic()
        shown = sys.stdout.isatty() and not self.silent
        if shown:
            print("building what is needed", end="", flush=True)
        output = []
        with subprocess.Popen(["cmake", "--build", self.folder, "--target", *targets], cwd=ROOT, text=True, errors="replace",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as ninja:
            for line in ninja.stdout:
                output.append(COLOUR.sub("", line))
                step = STEP.match(line)
                if step and time.monotonic() - start > 1 and not self.silent:
                    if sys.stdout.isatty():
                        print(f"\r\033[Kbuilding what is needed: {step[1]} of {step[2]}", end="", flush=True)
                    elif not shown:
                        print(f"building what is needed: {step[2]} files", flush=True)
                    shown = True
        if shown and sys.stdout.isatty():
            print("\r\033[K", end="", flush=True)
        return ninja.returncode == 0, "".join(output)


def shorten(text):
    return text if len(text) <= MESSAGE_CHARS_MAX else text[:MESSAGE_CHARS_MAX] + " ..."


def quoted(lines):
    """The compiler's picture of the line it speaks of, from the lines after its message."""
    return [text[:120] for text in itertools.takewhile(lambda text: re.match(r"^\s*\d*\s*\|", text), lines)]


def warnings(output, sources):
    """What the compiler warned of in the reader's files, when it compiled them in this build."""
    lines = output.splitlines()
    found = []
    for i, line in enumerate(lines):
        placed = PLACED.match(line)
        if placed and placed["file"] in sources and "warning: " in placed["text"]:
            text = shorten(placed["text"].split("warning: ", 1)[1])
            found.append([line_of("a warning", f"{from_root(placed['file'])}:{placed['line']}: {text}"), *quoted(lines[i + 1 :])])
    if len(found) > WARNINGS_MAX:
        found[WARNINGS_MAX:] = [[line_of("more warnings", str(len(found) - WARNINGS_MAX))]]
    return itertools.chain(*found)


def first_error(output, sources):
    """The first error of a build: its place, its message, and the line it is about."""
    lines = output.splitlines()
    for i, line in enumerate(lines):
        placed = PLACED.match(line)
        if placed and "error: " in placed["text"]:
            yield line_of("at", f"{from_root(placed['file'])}:{placed['line']}")
            yield line_of("the compiler", shorten(placed["text"].split("error: ", 1)[1]))
            yield from quoted(lines[i + 1 :])
            if placed["file"] not in sources:  # deep in a header: where did the reader come from?
                near = [PLACED.match(text.strip().removeprefix("In file included from ").rstrip(",:") + ": x") for text in lines]
                caused = next((match for match in near if match and match["file"] in sources), None)
                if caused:
                    yield line_of("because of", f"{from_root(caused['file'])}:{caused['line']}")
            return
        missing = re.search(r"undefined reference to `(.*)'", line)
        if missing:
            yield line_of("the linker", f"nothing defines {shorten(missing[1])}")
            yield line_of("compare", "its name, parameters and namespace with the contract's")
            return
    yield from lines[-8:]
