"""make chapter WITHOUT=: a program of a chapter, with one mistake planted in the chapter's library."""
import unittest

import scratch

PROGRAM = r"""
    /// @file  Halves ten, and asks about three.  Nothing else.
    #include <cstdio>
    #include "numbers/half.hpp"
    int main() {
      std::printf("half of ten is %%d\n", half(10));
      std::printf("three is %%s\n", is_even(3) ? "even" : "odd");
      std::printf("the library says %%s\n", even_in_the_library(3) ? "even" : "odd");
      %s
    }
    """


class Without(scratch.ScratchBook):
    def setUp(self):
        super().setUp()
        for path in ("cmake/BookChapter.cmake", "cmake/BookBatches.cmake", "cmake/BookWithout.cmake", "tools/chapter", "tools/without", "tools/run_example"):
            self.copy(path)
        self.write("CMakeLists.txt", """
            cmake_minimum_required(VERSION 3.25)
            project(planted LANGUAGES CXX)
            list(APPEND CMAKE_MODULE_PATH ${PROJECT_SOURCE_DIR}/cmake)
            enable_testing()
            add_library(book_runtime_options INTERFACE)
            add_library(book_options ALIAS book_runtime_options)
            add_library(book::common INTERFACE IMPORTED)
            include(BookChapter)
            add_subdirectory(chapters/01-numbers)
            """)
        self.write("CMakePresets.json", '{"version": 6, "configurePresets": [{"name": "dev", "generator": "Ninja", '
                   '"binaryDir": "${sourceDir}/build/dev"}]}')
        self.write("chapters/01-numbers/CMakeLists.txt",
                   "book_chapter(01-numbers DEPENDS common SOURCES half.cpp even.cpp EXAMPLES show calm FAULTS broken)\n")
        self.write("chapters/01-numbers/numbers/half.hpp", """
            #pragma once
            int half(int x);
            bool even_in_the_library(int x);
            inline bool is_even(int x) {
              return x % 2 == 0;
            }
            """)
        self.write("chapters/01-numbers/numbers/half.cpp", '#include "numbers/half.hpp"\nint half(int x) {\n  return x / 2;\n}\n')
        self.write("chapters/01-numbers/numbers/even.cpp", '#include "numbers/half.hpp"\nbool even_in_the_library(int x) { return is_even(x); }\n')
        shown = "half of ten is 5\nthree is odd\nthe library says odd\n"
        for place, status in (("examples/show", 0), ("faults/broken", 7)):
            self.write(f"chapters/01-numbers/{place}.cpp", PROGRAM % f"return {status};")
            self.write(f"chapters/01-numbers/{place}.out", shown + (f"exit status {status}\n" if status else ""))
        self.write("chapters/01-numbers/examples/calm.cpp", '/// @file  Is calm.\n#include <cstdio>\nint main() { std::puts("calm"); }\n')
        self.write("chapters/01-numbers/examples/calm.out", "calm\n")
        self.mutant("thirds", "half.cpp", "  return x / 2;", "  return x / 3;", "a half is a third")
        self.mutant("all-even", "half.hpp", "  return x % 2 == 0;", "  return true;", "every number is even")
        self.mutant("for-ever", "half.cpp", "  return x / 2;", "  for (volatile int i = 0;; i = i + 1) {}", "there is time")
        self.mutant("for-ever-and-loud", "half.cpp", "  return x / 2;", '  for (;;) __builtin_puts("loud");', "paper is patient")
        self.mutant("a-trap", "half.cpp", "  return x / 2;", "  __builtin_trap();", "nobody halves")

    def mutant(self, name, file, old, new, misconception):
        self.write(f"tests/mutants/01-numbers/{name}.mutant", f"file: chapters/01-numbers/numbers/{file}\ntest: Half.OfTenIsFive\n"
                   f"misconception: {misconception}\nlooks like: it looks like {name}\n--- old\n{old}\n--- new\n{new}\n--- end\n")

    def run_without(self, rule, program="show", **environment):
        return self.tool("chapter", "run", "1", program, "--without", rule, **environment)

    def test_programs_without_a_rule(self):
        self.a_source_is_altered()
        self.a_header_is_altered_for_the_library_too()
        self.a_program_that_does_not_end_is_ended()
        self.all_programs_are_tried()
        self.wrong_names_are_answered()
        status, said = self.tool("chapter", "run", "1", "show")
        self.assertEqual(status, 0, said)
        self.assertIn("half of ten is 5\nthree is odd\nthe library says odd\n", said)  # the book itself is as it was

    def a_source_is_altered(self):
        ran = self.run_without("thirds")
        self.assert_says(ran, 0, "half of ten is 3\nthree is odd\n", "a half is a third", "it looks like thirds", "of ten is five",
                         "With the rule it prints something else")
        self.assertLess(ran[1].index("a half is a third"), ran[1].index("half of ten is 3"))
        self.assert_says(self.run_without("thirds", "broken"), 0, "half of ten is 3\n", "exit status 7\n")
        self.assert_says(self.run_without("thirds", "calm"), 0, "\ncalm\n", "This program prints the same with the rule")
        self.assert_says(self.run_without("a-trap"), 0, "exit status 132\n")

    def a_header_is_altered_for_the_library_too(self):
        self.assert_says(self.run_without("all-even"), 0, "half of ten is 5\nthree is even\nthe library says even\n")
        self.assert_says(self.run_without("thirds"), 0, "half of ten is 3\nthree is odd\nthe library says odd\n")
        self.assert_says(self.run_without("all-even"), 0, "the library says even\n")

    def a_program_that_does_not_end_is_ended(self):
        self.assert_says(self.run_without("for-ever", WITHOUT_LIMIT_S="0.5"), 0, "It had not ended after 0.5 s, so it was ended.")
        self.assert_says(self.run_without("for-ever-and-loud"), 0, "loud\n", "It had printed 400 lines and went on, so it was ended.")

    def all_programs_are_tried(self):
        self.assert_says(self.run_without("thirds", ""), 0, "show   prints something else: make chapter C=01 P=show WITHOUT=thirds",
                         "calm   prints the same\n", "broken prints something else")

    def wrong_names_are_answered(self):
        self.assert_says(self.run_without("list", ""), 0, "  thirds            a half is a third\n", "  all-even          every number is even\n")
        self.assert_says(self.run_without("third"), 1, "There is no rule 'third' in 01-numbers.  Did you mean WITHOUT=thirds?  WITHOUT=list names them.")
        self.assert_says(self.run_without("thirds", "shwo"), 1, "There is no program 'shwo' in 01-numbers.  Did you mean P=show?",
                         "P=show, P=calm, P=broken")


if __name__ == "__main__":
    unittest.main()
