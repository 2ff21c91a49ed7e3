"""A small book in a temporary folder, for the tests of the tools."""
import os
import subprocess
import tempfile
import textwrap
import unittest

TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../tools")


class ScratchBook(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name

    def write(self, path, text, program=False):
        """Writes a file; `text` without its common indentation."""
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(textwrap.dedent(text).lstrip("\n"))
        if program:
            os.chmod(full, 0o755)

    def read(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8") as file:
            return file.read()

    def tool(self, name, *arguments):
        """Runs a tool on this book: (exit status, what it prints)."""
        done = subprocess.run([os.path.join(TOOLS, name), *arguments], capture_output=True, text=True,
                              env={**os.environ, "CONCLAVE_DOCS_ROOT": self.root})
        return done.returncode, done.stdout + done.stderr
