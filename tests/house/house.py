"""What the house's tests share: a planted tree to run a tool on, and a look at what it said."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77
TEST = re.compile(r"^TEST(?:_[FP])?\(\s*(\w+)\s*,\s*(\w+)\s*\)", re.M)


class HouseTest(unittest.TestCase):
    def setUp(self):
        self.tree = pathlib.Path(tempfile.mkdtemp(prefix="conclave-house-"))
        self.addCleanup(shutil.rmtree, self.tree)

    def plant(self, files):
        """Writes files into the tree: {path: text}.  A text that starts with #! becomes a program."""
        for path, text in files.items():
            file = self.tree / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            if text.startswith("#!"):
                file.chmod(0o755)

    def run_tool(self, *command, cwd=ROOT, **options):
        """Runs a tool of the book; returns its status, and what it printed and complained in one text."""
        done = subprocess.run([str(part) for part in command], cwd=cwd, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
        return done.returncode, done.stdout

    def assert_says(self, result, status, *texts):
        self.assertEqual(result[0], status, result[1])
        for text in texts:
            self.assertIn(text, result[1])


def main(needs=()):
    """Runs the tests of the file; skips them when a program they need is not installed."""
    missing = [program for program in needs if not shutil.which(program)]
    if missing:
        print(f"skipped: {', '.join(missing)} is not installed; `make lint` installs it")
        sys.exit(SKIPPED)
    unittest.main(module="__main__")


def tracked(*patterns):
    """The book's own files, as git knows them; every file where there is no git."""
    done = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
                          cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if done.returncode == 0:
        return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file()]
    return [file for pattern in patterns for file in ROOT.rglob(pattern) if "build" not in file.parts]


def tests_in(files):
    """The tests that these files define, as {"Suite.Name"}; of a file that does not exist, none."""
    return {".".join(test) for file in files if file.is_file() for test in TEST.findall(file.read_text())}
