"""What the judge of the mutants and the gate of an exercise accept, and what they refuse."""
import unittest

import planted
from planted import FOLDER, README, TABLE


class Judges(planted.PlantedExercise):
    def judge(self, *verdicts, **changes):
        """Judges one mutant whose program says these verdicts."""
        program = self.program("mutant", *verdicts)
        entry = {"mutant": str(self.mutant(**changes)), "program": program, "answers": ""}
        return self.tool("mutants", "built", "--fingerprints", self.description(mutants=[entry]))

    def alter(self, **changes):
        return self.tool("mutants", "alter", self.mutant(**changes), self.root / "build/altered.cpp")

    def gate(self, count=4, **changes):
        entries = [{"mutant": str(self.mutant(f"m{i}")), "program": self.stub, "answers": ""} for i in range(count)]
        return self.tool("exercise_gate", self.description(mutants=entries, **changes))

    # The judge.

    def test_a_mutant_dies_by_the_assertion_of_its_test(self):
        self.assert_says(self.judge("Twice.DoublesOne\tfailed\tit was 3"), 0, "1 mutants, 1 killed, 0 alive")

    def test_a_mutant_that_passes_its_test_survives_whatever_other_tests_say(self):
        ran = self.judge("Twice.DoublesOne\tpassed\t", "Twice.DoublesTwo\tfailed\tit was 4")
        self.assert_says(ran, 1, "plus-two survives: Twice.DoublesOne passed", "SURVIVES", "1 alive")

    def test_a_hang_or_a_crash_is_not_an_assertion(self):
        for outcome in ("hung", "crashed", "exited", "deadlock", "panic", "todo"):
            ran = self.judge(f"Twice.DoublesOne\t{outcome}\tboom")
            self.assert_says(ran, 1, f"{outcome}, where assertion was promised: boom")

    def test_a_promised_deadlock_is_one(self):
        self.assert_says(self.judge("Twice.DoublesOne\tdeadlock\tall asleep", dies="deadlock"), 0, "1 killed")
        self.assert_says(self.judge("Twice.DoublesOne\tfailed\tit was 3", dies="deadlock"), 1, "failed, where deadlock was promised")

    def test_a_test_that_does_not_exist_kills_nobody(self):
        self.assert_says(self.judge("Twice.DoublesOne\tfailed\t", test="Twice.DoublesTen"), 1, "there is no test Twice.DoublesTen")

    def test_a_name_is_one_test_and_no_pattern(self):
        self.assert_says(self.judge("Twice.DoublesOne\tfailed\t", test="Twice.*"), 1, "want one test, as in Suite.Test")

    def test_the_table_says_how_many_seeds_the_killing_took(self):
        self.assert_says(self.judge("Twice.DoublesOne\tfailed\tit was 3\t17"), 0, "Twice.DoublesOne     17  ")
        self.assert_says(self.judge("Twice.DoublesOne\tfailed\tit was 3"), 0, "Twice.DoublesOne      -  ")

    def test_the_published_table_leaves_out_what_a_break_it_reader_looks_for(self):
        entry = {"mutant": str(self.mutant()), "program": self.program("mutant", "Twice.DoublesOne\tfailed\t"), "answers": ""}
        for kind, published in (("build", True), ("break-it", False)):
            self.tool("mutants", "built", "--table", "build/table.md", self.description(kind=kind, mutants=[entry]))
            self.assertEqual("plus-two" in (self.root / "build/table.md").read_text(), published)

    # The altered copy.

    def test_old_text_is_replaced(self):
        self.assert_says(self.alter(), 0)
        self.assertEqual((self.root / "build/altered.cpp").read_text(), "int twice(int x) {\n  return x + 2;\n}\n")

    def test_old_text_must_stand_there_exactly_once(self):
        self.assert_says(self.alter(old="  return 2 * x;\n"), 1, "plus-two.mutant", "twice.cpp 0 times", "| ", "return 2 * x;")
        self.write(f"solutions/{FOLDER}/twice.cpp", "int y;\n" + "  return x + x;\n" * 2)
        self.assert_says(self.alter(), 1, "twice.cpp 2 times")

    def test_old_text_is_whole_lines(self):
        self.assert_says(self.alter(old="return x + x;\n"), 1, "0 times; want exactly once, as whole lines")

    def test_a_mutant_file_says_all_it_must(self):
        self.assert_says(self.alter(misconception=""), 1, "there is no line 'misconception:'")
        self.assert_says(self.alter(dies="slowly"), 1, "'dies: slowly'", "assertion, deadlock, panic, todo")
        self.assert_says(self.alter(flavour="bitter"), 1, "mutant:5: cannot read 'flavour: bitter'")
        self.assert_says(self.alter(old=""), 1, "the old text is empty")
        self.assert_says(self.alter(new="x\n--- old\n"), 1, "each once, in this order")

    # The gate.

    def test_a_whole_exercise_passes_the_gate(self):
        self.assert_says(self.gate(), 0, "4 mutants, 2 tests; the stub fails as declared")

    def test_the_tenth_exercise_comes_after_the_ninth(self):
        for name in ("01-10-ten", "01-9-nine"):
            self.write(f"exercises/{name}/README.md", "What.\n")
        status, said = self.tool("exercise", "check", "")
        self.assertEqual(status, 2)
        self.assertEqual([word for word in said.split() if word.startswith("EX=")], ["EX=01-2", "EX=01-9", "EX=01-10"])

    def test_files_are_missed(self):
        (self.root / f"exercises/{FOLDER}/hints/2.md").write_text("\n")
        (self.root / f"solutions/{FOLDER}/README.md").unlink()
        self.assert_says(self.gate(count=3), 1, f"want a file exercises/{FOLDER}/hints/2.md", f"want a file solutions/{FOLDER}/README.md",
                         "at least 4 mutants in tests/mutants/01-2-twice/; there are 3")

    def test_another_right_answer_is_missed(self):
        (self.root / f"solutions/{FOLDER}/also-right/times.cpp").unlink()
        self.assert_says(self.gate(), 1, f"want another right answer in solutions/{FOLDER}/also-right/")

    def test_the_head_of_the_readme_says_what_the_build_says(self):
        for old, new, complaint in (
                ("# 1.2 Two", "# 1.3 Two", "want '# 1.2 Title' as its first line; it is '# 1.3 Two of each?'"),
                ("# 1.2 ", "", "want '# 1.2 Title' as its first line"),
                ("*build · about 10", "*build · 10", "want '*build · about N minutes (an estimate)*' as its second line; it is '*build · 10 minutes"),
                ("(an estimate)", "", "as its second line"),
                ("*build", "*fix", "its second line says 'fix'; exercises/CMakeLists.txt says KIND build")):
            self.write(f"exercises/{FOLDER}/README.md", README.replace(old, new))
            self.assert_says(self.gate(), 1, f"{FOLDER}: exercises/{FOLDER}/README.md: ", complaint)

    def test_the_table_of_the_chapter_lists_it_alike(self):
        for old, new, complaint in (
                ("1.2 Two", "1.2 Three", "the row of 1.2 says title 'Three of each?'; the exercise says 'Two of each?'"),
                ("| build |", "| fix |", "says kind 'fix'; the exercise says 'build'"),
                ("| 10 |", "| 15 |", "says minutes '15'; the exercise says '10'"),
                ("[1.2", "[1.3", "says number '1.3'; the exercise says '1.2'"),
                ("01-2-twice", "01-2-thrice", "reference.md: want a row in the table of exercises:\n    "
                                              "| [1.2 Two of each?](../../exercises/01-2-twice/README.md) | build | 10 |")):
            self.write("chapters/01-numbers/reference.md", TABLE.replace(old, new))
            self.assert_says(self.gate(), 1, complaint)

    def test_a_side_room_is_a_room(self):
        self.write(f"exercises/{FOLDER}/README.md", README.replace("*build ", "*build, a side room "))
        self.write("chapters/01-numbers/reference.md", TABLE.replace(") ★ |", "), a side room |"))
        self.assert_says(self.gate(), 0)

    def test_what_is_still_to_write_is_named(self):
        self.write(f"exercises/{FOLDER}/hints/2.md", "Look.\n\nWRITE: where to look\n")
        self.write(f"tests/exercises/{FOLDER}/planted.hpp", "// WRITE: the planted ones\n")
        self.assert_says(self.gate(), 1, f"exercises/{FOLDER}/hints/2.md:3: still to write: where to look",
                         f"tests/exercises/{FOLDER}/planted.hpp:1: still to write: the planted ones")

    def test_a_source_that_nothing_builds_is_refused(self):
        self.write(f"exercises/{FOLDER}/twice.cpp", "")
        self.write(f"exercises/{FOLDER}/thrice.cpp", "")
        self.assert_says(self.gate(), 1, f"exercises/{FOLDER}/thrice.cpp is neither in SOURCES nor in GIVEN")

    def test_a_stub_that_passes_is_refused(self):
        self.stub = self.program("stub", "Twice.DoublesOne\tpassed\t", "Twice.DoublesTwo\tpassed\t")
        self.assert_says(self.gate(), 1, "Twice.DoublesOne: the stub must fail by 'todo'; it is 'passed'")

    def test_a_stub_that_crashes_or_hangs_is_refused(self):
        for outcome in ("crashed", "hung", "exited"):
            self.stub = self.program("stub", "Twice.DoublesOne\ttodo\t1.2: write it", f"Twice.DoublesTwo\t{outcome}\tboom")
            for kind in ("build", "fix"):
                self.assert_says(self.gate(kind=kind), 1, f"must not end so: {outcome}: boom")

    def test_only_a_fix_may_fail_by_more_than_its_todo(self):
        self.stub = self.program("stub", "Twice.DoublesOne\tfailed\tit was 3", "Twice.DoublesTwo\tfailed\tit was 5")
        self.assert_says(self.gate(fails=("Twice.DoublesOne", "failed")), 1, "Twice.DoublesTwo: a build stub fails by its TODO; it is 'failed'")
        self.write(f"exercises/{FOLDER}/README.md", README.replace("*build", "*fix"))
        self.write("chapters/01-numbers/reference.md", TABLE.replace("| build |", "| fix |"))
        self.assert_says(self.gate(kind="fix", fails=("Twice.DoublesOne", "failed")), 0)

    def test_the_todo_is_that_of_the_exercise(self):
        self.stub = self.program("stub", "Twice.DoublesOne\ttodo\t1.20: write it", "Twice.DoublesTwo\ttodo\t1.2: write it")
        self.assert_says(self.gate(), 1, 'want todo("1.2: ...")')

    def test_as_many_tests_run_as_are_written(self):
        self.stub = self.program("stub", "Twice.DoublesOne\ttodo\t1.2: write it", "Twice.DoublesTen\ttodo\t1.2: write it")
        self.assert_says(self.gate(), 1, "Twice.DoublesTwo is written and did not run", "Twice.DoublesTen ran and is written in no test file")

    def test_tests_that_cannot_be_counted_are_refused(self):
        self.write(f"tests/exercises/{FOLDER}_test.cpp", "TEST_P(Twice, Doubles) {}\n")
        self.assert_says(self.gate(), 1, "a TEST_P cannot be counted")


if __name__ == "__main__":
    unittest.main()
