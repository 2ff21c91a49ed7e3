#!/usr/bin/env python3
"""The reader's verbs: each is explained, each that a text names exists, and a wrong variable names the right ones."""
import re

from house import ROOT, HouseTest, main, tracked

MAKEFILE = (ROOT / "Makefile").read_text()
VERBS = set(re.search(r"^\.PHONY: (.*)", MAKEFILE, re.M)[1].split())


class Verbs(HouseTest):
    def test_help_all_explains_each_verb(self):
        status, text = self.run_tool("make", "help-all")
        explained = set(re.findall(r"^  make ([a-z-]+) .*  \w", text, re.M))
        self.assertEqual((status, explained), (0, VERBS - {"help", "help-all"}))

    def test_help_shows_the_five_to_start_with(self):
        status, text = self.run_tool("make")
        self.assertEqual((status, len(re.findall(r"^  make ", text, re.M))), (0, 5), text)

    def test_each_verb_that_a_text_names_exists(self):
        for file in tracked("*.md"):
            for number, line in enumerate(file.read_text().splitlines(), 1):
                for verb in re.findall(r"(?:`|^\$ )make ([a-z-]+)", line):
                    self.assertIn(verb, VERBS, f"{file.relative_to(ROOT)}:{number}: there is no verb 'make {verb}'")

    def test_a_wrong_chapter_is_answered_with_the_chapters(self):
        for verb in ("chapter", "step", "diff"):
            result = self.run_tool("make", verb, "C=99", "N=1", "SETUP=no")
            self.assert_says(result, 2, "There is no chapter '99'.", "  C=01  goroutines")

    def test_a_missing_chapter_is_asked_for(self):
        self.assert_says(self.run_tool("make", "step", "SETUP=no"), 2, "Which chapter?  Add C=NN:")

    def test_a_missing_or_wrong_step_is_answered_with_the_steps(self):
        self.assert_says(self.run_tool("make", "diff", "C=1"), 2, "Which step?  Add N=n:", "  N=1  ")
        self.assert_says(self.run_tool("make", "diff", "C=1", "N=99"), 2, "There is no step '99' in 01-goroutines.")

    def test_diff_shows_what_a_step_adds(self):
        self.assert_says(self.run_tool("make", "diff", "C=01", "N=1"), 0, "+int main()")
        self.assert_says(self.run_tool("make", "diff", "C=01", "N=2"), 0, "\n+")


class Progress(HouseTest):
    def test_passes_on_what_is_not_progress_and_thins_out_the_rest(self):
        said = "".join(f"[{n}/200] Building CXX object {n}.o\n" for n in range(200))
        self.plant({"said": f"{said}a.cpp:1: error: no\n  1/2 Test #1: a.B ....   Passed    0.01 sec\nninja: build stopped\n"})
        _, text = self.run_tool("bash", "-c", f"tools/progress <{self.tree}/said")
        self.assertEqual(text, "a.cpp:1: error: no\nninja: build stopped\n")


if __name__ == "__main__":
    main()
