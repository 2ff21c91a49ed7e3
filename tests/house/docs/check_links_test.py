#!/usr/bin/env python3
"""tools/check_links: every link leads somewhere, and every page can be reached."""
import unittest

from scratch import ScratchBook

PAGE = "chapters/01-counting/README.md"


class CheckLinks(ScratchBook):
    def setUp(self):
        super().setUp()
        self.write("README.md", "# Book\n\n[One](chapters/01-counting/README.md)\n")
        self.write(PAGE, "# Counting\n")

    def check(self):
        return self.tool("check_links", "--root", self.root)

    def assert_refused(self, text, message):
        self.write(PAGE, text)
        status, said = self.check()
        self.assertEqual(status, 1)
        self.assertIn(message, said)

    def test_links_to_files_folders_headings_and_the_web_are_fine(self):
        self.write("chapters/01-counting/main.cpp", "int main() {}\n")
        self.write(PAGE, """
            # Counting: `go` & more

            [code](main.cpp), [folder](../01-counting/), [home](/README.md#book), [web](https://go.dev/ref/spec#Go_statements),
            [two
            lines](#counting-go--more), [again](#again-1), [named][spec].

            ## Again
            ## Again

            [spec]: main.cpp
            """)

        self.assertEqual(self.check(), (0, ""))

    def test_code_comments_and_formulas_hold_no_links(self):
        self.write(PAGE, "# A\n\n`[x](gone)` <!-- [x](gone) --> $a[x](gone)$\n\n```text\n[x](gone)\n```\n")

        self.assertEqual(self.check(), (0, ""))

    def test_a_link_to_nothing_is_named_with_its_line(self):
        self.assert_refused("# A\n\nSee\n[this](gone.md).\n", f"{PAGE}:4: the link gone.md points at nothing")

    def test_a_file_elsewhere_is_suggested(self):
        self.write("docs/words.md", "# Words\n")

        self.assert_refused("# A\n\n[w](words.md)\n", "did you mean ../../docs/words.md?")

    def test_an_anchor_must_be_a_heading(self):
        self.assert_refused("# A\n\n[b](#b)\n\n## C d\n", f"{PAGE}:3: the link #b points at no heading of {PAGE}; it has: a, c-d")

    def test_a_link_must_stay_in_the_repository(self):
        self.assert_refused("# A\n\n[x](../../../etc)\n", "leads out of the repository")

    def test_a_picture_must_exist(self):
        self.assert_refused("# A\n\n![x](gone.svg)\n", "the link gone.svg points at nothing")

    def test_a_page_that_nobody_links_to_is_named(self):
        self.write("chapters/01-counting/2-more.md", "# More\n")

        status, said = self.check()

        self.assertEqual(status, 1)
        self.assertIn(f"chapters/01-counting/2-more.md:1: no page that a reader meets from README.md on links to this one; link to it from {PAGE}", said)

    def test_hints_and_solutions_may_stand_apart(self):
        self.write("exercises/01-1-count/hints/1.md", "# Hint\n")
        self.write("solutions/01-1-count/README.md", "# Answer\n")

        self.assertEqual(self.check(), (0, ""))


unittest.main()
