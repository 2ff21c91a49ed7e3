#!/usr/bin/env python3
"""Law 1: a chapter includes only what it declares, and declares only earlier chapters and common."""
from house import ROOT, HouseTest, main

CHAPTER = "book_chapter({folder}\n  DEPENDS {depends}\n  PACKAGES fmt::fmt\n  SOURCES a.cpp\n  EXAMPLES show)\n"


class Layers(HouseTest):
    def setUp(self):
        super().setUp()
        self.plant({
            "common/common/x.hpp": "#include <vector>\n",
            "chapters/01-low/CMakeLists.txt": CHAPTER.format(folder="01-low", depends="common"),
            "chapters/01-low/low/a.cpp": '#include "low/a.hpp"\n#include <fmt/core.h>\n#include "common/x.hpp"\n',
            "chapters/02-high/CMakeLists.txt": CHAPTER.format(folder="02-high", depends="low"),
            "chapters/02-high/high/a.cpp": '#include <sys/epoll.h>\n#include <fmt/core.h>\n#include "low/a.hpp"\n',
            "chapters/02-high/steps/1-begin.cpp": '#include "low/a.hpp"\n',
            "chapters/02-high/bench/figures.cpp": '#include "bench/measure.hpp"\n#include "high/a.hpp"\n',
            "tests/chapters/02-high/a_test.cpp": '#include "testing/expect.hpp"\n#include "high/a.hpp"\n',
            "exercises/01-1-first/a.cpp": '#include "answer.hpp"\n#include "low/a.hpp"\n',
        })

    def check(self):
        return self.run_tool(ROOT / "tools/check_layers", "--root", self.tree)

    def test_the_book_keeps_it(self):
        self.assert_says(self.run_tool(ROOT / "tools/check_layers"), 0)

    def test_accepts_what_is_declared(self):
        self.assert_says(self.check(), 0)

    def test_refuses_a_later_chapter(self):
        self.plant({"chapters/01-low/low/b.hpp": '\n#include "high/a.hpp"\n'})
        self.assert_says(self.check(), 1, 'chapters/01-low/low/b.hpp:2: includes "high/a.hpp"')

    def test_refuses_to_declare_a_later_chapter(self):
        self.plant({"chapters/01-low/CMakeLists.txt": CHAPTER.format(folder="01-low", depends="common high")})
        self.assert_says(self.check(), 1, "DEPENDS high: not common and not an earlier chapter")

    def test_refuses_what_is_not_declared(self):
        self.plant({"chapters/02-high/examples/show.cpp": '#include "common/x.hpp"\n'})
        self.assert_says(self.check(), 1, 'includes "common/x.hpp": declare it in chapters/02-high/CMakeLists.txt')

    def test_refuses_a_package_that_is_not_declared(self):
        self.plant({"chapters/02-high/high/b.cpp": "#include <boost/fiber/all.hpp>\n"})
        self.assert_says(self.check(), 1, "PACKAGES does not name boost")

    def test_knows_the_package_of_a_header_without_a_folder(self):
        self.plant({"chapters/02-high/high/b.cpp": "#include <zmq.hpp>\n"})
        self.assert_says(self.check(), 1, "PACKAGES does not name cppzmq")

    def test_refuses_a_declaration_that_nothing_needs(self):
        self.plant({"chapters/02-high/CMakeLists.txt": CHAPTER.format(folder="02-high", depends="low common")})
        self.assert_says(self.check(), 1, "chapters/02-high/CMakeLists.txt: declares common")

    def test_refuses_a_step_that_starts_from_its_own_library(self):
        self.plant({"chapters/02-high/steps/2-more.cpp": '#include "high/a.hpp"\n'})
        self.assert_says(self.check(), 1, "a step grows high from nothing")

    def test_refuses_a_chapter_in_common(self):
        self.plant({"common/common/y.hpp": '#include "low/a.hpp"\n'})
        self.assert_says(self.check(), 1, "common is below every chapter")

    def test_refuses_measuring_outside_a_benchmark(self):
        self.plant({"chapters/02-high/high/b.cpp": '#include "bench/measure.hpp"\n'})
        self.assert_says(self.check(), 1, 'chapters/02-high/high/b.cpp:1: includes "bench/measure.hpp"')

    def test_refuses_a_later_chapter_in_an_exercise(self):
        self.plant({"exercises/01-1-first/b.cpp": '#include "high/a.hpp"\n'})
        self.assert_says(self.check(), 1, "an exercise of chapter 01")

    def test_refuses_a_short_name(self):
        self.plant({"chapters/01-low/low/b.cpp": '#include "a.hpp"\n'})
        self.assert_says(self.check(), 1, 'write its full name, "library/a.hpp"')


if __name__ == "__main__":
    main()
