#!/usr/bin/env python3
"""Law 3: the output of every program of the text is compared by a test, and the comparison can fail."""
import json
import os
import subprocess

from house import ROOT, HouseTest, main

RUN = ROOT / "tools/run_example"


class Programs(HouseTest):
    def test_each_step_and_each_example_is_a_test(self):
        listed = subprocess.run(["ctest", "--test-dir", os.environ["BOOK_BUILD"], "--show-only=json-v1"],
                                stdout=subprocess.PIPE, check=True)
        tests = {test["name"] for test in json.loads(listed.stdout)["tests"]}
        for source in sorted(ROOT.glob("chapters/*/examples/*.cpp")):
            name = source.parts[-3].split("-", 1)[1]
            self.assertTrue(f"{name}.example.{source.stem}" in tests,
                            f"{source.relative_to(ROOT)} is not in EXAMPLES of its chapter's CMakeLists.txt")
        for source in sorted(ROOT.glob("chapters/*/steps/*.cpp")):
            name = source.parts[-3].split("-", 1)[1]
            self.assertRegex(source.stem, r"^[1-9]-[a-z0-9-]+$", f"want N-what-it-adds.cpp, not {source.name}")
            self.assertTrue(f"{name}.step.{source.stem[0]}" in tests, f"no test runs {source.relative_to(ROOT)}")

    def test_shows_both_streams_and_the_status(self):
        self.plant({"p": "#!/bin/sh\necho out\necho err >&2\nexit 2\n"})
        self.assertEqual(self.run_tool(RUN, self.tree / "p"), (0, "out\nerr\nexit status 2\n"))

    def test_shows_a_signal_as_a_status_and_nothing_of_the_shell(self):
        self.plant({"p": "#!/bin/sh\necho out\nkill -ABRT $$\n"})
        self.assertEqual(self.run_tool(RUN, self.tree / "p"), (0, "out\nexit status 134\n"))

    def test_accepts_what_is_expected(self):
        self.plant({"p": "#!/bin/sh\necho one\n", "p.out": "one\n"})
        self.assertEqual(self.run_tool(RUN, "--expect", self.tree / "p.out", self.tree / "p"), (0, ""))

    def test_refuses_another_output(self):
        self.plant({"p": "#!/bin/sh\necho two\n", "p.out": "one\n"})
        self.assert_says(self.run_tool(RUN, "--expect", self.tree / "p.out", self.tree / "p"), 1, "-one", "+two", "make snippets")

    def test_refuses_another_status(self):
        self.plant({"p": "#!/bin/sh\necho one\nexit 1\n", "p.out": "one\n"})
        self.assert_says(self.run_tool(RUN, "--expect", self.tree / "p.out", self.tree / "p"), 1, "+exit status 1")

    def test_asks_for_an_output_to_compare_with(self):
        self.plant({"p": "#!/bin/sh\necho one\n"})
        self.assert_says(self.run_tool(RUN, "--expect", self.tree / "p.out", self.tree / "p"), 1, "no file", "one")

    def test_names_a_program_that_is_not_built(self):
        self.assert_says(self.run_tool(RUN, self.tree / "p"), 1, f"no program '{self.tree}/p'; build it first")


if __name__ == "__main__":
    main()
