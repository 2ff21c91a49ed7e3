#!/usr/bin/env python3
"""Law 3: the output of every program of the text is compared by a test, and the comparison can fail."""
import json
import os
import shutil
import subprocess
import unittest

from house import ROOT, HouseTest, main

RUN = ROOT / "tools/run_example"
GO = ROOT / "tools/go_programs"
MAIN = 'package main\n\nfunc main() {\n\tprintln("%s")\n}\n'


class Programs(HouseTest):
    def test_each_step_each_example_and_each_fault_is_a_test(self):
        listed = subprocess.run(["ctest", "--test-dir", os.environ["BOOK_BUILD"], "--show-only=json-v1"],
                                stdout=subprocess.PIPE, check=True)
        tests = {test["name"] for test in json.loads(listed.stdout)["tests"]}
        for kind in ("example", "fault"):
            for source in sorted(ROOT.glob(f"chapters/*/{kind}s/*.cpp")):
                name = source.parts[-3].split("-", 1)[1]
                self.assertTrue(f"{name}.{kind}.{source.stem}" in tests,
                                f"{source.relative_to(ROOT)} is not in {kind.upper()}S of its chapter's CMakeLists.txt")
        for source in sorted(ROOT.glob("chapters/*/steps/*.cpp")):
            name = source.parts[-3].split("-", 1)[1]
            self.assertRegex(source.stem, r"^[1-9]-[a-z0-9-]+$", f"want N-what-it-adds.cpp, not {source.name}")
            self.assertTrue(f"{name}.step.{source.stem[0]}" in tests, f"no test runs {source.relative_to(ROOT)}")
        for source in sorted(file for kind in ("cpp", "py", "go") for file in ROOT.glob(f"docs/*/*.{kind}")):
            page = source.parts[-2] + (".go" if source.suffix == ".go" and shutil.which("go") else "")
            self.assertTrue(f"{page}.{source.stem}" in tests, f"{source.relative_to(ROOT)} is not in PROGRAMS of docs/CMakeLists.txt")

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


class GoPrograms(HouseTest):
    def build(self, **programs):
        self.plant({f"{name}.go": text for name, text in programs.items()})
        return self.run_tool(GO, "build", self.tree / "built", *(self.tree / f"{name}.go" for name in programs))

    def test_without_a_go_they_are_skipped(self):
        self.plant({"bash": "", "dirname": ""})
        for program in ("bash", "dirname"):
            (self.tree / program).unlink()
            (self.tree / program).symlink_to(shutil.which(program))
        for verb in ("build", "expect"):
            self.assert_says(self.run_tool(GO, verb, env={"PATH": str(self.tree)}), 77, "no Go is installed")

    @unittest.skipUnless(shutil.which("go"), "needs Go")
    def test_many_are_built_at_once_and_compared(self):
        self.assert_says(self.build(one=MAIN % "one", two=MAIN % "two"), 0)
        self.plant({"one.out": "one\n", "two.out": "three\n"})
        self.assertEqual(self.run_tool(GO, "expect", self.tree / "one.out", self.tree / "built/one"), (0, ""))
        self.assert_says(self.run_tool(GO, "expect", self.tree / "two.out", self.tree / "built/two"), 1, "-three", "+two")

    @unittest.skipUnless(shutil.which("go"), "needs Go")
    def test_what_does_not_compile_is_shown(self):
        self.assert_says(self.build(bad="package main\n\nfunc main() { nothing() }\n"), 1, "bad.go:3:15: undefined: nothing")

    @unittest.skipUnless(shutil.which("go"), "needs Go")
    def test_what_gofmt_and_vet_find_is_refused(self):
        self.assert_says(self.build(rough=MAIN.replace("\t", "  ") % "x"), 1, "not laid out by gofmt", "rough.go")
        self.assert_says(self.build(odd='package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Printf("%d", "x")\n}\n'), 1, "Printf")


if __name__ == "__main__":
    main()
