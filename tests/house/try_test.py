#!/usr/bin/env python3
"""make try: a program of the reader's has every chapter at hand, and is answered as any program is."""
import os
import pathlib

from house import ROOT, HouseTest, main

PRESET = pathlib.Path(os.environ["BOOK_BUILD"]).name
MINE = """#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

int main() {
  conclave::run([] {
    auto answers = conclave::make_chan<int>(1);
    conclave::go([answers] { answers.send(6 * 7); });
    fmt::print("the answer is {}\\n", answers.recv().value());
  });
  return STATUS;
}
"""


class Try(HouseTest):
    def attempt(self, file, status="0"):
        self.plant({file: MINE.replace("STATUS", status)})
        return self.run_tool(ROOT / "tools/try", self.tree / file, env={**os.environ, "PRESET": PRESET})

    def test_a_program_with_every_chapter_at_hand(self):
        self.assert_says(self.attempt("mine.cpp"), 0, "the answer is 42\n")

    def test_another_program_takes_its_place_and_keeps_its_status(self):
        self.assert_says(self.attempt("an other.cpp", "7"), 7, "the answer is 42\n")

    def test_a_program_that_does_not_compile_says_where_and_is_not_run(self):
        status, text = self.attempt("wrong.cpp", "zero")
        self.assertNotEqual(status, 0)
        self.assertIn(f"{self.tree}/wrong.cpp:12:10: error: ", text)
        self.assertNotIn("the answer", text)

    def test_asks_for_a_file(self):
        want = "make try: want F=, a file with a main(), as in: make try F=mine.cpp"
        self.assert_says(self.run_tool(ROOT / "tools/try"), 2, f"{want}\n")
        self.assert_says(self.run_tool(ROOT / "tools/try", "gone.cpp"), 2, f"{want} (there is no file 'gone.cpp')\n")


if __name__ == "__main__":
    main()
