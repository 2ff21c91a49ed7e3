"""A book in a temporary folder, with the tools of this one."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import textwrap
import unittest

BOOK = pathlib.Path(__file__).resolve().parents[3]
TOOLS = ("build", "exercise", "exercise_gate", "mutants", "progress", *(path.name for path in sorted(BOOK.glob("tools/book_*.py"))))


class ScratchBook(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve()
        for name in TOOLS:
            self.copy(f"tools/{name}")

    def copy(self, path):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(BOOK / path, self.root / path)

    def write(self, path, text, program=False):
        """Writes a file; `text` without its common indentation."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).lstrip("\n"))
        if program:
            file.chmod(0o755)
        return file

    def tool(self, name, *arguments, **environment):
        """Runs a tool: (exit status, what it prints)."""
        ran = subprocess.run([self.root / "tools" / name, *map(str, arguments)], text=True, cwd=self.root,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "PRESET": "dev", **environment})
        return ran.returncode, ran.stdout

    def assert_says(self, ran, status, *parts):
        """The tool ended with `status`, and each part stands in what it printed."""
        self.assertEqual(ran[0], status, ran[1])
        for part in parts:
            self.assertIn(part, ran[1])
