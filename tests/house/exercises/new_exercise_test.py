"""make new-exercise: a draft of each kind works at once, and the gate names what is still to be written."""
import os
import subprocess
import unittest

import scratch

KINDS = ("predict", "diagnose", "fix", "build", "break-it", "rebuild")


class NewExercise(scratch.ScratchBook):
    def setUp(self):
        super().setUp()
        for path in ("tools/new_exercise", "tools/book_drafts.py"):
            self.copy(path)
        self.write("chapters/01-goroutines/reference.md", "# Reference\n")
        self.write("exercises/01-2-twice/README.md", "What.\n")
        self.write("exercises/01-10-tenfold/README.md", "What.\n")
        self.write("exercises/CMakeLists.txt", """
            # The exercises.

            # Of numbers.
            book_exercise(01-2-twice KIND build CHAPTER goroutines SOURCES twice.cpp
              STUB_FAILS Twice.Doubles todo)

            # And of more.
            book_exercise(01-10-tenfold KIND build CHAPTER goroutines SOURCES tenfold.cpp
              STUB_FAILS Tenfold.Multiplies todo)

            book_chapter_mutants(01-goroutines)
            """)

    def listed(self):
        return (self.root / "exercises/CMakeLists.txt").read_text()

    def test_a_sentence_stands_in_the_books_order(self):
        self.assert_says(self.tool("new_exercise", "build", "01-3-half-of-it"), 0, "made exercises/01-3-half-of-it/README.md",
                         "and a sentence in exercises/CMakeLists.txt", "make check EX=01-3")
        self.assertIn("todo)\n\nbook_exercise(01-3-half-of-it KIND build CHAPTER goroutines SOURCES half_of_it.cpp\n"
                      "  STUB_FAILS HalfOfIt.AddsOne todo)\n\n# And of more.\n", self.listed())
        self.tool("new_exercise", "fix", "01-11-last")
        self.assertIn("book_exercise(01-11-last KIND fix CHAPTER goroutines SOURCES last.cpp\n  STUB_FAILS Last.AddsOne failed)\n\n"
                      "book_chapter_mutants(01-goroutines)\n", self.listed())
        self.tool("new_exercise", "predict", "01-1-first")
        self.assertIn("# The exercises.\n\nbook_exercise(01-1-first KIND predict CHAPTER goroutines SOURCES answers.txt GIVEN programs.cpp\n"
                      "  STUB_FAILS First.Farewell todo)\n\n# Of numbers.\n", self.listed())

    def test_wrong_requests_make_nothing(self):
        before = self.listed()
        self.write("tests/exercises/01-4-taken_test.cpp", "mine\n")
        for kind, name, complaint in (
                ("build", "01-2-thrice", "there is an exercise 01-2 already, exercises/01-2-twice; the next free number is 01-11"),
                ("puzzle", "01-3-half", "want KIND=, one of: predict, diagnose, fix, build, break-it, rebuild; it is 'puzzle'"),
                ("biuld", "01-3-half", "Did you mean build?"),
                ("build", "1-3-half", "want EX=, a name as in EX=02-11-ticket-office: chapter, number, words of small letters; it is '1-3-half'"),
                ("build", "01-3-Half", "it is '01-3-Half'"),
                ("build", "01-03-half", "it is '01-03-half'"),
                ("build", "01-3-../../x", "it is '01-3-../../x'"),
                ("build", "01-3", "it is '01-3'"),
                ("build", "", "it is ''"),
                ("build", "07-3-half", "there is no chapter 07; there are: 01-goroutines"),
                ("build", "01-3-switch", "'switch' will be the name of a function, and it is a word of C++"),
                ("build", "01-4-taken", "tests/exercises/01-4-taken_test.cpp exists already; nothing was made")):
            self.assert_says(self.tool("new_exercise", kind, name), 1, complaint)
        self.assert_says(self.tool("new_exercise"), 1, "make new-exercise KIND=build EX=02-11-ticket-office")
        self.assertEqual(self.listed(), before)
        self.assertEqual(sorted(path.name for path in (self.root / "exercises").iterdir()), ["01-10-tenfold", "01-2-twice", "CMakeLists.txt"])
        self.assertFalse((self.root / "solutions").exists())


