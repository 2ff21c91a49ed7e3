"""make mutants SINCE=: which mutants a change touches."""
import importlib
import subprocess
import sys
import types
import unittest

import scratch

sys.path.insert(0, str(scratch.BOOK / "tools"))
book_touched = importlib.import_module("book_touched")


def exercise(folder="01-2-twice", kind="build"):
    return types.SimpleNamespace(folder=folder, kind=kind, given=["given.cpp"], sources=["twice.cpp", "more.cpp"])


def mutant(name="plus-two", folder="01-2-twice", file="solutions/01-2-twice/twice.cpp", test="Twice.Doubles"):
    return types.SimpleNamespace(name=name, folder=folder, file=file, test=test)


class Touched(scratch.ScratchBook):
    def setUp(self):
        super().setUp()
        root = book_touched.ROOT
        self.addCleanup(setattr, book_touched, "ROOT", root)
        book_touched.ROOT = self.root
        self.write("tests/chapters/01-numbers/half_test.cpp", "TEST(Half, OfTen) {}\n")
        self.write("tests/chapters/01-numbers/other_test.cpp", "TEST(Other, One) {}\n")

    def touches(self, path, **of):
        return book_touched.is_touched(exercise(), mutant(**of), {path})

    def test_an_exercise_rests_on_its_own_files(self):
        for path in ("tests/mutants/01-2-twice/plus-two.mutant", "tests/mutants/01-2-twice/fingerprints.txt", "solutions/01-2-twice/twice.cpp",
                     "solutions/01-2-twice/more.cpp", "tests/exercises/01-2-twice_test.cpp", "tests/exercises/01-2-twice/planted.hpp",
                     "exercises/01-2-twice/twice.hpp", "exercises/01-2-twice/given.cpp"):
            self.assertTrue(self.touches(path), path)

    def test_and_on_no_other(self):
        for path in ("tests/mutants/01-2-twice/plus-three.mutant", "exercises/01-2-twice/twice.cpp", "exercises/01-2-twice/README.md",
                     "solutions/01-2-twice/README.md", "solutions/01-2-twice/also-right/times.cpp", "tests/exercises/01-20-twice_test.cpp",
                     "chapters/01-numbers/numbers/half.cpp", "tests/chapters/by_schedule.hpp", "README.md"):
            self.assertFalse(self.touches(path), path)

    def test_the_judge_and_the_support_touch_all(self):
        for path in ("tools/mutants", "tools/book_judge.py", "tools/book_exercises.py", "cmake/BookExercise.cmake", "common/testing/main.cpp",
                     "tests/exercises/support/answers.cpp"):
            self.assertTrue(self.touches(path), path)

    def test_a_chapters_mutant_rests_on_what_it_alters_and_on_the_test_that_kills_it(self):
        half = mutant(folder="01-numbers", file="chapters/01-numbers/numbers/half.cpp", test="Half.OfTen")
        for path, wanted in (("chapters/01-numbers/numbers/half.cpp", True), ("tests/chapters/01-numbers/half_test.cpp", True),
                             ("tests/chapters/01-numbers/support.hpp", True), ("tests/chapters/by_schedule.hpp", True),
                             ("tests/chapters/01-numbers/other_test.cpp", False), ("chapters/01-numbers/numbers/third.cpp", False),
                             ("tests/exercises/support/answers.cpp", False), ("tests/chapters/02-letters/support.hpp", False)):
            self.assertEqual(book_touched.is_touched(exercise("01-numbers", "chapter"), half, {path}), wanted, path)

    def test_the_sample_is_a_fixed_tenth(self):
        names = [mutant(f"m{i}") for i in range(1000)]
        sample = [one.name for one in names if book_touched.in_sample(one)]
        self.assertTrue(70 <= len(sample) <= 130, len(sample))
        self.assertEqual(sample, [one.name for one in names if book_touched.in_sample(one)])

    def git(self, *arguments):
        subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@b", *arguments], cwd=self.root, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def test_what_changed_is_what_git_says_and_what_it_does_not_know_yet(self):
        self.write("old.cpp", "1\n")
        self.write("kept.cpp", "1\n")
        self.git("init", "-q")
        self.git("add", ".")
        self.git("commit", "-qm", "one")
        self.write("committed.cpp", "2\n")
        self.git("add", ".")
        self.git("commit", "-qm", "two")
        self.write("old.cpp", "2\n")
        self.write("ä new.cpp", "2\n")
        self.assertEqual(book_touched.changed_since("HEAD~1"), {"old.cpp", "committed.cpp", "ä new.cpp"})

        jobs = [(exercise(), mutant(f"m{i}")) for i in range(100)]
        jobs[7][1].file = "old.cpp"
        chosen = {job[1].name for job in book_touched.touched(jobs, "HEAD")}
        self.assertEqual(chosen, {"m7"} | {job[1].name for job in jobs if book_touched.in_sample(job[1])})

        self.the_base_of_a_change()

        with self.assertRaisesRegex(book_touched.Wrong, "SINCE=HEAD~7: git knows no such commit"):
            book_touched.changed_since("HEAD~7")

    def base(self, *options):
        return subprocess.run([scratch.BOOK / ".ci/base", *options], cwd=self.root, text=True, stdout=subprocess.PIPE, check=True).stdout.strip()

    def commit(self, name):
        return subprocess.run(["git", "rev-parse", name], cwd=self.root, text=True, stdout=subprocess.PIPE, check=True).stdout.strip()

    def the_base_of_a_change(self):
        """Of two commits without a remote, then of a branch, then of main itself."""
        self.assertEqual(self.base(), self.commit("HEAD~1"))
        self.assertEqual(self.base("--passed"), "")
        self.git("update-ref", "refs/remotes/origin/main", "HEAD")
        self.assertEqual(self.base(), self.commit("HEAD~1"))
        self.assertEqual(self.base("--passed"), "")
        for _ in range(2):
            self.git("commit", "-q", "--allow-empty", "-m", "more")
        self.assertEqual(self.base(), self.commit("HEAD~2"))
        self.assertEqual(self.base("--passed"), self.commit("HEAD~2"))
        self.git("reset", "-q", "--soft", "HEAD~2")

    def test_without_a_history_there_is_no_base(self):
        self.git("init", "-q")
        self.assertEqual(self.base(), "")
        self.git("commit", "-q", "--allow-empty", "-m", "one")
        self.assertEqual(self.base(), "")


if __name__ == "__main__":
    unittest.main()
