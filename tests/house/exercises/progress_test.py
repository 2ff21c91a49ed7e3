"""The file of what a reader has done: readable, never lost, believed only as far as it can be checked."""
import os
import pathlib
import subprocess
import sys
import unittest

import reader

NOBODY = 65534
WRITERS, ROUNDS = 8, 20

# Writes to .progress again and again, beside others that do.
WRITER = """
import sys
sys.path.insert(0, "tools")
import book_progress
for number in range(int(sys.argv[2])):
    book_progress.update(f"01-{sys.argv[1]}-writer", lambda record: record.note_failure("0" * 16, f"{number:016x}", ("A.B", "failed", "it was #")))
"""


class ProgressFile(reader.Reader):
    def setUp(self):
        super().setUp()
        self.file.write_text("# done\n")

    def check(self):
        return self.exercise("check", "1.2")

    def test_it_is_text(self):
        self.assert_says(self.check(), 0, "there was no .progress: what you do is kept in it from now on")
        self.assertRegex(self.progress_file(), r"\A# What you have done so far;.*\n\n01-2-twice\n  passed   \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d [0-9a-f]{16}\n\Z")
        self.assertNotIn("there was no", self.check()[1])

    def test_what_is_written_is_read_back(self):
        self.file.write_text("DoublesTwo failed it was 3 of 4\n")
        self.exercise("hint", "1.2", CONCLAVE_NOW="2030-01-01T10:00:00+00:00")
        self.check()
        self.exercise("solution", "1.2", GIVE_UP="1")
        sys.path.insert(0, str(self.root / "tools"))
        self.addCleanup(sys.path.remove, str(self.root / "tools"))
        parsed = subprocess.run([sys.executable, "-c", "import book_progress as p; r, unread = p.parse(p.FILE.read_text()); assert not unread; p.store(r)"],
                                cwd=self.root / "tools", check=False, stderr=subprocess.PIPE, text=True)
        before = self.progress_file()
        self.assertEqual(parsed.stderr, "")
        self.assertEqual(self.progress_file(), before)
        for key in ("failed", "mistake  1 ", "hints    1 2030-01-01T", "gave-up"):
            self.assertIn(f"\n  {key}", before)

    def test_a_damaged_line_is_said_and_the_rest_goes_on(self):
        self.check()
        whole = self.progress_file()
        damaged = whole + "  hints    9 yesterday\n\n01-1-sky\n  gave-up  2030-13-01T10:00:00+00:00\n  earned   a hint\n"
        (self.root / ".progress").write_text(damaged)
        ran = self.exercise("status")
        self.assert_says(ran, 0, ".progress:5: cannot read 'hints    9 yesterday', nor 1 more; those lines are left out; the file as it was is kept in .backup/progress-",
                         "01-2-twice\tbuild\t10\t*\tpassed\t0\t")
        self.assertRegex(self.progress_file(), r"\n\n01-1-sky\n  earned   a hint\n\n01-2-twice\n  passed   \S+ [0-9a-f]{16}\n\Z")
        self.assertEqual([path.read_text() for path in (self.root / ".backup").glob("progress-*")], [damaged])
        self.assertNotIn("cannot read", self.exercise("status")[1])

    def test_a_file_that_is_no_text_is_kept_aside(self):
        for content in (b"\xff\xfe\x00\x01" * 100, b"\0" * 4096, b"{\"json\": 1}\n"):
            (self.root / ".progress").write_bytes(content)
            self.assert_says(self.check(), 0, ".progress:1: cannot read '", "PASS  01-2-twice")
            self.assertIn(content, [path.read_bytes() for path in (self.root / ".backup").glob("progress-*")])
            self.assertIn("passed", self.progress_file())

    def test_a_deleted_file_begins_anew(self):
        self.begin_history()
        self.check()
        (self.root / ".progress").unlink()
        self.assertEqual(self.states()["01-2"], "new")
        self.assert_says(self.check(), 0, "there was no .progress")
        self.assertEqual(self.states()["01-2"], "passed")

    def test_a_full_disk_is_said_and_the_verdict_stands(self):
        self.exercise("check", "1.1")
        before = self.progress_file()
        (self.root / ".progress.new").symlink_to("/dev/full")
        self.assert_says(self.check(), 0, ".progress cannot be written: No space left on device; this is not remembered", "PASS  01-2-twice")
        self.assertEqual(self.progress_file(), before)

    def test_a_folder_that_cannot_be_written_is_said_and_the_verdict_stands(self):
        for path in (self.root, *self.root.rglob("*")):
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        build = self.root / "build/dev"
        build.chmod(0o777)
        self.root.chmod(0o555)
        self.addCleanup(self.root.chmod, 0o755)
        as_whom = {"user": NOBODY} if os.geteuid() == 0 else {}
        ran = subprocess.run([self.root / "tools/exercise", "check", "1.2"], cwd=self.root, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             env={"PATH": f"{self.root}/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}, **as_whom)
        self.assert_says((ran.returncode, ran.stdout), 0, ".progress cannot be written: Permission denied; this is not remembered", "PASS  01-2-twice")

    def test_nothing_is_lost_when_many_write_at_once(self):
        writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(number), str(ROUNDS)], cwd=self.root, stderr=subprocess.PIPE, text=True)
                   for number in range(1, WRITERS + 1)]
        for writer in writers:
            self.assertIn(writer.communicate()[1], ("", "there was no .progress: what you do is kept in it from now on\n"))
        text = self.progress_file()
        for number in range(1, WRITERS + 1):
            self.assertIn(f"\n01-{number}-writer\n", text)
        self.assertEqual(text.count(f"  mistake  {ROUNDS} "), WRITERS)

    def test_a_writer_that_dies_leaves_the_file_whole(self):
        self.exercise("check", "1.1")
        before = self.progress_file()
        (self.root / ".progress.new").write_text("half a li")
        self.assertEqual(self.progress_file(), before)
        self.assert_says(self.check(), 0)
        self.assertIn("01-1-sky", self.progress_file())
        self.assertFalse(pathlib.Path(self.root, ".progress.new").exists())


if __name__ == "__main__":
    unittest.main()
