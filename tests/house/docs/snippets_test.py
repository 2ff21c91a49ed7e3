#!/usr/bin/env python3
"""tools/snippets: the text shows what the files say and the programs print."""
import unittest

from scratch import ScratchBook

PAGE = "chapters/01-counting/README.md"


class Snippets(ScratchBook):
    def setUp(self):
        super().setUp()
        self.write("chapters/01-counting/examples/count.cpp", """
            //! [all]
            int main() {
              //! [loop]
              for (;;)
                count();

              //! [loop]
            }
            //! [all]
            """)
        self.program("echo one; echo two >&2; echo three")

    def program(self, body):
        self.write("build/chapters/01-counting/examples/count", "#!/bin/sh\n" + body + "\n", program=True)

    def snippets(self, *arguments):
        return self.tool("snippets", "--root", self.root, "--build", f"{self.root}/build", *arguments)

    def after(self, page):
        """The page as `snippets` leaves it."""
        self.write(PAGE, page)
        status, said = self.snippets()
        self.assertEqual(status, 0, said)
        return self.read(PAGE)

    def assert_refused(self, page, message):
        self.write(PAGE, page)
        status, said = self.snippets()
        self.assertEqual(status, 1)
        self.assertIn(message, said)

    def test_a_program_s_output_is_recorded_with_its_errors_in_order(self):
        self.snippets()

        self.assertEqual(self.read("chapters/01-counting/examples/count.out"), "one\ntwo\nthree\n")

    def test_a_failing_program_s_status_is_recorded(self):
        self.program("echo going; exit 2")
        self.snippets()

        self.assertEqual(self.read("chapters/01-counting/examples/count.out"), "going\nexit status 2\n")

    def test_a_region_comes_without_markers_and_common_indentation(self):
        page = self.after("<!-- code: examples/count.cpp#loop -->\n```cpp\nold\n```\nafter\n")

        self.assertEqual(page, "<!-- code: examples/count.cpp#loop -->\n```cpp\nfor (;;)\n  count();\n```\nafter\n")

    def test_a_whole_file_comes_without_any_marker(self):
        page = self.after("<!-- code: examples/count.cpp -->\n")

        self.assertIn("```cpp\nint main() {\n  for (;;)\n    count();\n\n}\n```\n", page)

    def test_a_marker_without_a_block_gets_one(self):
        page = self.after("<!-- output: examples/count -->\n\nProse.\n")

        self.assertEqual(page, "<!-- output: examples/count -->\n```text\none\ntwo\nthree\n```\n\nProse.\n")

    def test_a_block_in_a_list_keeps_its_indentation(self):
        page = self.after("1. Run:\n   <!-- output: examples/count lines 1-1 -->\n   ```text\n   old\n   ```\n")

        self.assertEqual(page, "1. Run:\n   <!-- output: examples/count lines 1-1 -->\n   ```text\n   one\n   ```\n")

    def test_the_command_above_an_output_is_the_author_s(self):
        page = self.after("<!-- output: examples/count lines 2-3 -->\n```text\n$ make run\nold\n```\n")

        self.assertIn("```text\n$ make run\ntwo\nthree\n```", page)

    def test_a_recorded_block_is_left_alone(self):
        text = "<!-- recorded: make bench C=01 -->\n```text\nyield 23 ns\n```\n"

        self.assertEqual(self.after(text), text)

    def test_go_and_python_have_regions_too(self):
        self.write("chapters/01-counting/count.go", "package main\n\n//! [main]\n\nfunc main() {\n\tcount()\n}\n\n//! [main]\n")
        self.write("chapters/01-counting/count.py", "#! [loop]\nfor each in all:\n    count(each)\n#! [loop]\nprint()\n")
        page = self.after("<!-- code: count.go#main -->\n\n<!-- code: count.py#loop -->\n")

        self.assertIn("```go\nfunc main() {\n\tcount()\n}\n```\n", page)
        self.assertIn("```python\nfor each in all:\n    count(each)\n```\n", page)

    def test_the_programs_of_a_page_of_docs_are_run(self):
        self.write("docs/questions/ask.cpp", "int main() {}\n")
        self.write("build/docs/questions/ask", "#!/bin/sh\necho why\n", program=True)
        self.write("docs/questions/answer.py", "#!/usr/bin/env python3\nprint('because')\n", program=True)
        self.write("docs/questions/bench/long.cpp", "int main() {}\n")

        status, said = self.snippets()

        self.assertEqual(status, 0, said)
        self.assertEqual(self.read("docs/questions/ask.out") + self.read("docs/questions/answer.out"), "why\nbecause\n")

    def test_a_marker_inside_a_code_block_is_text(self):
        text = "```markdown\n<!-- code: nothing.cpp -->\n```\n"

        self.assertEqual(self.after(text), text)

    def test_check_names_the_stale_block_and_changes_nothing(self):
        self.snippets()
        page = "# Page\n\n<!-- output: examples/count -->\n```text\none\ntwo\nfour\n```\n"
        self.write(PAGE, page)

        status, said = self.snippets("--check")

        self.assertEqual(status, 1)
        self.assertIn(f"{PAGE}:3: stale: output: examples/count\n", said)
        self.assertIn("-four\n    +three\n", said)
        self.assertIn("mend it with: make snippets", said)
        self.assertEqual(self.read(PAGE), page)

    def test_check_names_a_program_that_prints_something_new(self):
        self.snippets()
        self.program("echo new")

        status, said = self.snippets("--check")

        self.assertEqual(status, 1)
        self.assertIn("chapters/01-counting/examples/count.out:1: stale", said)

    def test_after_a_run_check_is_content(self):
        self.after("<!-- output: examples/count -->\n\n<!-- code: examples/count.cpp#all -->\n")

        self.assertEqual(self.snippets("--check"), (0, ""))

    def test_what_cannot_be_found_is_named_with_its_place(self):
        self.assert_refused("# A\n<!-- code: examples/gone.cpp -->\n",
                            f"{PAGE}:2: code: no file chapters/01-counting/examples/gone.cpp")
        self.assert_refused("<!-- output: examples/gone -->\n", f"{PAGE}:1: output: no program")
        self.assert_refused("<!-- code: examples/count.cpp#gone -->\n", "region 'gone' needs two lines '//! [gone]'")
        self.assert_refused("<!-- output: examples/count lines 2-9 -->\n", "which has lines 1-3")

    def test_a_malformed_marker_is_named_with_its_place(self):
        self.assert_refused("<!-- code examples/count.cpp -->\n", f"{PAGE}:1: cannot read the marker")
        self.assert_refused("<!-- ouput: examples/count -->\n```text\n```\n", f"{PAGE}:1: cannot read the marker")
        self.assert_refused("<!-- output: examples/count lines 2 -->\n", f"{PAGE}:1: cannot read 'output:")
        self.assert_refused("<!-- recorded: make bench -->\nProse.\n", f"{PAGE}:1: recorded:")
        self.assert_refused("<!-- output: examples/count -->\n```text\nopen\n", f"{PAGE}:2: this code block is never closed")

    def test_an_example_that_is_not_built_is_named(self):
        self.write("chapters/01-counting/steps/1-first.cpp", "int main() {}\n")

        status, said = self.snippets()

        self.assertEqual(status, 1)
        self.assertIn("chapters/01-counting/steps/1-first.cpp:1: no program", said)


unittest.main()
