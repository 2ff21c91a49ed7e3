"""A small book, from its sentences in CMake to the reader's verdicts: what the build makes of exercises and mutants."""
import os
import subprocess
import unittest

import scratch


README = {"01-1-sky": "# 1.1 sky\n\n*predict · about 5 minutes (an estimate)*\n",
          "01-2-twice": "# 1.2 twice\n\n*build · about 5 minutes (an estimate)*\n"}


class Build(scratch.ScratchBook):
    def setUp(self):
        super().setUp()
        self.copy("cmake/BookExercise.cmake")
        environment = {name: os.environ[name] for name in ("PLANTED_SOURCE", "PLANTED_TESTING", "PLANTED_PROCESS", "PLANTED_COMMON", "PLANTED_SUPPORT")}
        self.write("CMakeLists.txt", """
            cmake_minimum_required(VERSION 3.25)
            project(planted LANGUAGES CXX)
            list(APPEND CMAKE_MODULE_PATH ${PROJECT_SOURCE_DIR}/cmake)
            enable_testing()
            find_package(fmt REQUIRED)
            find_package(GTest REQUIRED)
            add_library(book_options INTERFACE)
            target_compile_features(book_options INTERFACE cxx_std_20)
            target_compile_options(book_options INTERFACE -Wall)
            add_library(book::exercise_support STATIC IMPORTED)
            add_library(book::testing STATIC IMPORTED)
            add_library(process STATIC IMPORTED)
            add_library(common STATIC IMPORTED)
            set_target_properties(book::exercise_support PROPERTIES IMPORTED_LOCATION %(PLANTED_SUPPORT)s)
            set_target_properties(book::testing PROPERTIES IMPORTED_LOCATION %(PLANTED_TESTING)s)
            set_target_properties(process PROPERTIES IMPORTED_LOCATION %(PLANTED_PROCESS)s)
            set_target_properties(common PROPERTIES IMPORTED_LOCATION %(PLANTED_COMMON)s)
            target_include_directories(book::exercise_support INTERFACE %(PLANTED_SOURCE)s/tests/exercises)
            target_include_directories(common INTERFACE %(PLANTED_SOURCE)s/common)
            target_link_libraries(book::exercise_support INTERFACE book::testing)
            target_link_libraries(book::testing INTERFACE process common GTest::gtest GTest::gmock)
            target_link_libraries(process INTERFACE common)
            target_link_libraries(common INTERFACE fmt::fmt)
            add_library(numbers STATIC chapters/01-numbers/numbers/half.cpp)
            add_library(book::numbers ALIAS numbers)
            target_include_directories(numbers PUBLIC chapters/01-numbers)
            add_executable(numbers.tests tests/chapters/01-numbers/half_test.cpp)
            target_link_libraries(numbers.tests PRIVATE numbers book::testing book_options)
            include(BookExercise)
            add_subdirectory(exercises)
            """ % environment)
        self.write("exercises/CMakeLists.txt", """
            book_exercise(01-1-sky KIND predict CHAPTER numbers SOURCES answers.txt STUB_FAILS Sky.IsBlue todo)
            book_exercise(01-2-twice KIND build CHAPTER numbers SOURCES twice.cpp STUB_FAILS Twice.Doubles todo)
            book_chapter_mutants(01-numbers)
            """)
        self.write("CMakePresets.json", '{"version": 6, "configurePresets": [{"name": "dev", "generator": "Ninja", '
                   '"binaryDir": "${sourceDir}/build/dev"}]}')

        # A chapter with a header and a source.
        self.write("chapters/01-numbers/numbers/half.hpp", """
            #pragma once
            int half(int x);
            inline bool is_even(int x) {
              return x % 2 == 0;
            }
            """)
        self.write("chapters/01-numbers/numbers/half.cpp", """
            #include "numbers/half.hpp"
            int half(int x) {
              return x / 2;
            }
            """)
        self.write("tests/chapters/01-numbers/half_test.cpp", """
            #include <gtest/gtest.h>
            #include "numbers/half.hpp"
            TEST(Half, OfTenIsFive) { EXPECT_EQ(half(10), 5); }
            TEST(Half, TellsEvenFromOdd) { EXPECT_FALSE(is_even(3)); }
            """)
        self.mutant("01-numbers/floor", "chapters/01-numbers/numbers/half.cpp", "Half.OfTenIsFive", "  return x / 2;", "  return x / 3;")
        self.mutant("01-numbers/odd", "chapters/01-numbers/numbers/half.hpp", "Half.TellsEvenFromOdd", "  return x % 2 == 0;", "  return true;")

        # Two exercises.
        self.write("chapters/01-numbers/reference.md", "".join(
            f"| [{number} {folder[5:]}](../../exercises/{folder}/README.md) | {kind} | 5 |\n"
            for number, folder, kind in (("1.1", "01-1-sky", "predict"), ("1.2", "01-2-twice", "build"))))
        for folder in ("01-1-sky", "01-2-twice"):
            self.write(f"exercises/{folder}/README.md", README[folder])
            self.write(f"solutions/{folder}/README.md", "Why.\n")
            for level in (1, 2, 3):
                self.write(f"exercises/{folder}/hints/{level}.md", "Think.\n")
        self.write("exercises/01-1-sky/answers.txt", "sky: ?\n")
        self.write("solutions/01-1-sky/answers.txt", "sky: blue\n")
        self.write("solutions/01-1-sky/also-right/loud.txt", "# as loud as it gets\nSKY: BLUE\n")
        self.write("tests/exercises/01-1-sky_test.cpp", """
            #include <gtest/gtest.h>
            #include "support/answers.hpp"
            TEST(Sky, IsBlue) {
              const conclave::Answers answers("1.1", {{"sky", {"blue", "green", "red", "grey", "black"}}});
              EXPECT_EQ(answers.one("sky"), "blue");
            }
            """)
        for colour in ("green", "red", "grey", "black"):
            self.mutant(f"01-1-sky/{colour}", "solutions/01-1-sky/answers.txt", "Sky.IsBlue", "sky: blue", f"sky: {colour}")

        self.write("exercises/01-2-twice/twice.hpp", "int twice(int x);\n")
        self.write("exercises/01-2-twice/twice.cpp", """
            #include "twice.hpp"
            #include "common/todo.hpp"
            int twice(int x) { conclave::todo("1.2: double it"); }
            """)
        self.write("solutions/01-2-twice/twice.cpp", """
            #include "twice.hpp"
            int twice(int x) {
              return x + x;
            }
            """)
        self.write("solutions/01-2-twice/also-right/times.cpp", '#include "twice.hpp"\nint twice(int x) { return 2 * x; }\n')
        self.write("tests/exercises/01-2-twice_test.cpp", """
            #include <gtest/gtest.h>
            #include "twice.hpp"
            TEST(Twice, Doubles) { EXPECT_EQ(twice(3), 6); }
            TEST(Twice, DoublesZero) { EXPECT_EQ(twice(0), 0); }
            """)
        for name, new in (("plus-two", "x + 2"), ("once", "x"), ("square", "x * x"), ("shift", "x << 2")):
            self.mutant(f"01-2-twice/{name}", "solutions/01-2-twice/twice.cpp", "Twice.Doubles", "  return x + x;", f"  return {new};")

    def mutant(self, name, file, test, old, new):
        self.write(f"tests/mutants/{name}.mutant", f"file: {file}\ntest: {test}\nmisconception: m\nlooks like: l\n"
                   f"--- old\n{old}\n--- new\n{new}\n--- end\n")

    def run_program(self, *command):
        ran = subprocess.run(command, cwd=self.root, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return ran.returncode, ran.stdout

    def configure(self):
        return self.run_program("cmake", "--preset", "dev")

    def build(self, *targets):
        return self.run_program("cmake", "--build", "build/dev", "--target", *targets)

    def test_a_whole_book(self):
        self.assert_says(self.configure(), 0)
        self.assert_says(self.build("all"), 0)
        self.assertFalse((self.root / "build/dev/exercises/exercise.01-2").exists())  # on request only
        self.assert_says(self.run_program("ctest", "--test-dir", "build/dev"), 0, "solution.01-1.Sky.IsBlue", "also_right.01-1.loud.Sky.IsBlue",
                         "solution.01-2.Twice.Doubles ", "also_right.01-2.times.Twice.DoublesZero", "out of 6")

        self.assert_says(self.build("stubs"), 0)
        self.assert_says(self.run_program("ctest", "--test-dir", "build/dev", "-C", "gates", "-L", "stub"), 0, "out of 2")
        self.assert_says(self.tool("mutants", "judge"), 1, "10 mutants, 10 killed, 0 alive", "green has no fingerprint")
        self.assert_says(self.tool("mutants", "judge", "--fingerprints"), 0, "fingerprints: tests/mutants/01-1-sky/fingerprints.txt")
        self.assert_says(self.tool("mutants", "judge"), 0, "10 mutants, 10 killed, 0 alive", "table: build/mutants.md")
        self.assert_says(self.tool("mutants", "judge", "01-numbers"), 0, "2 mutants, 2 killed, 0 alive")
        self.assert_says(self.tool("mutants", "judge", "--chapter", "1"), 0, "10 mutants, 10 killed, 0 alive")
        self.assert_says(self.tool("mutants", "judge", "--chapter", "7"), 1, "there are no mutants of a chapter '7'; want one of: C=01")
        self.assert_says(self.tool("mutants", "judge", "1.2", "--chapter", "1"), 1, "EX=1.2 and C=1: want one of the two")

        self.the_reader_answers_in_text()
        self.the_reader_writes_code()
        self.mutants_that_do_not_die()

    def the_reader_answers_in_text(self):
        answers = self.root / "exercises/01-1-sky/answers.txt"
        self.assert_says(self.tool("exercise", "check", "1.1"), 1, "TODO  Sky.IsBlue", "'sky' in exercises/01-1-sky/answers.txt:1 still says ?",
                         "make hint EX=01-1", "make check EX=01-1")
        answers.write_text("sky: green\n")
        self.assert_says(self.tool("exercise", "check", "01-1"), 1, "FAIL  Sky.IsBlue")
        answers.write_text("sky: mauve\n")
        self.assert_says(self.tool("exercise", "check", "01-1"), 1, "'mauve' is no answer to 'sky'",
                         "  at             : exercises/01-1-sky/answers.txt:1\n")
        answers.write_text("sky: blue\n")
        self.assert_says(self.tool("exercise", "check", "01-1"), 0, "PASS  01-1-sky: 1 test", "exercises/01-2-twice/README.md")

    def the_reader_writes_code(self):
        file = self.root / "exercises/01-2-twice/twice.cpp"
        stub = file.read_text()
        for command in (("init", "-q"), ("add", "exercises"), ("-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "x")):
            self.run_program("git", *command)
        self.assert_says(self.tool("exercise", "check", "01-2-twice"), 1, "TODO  Twice.Doubles", "1 later test", "1.2: double it",
                         "exercises/01-2-twice/twice.cpp:3")
        self.assert_says(self.tool("exercise", "solution", "01-2"), 1, "TODO  Twice.Doubles", "GIVE_UP=1")
        self.assert_says(self.tool("exercise", "solution", "01-2", GIVE_UP="1"), 0, "Why.", "return x + x;", "also right: solutions/")
        file.write_text('#include "twice.hpp"\nint twice(int x) { return x + y; }\n')
        self.assert_says(self.tool("exercise", "check", "01-2"), 1, "does not compile", "exercises/01-2-twice/twice.cpp:2",
                         "was not declared in this scope", "return x + y")
        file.write_text('#include "twice.hpp"\nint Twice(int x) { return x + x; }\n')
        self.assert_says(self.tool("exercise", "check", "01-2"), 1, "nothing defines twice(int)")
        file.write_text('#include "twice.hpp"\nint twice(int x) { int three; return 2 * x; }\n')
        self.assert_says(self.tool("exercise", "check", "01-2"), 0, "PASS  01-2-twice: 2 tests\n  a warning      : "
                         "exercises/01-2-twice/twice.cpp:2: unused variable ", "three", " [-Wunused-variable]\n", "int three;")
        file.write_text('#include "twice.hpp"\nint twice(int x) { int three; return 3 * x; }\n')
        self.assert_says(self.tool("exercise", "check", "01-2"), 1, "FAIL  Twice.Doubles", "a warning      : exercises/01-2-twice/twice.cpp:2:")
        file.write_text('#include "twice.hpp"\nint twice(int x) { int a, b, c, d, e; return 2 * x; }\n')
        self.assert_says(self.tool("exercise", "check", "01-2"), 0, "int a, b, c", "more warnings  : 2")
        file.write_text('#include "twice.hpp"\nint twice(int x) { return x << 1; }\n')
        self.assert_says(self.tool("exercise", "check", "01-2"), 0, "PASS  01-2-twice: 2 tests", "make solution EX=01-2")
        self.assert_says(self.tool("exercise", "solution", "01-2"), 0, "return x << 1;", "return x + x;")

        self.assert_says(self.tool("exercise", "reset", "01-2"), 0, "yours is kept in .backup/01-2-twice/", "twice.cpp is as it was")
        self.assertEqual(file.read_text(), stub)
        kept = [path.read_text() for path in (self.root / ".backup/01-2-twice").iterdir()]
        self.assertEqual(kept, ['#include "twice.hpp"\nint twice(int x) { return x << 1; }\n'])
        self.assert_says(self.tool("exercise", "reset", "01-2"), 0, "is as it was")
        self.assertEqual(len(list((self.root / ".backup/01-2-twice").iterdir())), 1)
        file.unlink()
        self.assert_says(self.tool("exercise", "check", "01-2"), 2, "twice.cpp is gone; 'make reset EX=01-2' brings it back")
        self.assert_says(self.tool("exercise", "reset", "01-2"), 0)
        self.assertEqual(file.read_text(), stub)
        self.assert_says(self.tool("exercise", "check", "twize"), 2, "there is no exercise 'twize'. Did you mean EX=01-2?")

    def mutants_that_do_not_die(self):
        self.mutant("01-2-twice/right", "solutions/01-2-twice/twice.cpp", "Twice.Doubles", "  return x + x;", "  return 2 * x;")
        self.mutant("01-2-twice/crash", "solutions/01-2-twice/twice.cpp", "Twice.Doubles", "  return x + x;", "  __builtin_trap();")
        self.mutant("01-2-twice/spin", "solutions/01-2-twice/twice.cpp", "Twice.Doubles", "  return x + x;",
                    "  for (volatile int i = 0;; i = i + 1) {}")
        self.assert_says(self.tool("mutants", "judge", "01-2"), 1, "01-2-twice/right survives: Twice.Doubles passed",
                         "01-2-twice/crash survives: crashed, where assertion was promised",
                         "01-2-twice/spin survives: hung, where assertion was promised", "7 mutants, 4 killed, 3 alive")
        self.mutant("01-2-twice/right", "solutions/01-2-twice/twice.cpp", "Twice.Doubles", "  return x - x;", "  return 2 * x;")
        self.assert_says(self.tool("mutants", "judge", "01-2"), 1, "right.mutant: the old text stands in solutions/01-2-twice/twice.cpp 0 times")

    def test_sentences_that_are_wrong(self):
        good = "book_exercise(01-2-twice KIND build CHAPTER numbers SOURCES twice.cpp STUB_FAILS Twice.Doubles todo)"
        for old, new, complaint in (
                ("01-2-twice", "1-2-twice", "want a folder NN-N-name"),
                ("build", "puzzle", "KIND is 'puzzle'; want one of: predict"),
                ("numbers", "letters", "there is no library book::letters"),
                ("SOURCES twice.cpp", "SOURCES thrice.cpp", "there is no"),
                ("todo)", "later)", "STUB_FAILS has 'Twice.Doubles later'"),
                ("STUB_FAILS Twice.Doubles todo", "", "STUB_FAILS is empty"),
                ("CHAPTER", "EXTRA CHAPTER", "cannot read 'EXTRA'")):
            self.write("exercises/CMakeLists.txt", good.replace(old, new) + "\n")
            ran = self.configure()
            self.assert_says((ran[0], " ".join(ran[1].split())), 1, complaint)


if __name__ == "__main__":
    unittest.main()