@unittest.skipUnless("PLANTED_GOROUTINES" in os.environ, "needs the book's libraries: ctest -C gates -R house.exercises.drafts")
class Drafts(scratch.ScratchBook):
    def setUp(self):
        super().setUp()
        for path in ("tools/new_exercise", "tools/book_drafts.py", "cmake/BookExercise.cmake", *(
                f"tests/exercises/support/{name}.{end}" for name in ("answers", "apart", "break_it", "dumps") for end in ("cpp", "hpp"))):
            self.copy(path)
        self.write("chapters/01-goroutines/reference.md", "# Reference\n")
        self.write("exercises/CMakeLists.txt", "")
        self.write("CMakePresets.json", '{"version": 6, "configurePresets": [{"name": "dev", "generator": "Ninja", '
                   '"binaryDir": "${sourceDir}/build/dev"}]}')
        # The library knows the book's root; a place of its own knows this one's.
        self.write("CMakeLists.txt", """
            cmake_minimum_required(VERSION 3.25)
            project(planted LANGUAGES CXX)
            list(APPEND CMAKE_MODULE_PATH ${PROJECT_SOURCE_DIR}/cmake)
            enable_testing()
            set(Boost_USE_STATIC_LIBS ON)
            find_package(Boost REQUIRED COMPONENTS fiber context)
            find_package(fmt REQUIRED)
            find_package(GTest REQUIRED)
            add_library(book_options INTERFACE)
            target_compile_features(book_options INTERFACE cxx_std_20)
            target_compile_options(book_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
            foreach(name goroutines testing process common)
              add_library(book::${name} STATIC IMPORTED)
            endforeach()
            set_target_properties(book::goroutines PROPERTIES IMPORTED_LOCATION %(PLANTED_GOROUTINES)s)
            set_target_properties(book::testing PROPERTIES IMPORTED_LOCATION %(PLANTED_TESTING)s)
            set_target_properties(book::process PROPERTIES IMPORTED_LOCATION %(PLANTED_PROCESS)s)
            set_target_properties(book::common PROPERTIES IMPORTED_LOCATION %(PLANTED_COMMON)s)
            add_library(place STATIC %(PLANTED_SOURCE)s/common/common/place.cpp)
            target_compile_definitions(place PRIVATE BOOK_ROOT="${PROJECT_SOURCE_DIR}/")
            target_include_directories(place PUBLIC %(PLANTED_SOURCE)s/common)
            target_link_libraries(place PUBLIC fmt::fmt PRIVATE book_options)
            target_include_directories(book::common INTERFACE %(PLANTED_SOURCE)s/common)
            target_link_libraries(book::process INTERFACE place book::common)
            target_link_libraries(book::common INTERFACE fmt::fmt)
            target_link_libraries(book::testing INTERFACE book::process place book::common GTest::gtest GTest::gmock)
            target_include_directories(book::goroutines INTERFACE %(PLANTED_SOURCE)s/chapters/01-goroutines)
            target_link_libraries(book::goroutines INTERFACE place book::common Boost::fiber Boost::context fmt::fmt backtrace)
            set(support tests/exercises/support)
            add_library(exercise_support STATIC ${support}/answers.cpp ${support}/apart.cpp ${support}/break_it.cpp ${support}/dumps.cpp)
            add_library(book::exercise_support ALIAS exercise_support)
            target_include_directories(exercise_support PUBLIC tests/exercises)
            target_link_libraries(exercise_support PUBLIC book::goroutines book::testing PRIVATE book_options)
            include(BookExercise)
            add_subdirectory(exercises)
            """ % os.environ)

    def run_program(self, *command):
        ran = subprocess.run(command, cwd=self.root, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return ran.returncode, ran.stdout

    def test_each_kind_works_at_once(self):
        for number, kind in enumerate(KINDS, 1):
            self.assert_says(self.tool("new_exercise", kind, f"01-{number}-{kind}-this"), 0)
        self.assert_says(self.run_program("cmake", "--preset", "dev"), 0)
        self.assert_says(self.run_program("cmake", "--build", "build/dev"), 0)
        self.assert_says(self.run_program("ctest", "--test-dir", "build/dev"), 0, "100% tests passed")
        self.assert_says(self.tool("mutants", "judge", "--fingerprints"), 0, "6 mutants, 6 killed, 0 alive")
        for number, kind in enumerate(KINDS, 1):
            self.the_stub_fails(number, kind)
            self.the_gate_names_what_is_to_be_written(number, kind)

    def the_stub_fails(self, number, kind):
        status, said = self.tool("exercise", "check", f"01-{number}")
        self.assertEqual(status, 1, said)
        self.assertIn("FAIL" if kind == "fix" else "TODO", said)

    def the_gate_names_what_is_to_be_written(self, number, kind):
        folder = f"01-{number}-{kind}-this"
        status, said = self.tool("exercise_gate", self.root / f"build/dev/exercises/{folder}.json")
        self.assertEqual(status, 1, said)
        for line in said.splitlines():
            self.assertRegex(line, r"still to write: \w|want at least 4 mutants|want a row in the table|^    \| \[1")
        self.assertIn(f"exercises/{folder}/README.md:5: still to write: ", said)
        self.assertIn(f"exercises/{folder}/hints/3.md:1: still to write: ", said)
        self.assertIn(f"tests/mutants/{folder}/", said)


if __name__ == "__main__":
    unittest.main()
