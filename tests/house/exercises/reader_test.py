"""What a reader is told: check, hint, why, solution, reset, progress, and what programs are told: status, question."""
import fcntl
import subprocess
import unittest

import reader

ALMOST = "DoublesTwo failed it was 3 at 0x77f1\n"


class Verbs(reader.Reader):
    def test_a_check_says_what_comes_next(self):
        self.begin_history()
        self.assert_says(self.exercise("check", "1.2"), 1, "FAIL  Twice.DoublesOne", "exercises/01-2-twice/twice.cpp", "make why EX=01-2",
                         "make hint EX=01-2", "make check EX=01-2")
        self.answer("# done\n")
        self.assert_says(self.exercise("check", "1.2"), 0, "PASS  01-2-twice: 2 tests", "make solution EX=01-2", "exercises/02-1-sea/README.md")

    def test_after_the_last_one_comes_the_first_that_has_not_passed(self):
        (self.root / "exercises/02-1-sea/answers.txt").write_text("# done\n")
        self.assert_says(self.exercise("check", "2.1"), 0, "exercises/01-1-sky/README.md")
        (self.root / "exercises/01-1-sky/answers.txt").write_text("# done\n")
        self.answer("# done\n")
        self.exercise("check", "1.1")
        self.assert_says(self.exercise("check", "1.2"), 0, "all exercises have passed")

    def test_the_coach_hears_of_no_commands(self):
        for verb in ("check", "why", "solution", "hint"):
            status, said = self.exercise(verb, "1.2", "--coach")
            self.assertEqual(status, 0 if verb == "hint" else 1, said)
            self.assertNotRegex(said, r"make |replay|build/|GIVE_UP|building")
            if verb != "hint":
                self.assertIn("FAIL  Twice.DoublesOne\n  what happened  : 1.2: write it\n  seed           : 7\n", said)
                self.assertIn("(5 more lines)\n", said)

    def test_the_coach_hears_what_goes_on(self):
        self.assertRegex(self.exercise("check", "1.2", "--coach")[1], r"(?ms)\A@compiling\n@testing\n.*^FAIL  Twice")
        self.assertNotIn("@", self.exercise("check", "1.2")[1])

    def test_what_cannot_be_asked_has_a_status_of_its_own(self):
        self.assert_says(self.exercise("check", "01-7"), 2, "there is no exercise '01-7'")
        self.assert_says(self.exercise("hint", "twize"), 2, "there is no exercise 'twize'. Did you mean EX=01-2?")
        self.file.unlink()
        for verb in ("check", "why", "solution", "hint"):
            self.assert_says(self.exercise(verb, "01-2"), 2, "exercises/01-2-twice/twice.cpp is gone; 'make reset EX=01-2' brings it back")

    def test_an_answer_that_cannot_be_saved_is_named(self):
        self.file.chmod(0o444)
        self.assert_says(self.exercise("check", "1.2"), 1, "read-only      : exercises/01-2-twice/twice.cpp; 'chmod u+w exercises/01-2-twice/twice.cpp' lets you write")
        self.assertNotIn("chmod", self.exercise("check", "1.2", "--coach")[1])

    def test_code_that_does_not_compile(self):
        self.write("build/errors", f"{self.file}:1:4: error: no such thing\n    1 | thing\n")
        for verb in ("check", "why", "solution"):
            self.assert_says(self.exercise(verb, "1.2"), 1, "FAIL  01-2 does not compile", "exercises/01-2-twice/twice.cpp:1", "no such thing")

    def test_a_second_check_waits_and_says_so(self):
        with open(self.root / "build/dev/.exercise.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with subprocess.Popen([self.root / "tools/exercise", "check", "1.2"], env={"PATH": f"{self.root}/bin:/usr/bin:/bin"}, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as second:
                self.assertIn("another check works in build/dev; this one waits for it", second.stdout.readline())
                fcntl.flock(lock, fcntl.LOCK_UN)
                self.assertIn("FAIL  Twice.DoublesOne", second.stdout.read())


class LooksLike(reader.Reader):
    def setUp(self):
        super().setUp()
        for name in ("one", "other", "third"):
            self.write(f"tests/mutants/01-2-twice/{name}.mutant", f"file: f\ntest: Twice.DoublesTwo\nmisconception: m\nlooks like: mistake {name}\n"
                       "--- old\na\n--- new\nb\n--- end\n")
        self.prints("one", "other")

    def prints(self, *names):
        self.write("tests/mutants/01-2-twice/fingerprints.txt",
                   "".join(f"{name}\tTwice.DoublesTwo\tfailed\tit was # at #\n" for name in names))

    def test_the_second_failure_of_one_kind_is_recognised(self):
        self.answer(ALMOST)
        first = self.exercise("check", "1.2")
        self.assertNotIn("looks like", first[1])
        self.answer(ALMOST.replace("3", "44"))
        second = self.exercise("check", "1.2")
        self.assert_says(second, 1, "  looks like     : mistake one\n  looks like     : mistake other\n")
        self.assert_says(self.exercise("why", "1.2"), 1, "  looks like     : mistake one\n")

    def test_the_same_answer_again_is_no_second_failure(self):
        self.answer(ALMOST)
        for _ in range(3):
            self.assertNotIn("looks like", self.exercise("check", "1.2")[1])

    def test_another_mistake_between_begins_anew(self):
        for answer in (ALMOST, "DoublesTwo failed nothing came\n", ALMOST + "\n"):
            self.answer(answer)
            self.assertNotIn("looks like", self.exercise("check", "1.2")[1])

    def test_nothing_is_said_where_too_much_matches(self):
        self.prints("one", "other", "third")
        for answer in (ALMOST, ALMOST.replace("3", "44")):
            self.answer(answer)
            self.assertNotIn("looks like", self.exercise("check", "1.2")[1])

    def test_nothing_is_said_where_nothing_matches(self):
        for answer in ("DoublesTwo crashed boom\n", "DoublesTwo crashed boom\n\n"):
            self.answer(answer)
            self.assertNotIn("looks like", self.exercise("check", "1.2")[1])


class Hints(reader.Reader):
    def hint(self, minute):
        return self.exercise("hint", "1.2", CONCLAVE_NOW=f"2030-01-01T10:{minute:02}:00")

    def test_the_first_is_free_and_the_next_comes_after_ten_minutes(self):
        self.assert_says(self.hint(0), 0, "hint 1 of 3\n\nThink 1 times.\n", "Hint 2 opens when the next changed answer has failed, or at 10:10.")
        self.assert_says(self.hint(9), 0, "hint 1 of 3", "at 10:10.")
        self.assert_says(self.hint(10), 0, "hint 2 of 3\n\nThink 2 times.\n", "exercises/01-2-twice/hints/1.md", "at 10:20.")
        self.assert_says(self.hint(19), 0, "hint 2 of 3")
        self.assert_says(self.hint(20), 0, "hint 3 of 3\n\nThink 3 times.\n", "That was the last one.")
        self.assert_says(self.hint(59), 0, "hint 3 of 3\n\nThink 3 times.\n")

    def test_a_changed_answer_that_fails_opens_the_next(self):
        self.hint(0)
        self.exercise("check", "1.2")
        self.assert_says(self.hint(1), 0, "hint 1 of 3")  # it was not changed
        self.answer(ALMOST)
        self.assert_says(self.hint(1), 0, "hint 1 of 3")  # it was not tried
        self.exercise("check", "1.2")
        self.assert_says(self.hint(1), 0, "hint 2 of 3")
        self.exercise("check", "1.2")
        self.assert_says(self.hint(1), 0, "hint 2 of 3")  # each hint costs a try of its own

    def test_saving_the_file_is_no_try(self):
        self.hint(0)
        self.answer(reader.STUB)
        self.exercise("check", "1.2")
        self.assert_says(self.hint(1), 0, "hint 1 of 3")

    def test_an_answer_that_does_not_compile_is_a_try(self):
        self.hint(0)
        self.answer("what?\n")
        self.write("build/errors", "error\n")
        self.exercise("check", "1.2")
        self.assert_says(self.hint(1), 0, "hint 2 of 3")

    def test_the_second_hint_of_a_break_it_exercise_names_one_that_lives(self):
        readme = self.root / "exercises/01-2-twice/README.md"
        readme.write_text(readme.read_text().replace("*build", "*break-it"))
        program = self.root / "build/dev/01-2-twice"
        tell = "open(os.environ.get('CONCLAVE_LIVING', '/dev/null'), 'w').write('it forgets the third')"
        program.write_text(program.read_text().replace("sys.exit(status)", f"{tell}; sys.exit(status)"))
        self.assertNotIn("lives", self.hint(0)[1])
        self.assert_says(self.hint(10), 0, "  one that lives : it forgets the third\n")
        self.assertNotIn("forgets", self.hint(20)[1] + self.progress_file())

    def test_who_has_passed_may_read_them_all(self):
        self.answer("# done\n")
        self.exercise("check", "1.2")
        self.hint(0)
        self.assert_says(self.hint(0), 0, "hint 2 of 3", "Hint 3 is open.")

    def test_a_clock_that_is_set_back_does_not_lock_them_for_longer(self):
        self.hint(50)
        self.assert_says(self.hint(0), 0, "hint 1 of 3", "at 10:10.")


class Why(reader.Reader):
    def test_it_tells_all_of_the_first_failing_test(self):
        self.answer(ALMOST)
        status, said = self.exercise("why", "1.2")
        self.assertEqual(status, 1)
        self.assertEqual(said.splitlines()[:2], ["FAIL  Twice.DoublesTwo", "  what happened  : it was 3 at 0x77f1"])
        for part in ("CONCLAVE_SEED=7", 'reread         : chapters/01-numbers/1-doubling.md, "What doubles"',
                     "--gtest_filter=Twice.DoublesTwo", "tests/exercises/01-2-twice_test.cpp:4\n\n    TEST(Twice, DoublesTwo) {}\n"):
            self.assertIn(part, said)
        self.assertNotIn("tests passed", said)
        self.assertNotIn("DoublesOne", said)

    def test_it_ends_with_the_source_of_the_test(self):
        self.assert_says(self.exercise("why", "1.2"), 1, "    TEST(Twice, DoublesOne) {\n      EXPECT_EQ(twice(1), 2);\n    }\n")

    def test_the_source_of_a_test_that_knows_the_answers_stays_closed(self):
        status, said = self.exercise("why", "1.1")
        self.assertEqual(status, 1)
        self.assertIn("CONCLAVE_ANSWERS=exercises/01-1-sky/answers.txt build/dev/01-1-sky --gtest_filter=Twice.DoublesOne", said)
        self.assertNotIn("EXPECT_EQ", said)

    def test_what_the_program_prints_is_bounded(self):
        program = self.root / "build/dev/01-2-twice"
        program.write_text(program.read_text().replace("it printed     : one", "it printed     :" + "\\n  line" * 3000))
        status, said = self.exercise("why", "1.2")
        self.assertEqual((status, len(said.splitlines()) < 230), (1, True))
        self.assertIn("lines are left out here)", said)

    def test_an_answer_that_passes_has_no_why(self):
        self.answer("# done\n")
        self.assert_says(self.exercise("why", "1.2"), 0, "PASS  01-2-twice")


class Solution(reader.Reader):
    def test_it_opens_after_a_pass(self):
        self.assert_says(self.exercise("solution", "1.2"), 1, "FAIL  Twice.DoublesOne", "make solution EX=01-2 GIVE_UP=1")
        self.answer("# mine\n")
        self.assert_says(self.exercise("solution", "1.2"), 0, "Why.", "# mine", "# ours")
        self.assertNotIn("gave-up", self.progress_file())

    def test_giving_up_is_written_down(self):
        self.assert_says(self.exercise("solution", "1.2", GIVE_UP="1", CONCLAVE_NOW="2030-01-01T10:00:00+00:00"), 0, "Why.", "# ours")
        self.assertRegex(self.progress_file(), r"01-2-twice\n  gave-up  2030-01-01T")


class Reset(reader.Reader):
    def test_what_was_written_is_kept(self):
        self.begin_history()
        self.answer("# mine\n")
        self.assert_says(self.exercise("reset", "1.2"), 0, "yours is kept in .backup/01-2-twice/", "your last commit, as there is no origin")
        self.assertEqual(self.file.read_text(), reader.STUB)
        self.assertEqual([path.read_text() for path in (self.root / ".backup/01-2-twice").iterdir()], ["# mine\n"])
        self.assert_says(self.exercise("reset", "1.2"), 0, "twice.cpp is as it was\n")

    def test_a_reader_may_commit_answers(self):
        self.begin_history()
        origin = self.root / "origin"
        self.git("clone", "-q", "--bare", ".", str(origin))
        self.git("remote", "add", "origin", str(origin))
        self.git("fetch", "-q", "origin")
        self.answer("# mine\n")
        self.commit()
        self.assertEqual(self.states()["01-2"], "open")
        self.assert_says(self.exercise("reset", "1.2"), 0, "the last commit shared with the origin")
        self.assertEqual(self.file.read_text(), reader.STUB)
        self.assertEqual(self.states()["01-2"], "new")

    def test_where_there_is_no_git_nothing_is_lost(self):
        self.answer("# mine\n")
        self.assert_says(self.exercise("reset", "1.2"), 2, "git knows no commit here", "yours is untouched")
        self.assertEqual(self.file.read_text(), "# mine\n")

    def test_a_file_that_is_gone_comes_back(self):
        self.begin_history()
        self.file.unlink()
        self.assert_says(self.exercise("reset", "1.2"), 0)
        self.assertEqual(self.file.read_text(), reader.STUB)


class Status(reader.Reader):
    def test_a_line_an_exercise(self):
        self.begin_history()
        status, said = self.exercise("status")
        self.assertEqual((status, said.splitlines()), (0, [
            "01-1\t01-1-sky\tpredict\t10\t\tnew\t0\texercises/01-1-sky/answers.txt\tSky",
            "01-2\t01-2-twice\tbuild\t10\t*\tnew\t0\texercises/01-2-twice/twice.cpp\tTwice",
            "02-1\t02-1-sea\tpredict\t10\t\tnew\t0\texercises/02-1-sea/answers.txt\tSea"]))

    def test_the_states(self):
        self.begin_history()
        self.answer(ALMOST)
        self.assertEqual(self.states()["01-2"], "open")
        self.exercise("check", "1.2")
        self.assertEqual(self.states()["01-2"], "open")
        self.answer("# done\n")
        self.assertEqual(self.states()["01-2"], "open")
        self.exercise("check", "1.2")
        self.assertEqual(self.states()["01-2"], "passed")
        self.answer(reader.STUB)
        self.assertEqual(self.states()["01-2"], "new")

    def test_a_pass_goes_stale_with_whatever_it_rests_on(self):
        self.begin_history()
        self.answer("# done\n")
        self.exercise("check", "1.2")
        for path in ("exercises/01-2-twice/twice.cpp", "exercises/01-2-twice/given.hpp", "tests/exercises/01-2-twice_test.cpp",
                     "tests/exercises/01-2-twice/more.cpp", "tests/exercises/support/answers.hpp", "chapters/01-numbers/numbers/half.hpp",
                     "chapters/01-numbers/numbers/new.cpp", "common/common/todo.hpp"):
            file = self.root / path
            before = file.read_text() if file.exists() else None
            self.write(path, (before or "") + "# more\n")
            self.assertEqual(self.states()["01-2"], "stale", path)
            file.unlink() if before is None else file.write_text(before)
            self.assertEqual(self.states()["01-2"], "passed", path)

    def test_a_pass_does_not_rest_on_text_nor_on_later_chapters_nor_on_what_an_editor_leaves(self):
        self.begin_history()
        self.answer("# done\n")
        self.exercise("check", "1.2")
        for path in ("exercises/01-2-twice/README.md", "exercises/01-2-twice/hints/1.md", "chapters/01-numbers/README.md",
                     "chapters/02-seas/seas/sea.hpp", "exercises/01-2-twice/.twice.cpp.swp", "exercises/01-2-twice/twice.cpp~"):
            self.write(path, "# 1.2 Twice\n")
            self.assertEqual(self.states()["01-2"], "passed", path)

    def test_where_git_cannot_tell_an_exercise_is_new_until_it_is_checked(self):
        self.assertEqual(self.states()["01-2"], "new")
        self.exercise("check", "1.2")
        self.assertEqual(self.states()["01-2"], "open")


class Progress(reader.Reader):
    def test_where_the_reader_is(self):
        self.begin_history()
        self.answer("# done\n")
        self.exercise("check", "1.2")
        self.exercise("hint", "1.1")
        self.assert_says(self.exercise("progress"), 0, "1. Numbers: 1 of 2, about 10 min left\n", "1.1   Sky (10 min, 1 hint)", "done   1.2 * Twice\n",
                         "2. Seas: 0 of 1, about 10 min left\n\n", "All: 1 of 3, about 20 min left", "The short route (*): 1 of 1, done",
                         "Next: 1.1 Sky\n  exercises/01-1-sky/README.md\n  make check EX=01-1")

    def test_what_has_changed_is_tested_again(self):
        self.begin_history()
        self.answer("# done\n")
        (self.root / "exercises/01-1-sky/answers.txt").write_text("# done\n")
        self.exercise("check", "1.1")
        self.exercise("check", "1.2")
        self.write("chapters/01-numbers/numbers/half.hpp", "int half(int x, int y);\n")
        self.write("build/dev/01-2-twice", (self.root / "build/dev/01-2-twice").read_text().replace('"passed"', '"failed no more"'), program=True)
        self.assertEqual(self.states(), {"01-1": "stale", "01-2": "stale", "02-1": "new"})
        self.assert_says(self.exercise("progress"), 0, "testing again what has changed since it passed: 1.1, 1.2",
                         "1.2 Twice passed once, and no longer does", "All: 1 of 3")
        self.assertEqual(self.states(), {"01-1": "passed", "01-2": "open", "02-1": "new"})

    def test_a_chapter_that_is_done_is_folded(self):
        self.begin_history()
        for folder, (_, source) in reader.EXERCISES.items():
            (self.root / "exercises" / folder / source).write_text("# done\n")
            self.exercise("check", folder)
        status, said = self.exercise("progress")
        self.assertEqual((status, said.splitlines()[:2]), (0, ["1. Numbers: 2 of 2, done", "2. Seas: 1 of 1, done"]))
        self.assertNotIn("Next", said)


class Question(reader.Reader):
    def setUp(self):
        super().setUp()
        self.write("exercises/01-1-sky/README.md", "# 1.1 Sky\n\n*predict · about 5 minutes (an estimate)*\n\n## noon\n\n```cpp\nvoid noon() {\n"
                   "  print(1);\n}\n```\n")
        self.write("solutions/01-1-sky/answers.txt", "# Answers.\n\n# noon: the sky is blue\nnoon: always\n\n# noon: it is green\nnoon-green: never\n")

    def test_it_is_of_an_earlier_chapter(self):
        status, said = self.exercise("question", "02", "--seed", "1")
        self.assertEqual(status, 0)
        self.assertRegex(said, r"\Aexercise\t01-1\ntext\tvoid noon\(\) {\ntext\t  print\(1\);\ntext\t}\ntext\t\ntext\t(the sky is blue|it is green)\n"
                         r"choice\talways\nchoice\tnever\nanswer\t(always|never)\n\Z")
        self.assertEqual(self.exercise("question", "01"), (0, ""))

    def test_a_seed_repeats_it(self):
        of = {seed: self.exercise("question", "02", "--seed", seed)[1] for seed in range(8)}
        self.assertEqual(len(set(of.values())), 2)
        self.assertEqual(of[5], self.exercise("question", "2", "--seed", 5)[1])

    def test_a_chapter_that_is_no_number(self):
        self.assert_says(self.exercise("question", "two"), 2, "question wants a chapter's number, as in 'question 02'; this is 'two'")


if __name__ == "__main__":
    unittest.main()
