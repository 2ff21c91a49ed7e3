"""A scratch book with three exercises and a reader, who needs no compiler: an answer says what its tests say of it.

An answer is a list of verdicts, a line a test: `DoublesOne failed it was 3`.  A test that it does not name passes.
"""
import json
import os
import subprocess

import scratch

PROGRAM = r'''
    #!/usr/bin/env python3
    """A test program: the reader's answer has the verdicts."""
    import os, sys
    answer = os.environ.get("CONCLAVE_ANSWERS") or "ANSWER"
    said = dict(line.split(" ", 1) for line in open(answer).read().splitlines() if " " in line and not line.startswith("#"))
    first = file = only = ""
    for option in sys.argv[1:]:
        if option == "--first":
            first = True
        name, _, value = option.partition("=")
        file, only = value if name == "--verdicts" else file, value if name == "--gtest_filter" else only
    status = 0
    with open(file, "w") as verdicts:
        for test in ("DoublesOne", "DoublesTwo"):
            if only in ("", "Twice." + test):
                outcome, _, message = said.get(test, "passed").partition(" ")
                verdicts.write(f"Twice.{test}\t{outcome}\t{message}\n")
                if outcome != "passed":
                    status = 1
                    print(f"FAIL  Twice.{test}\n  what happened  : {message}")
                    print("  seed           : 7  (replay: CONCLAVE_SEED=7 build/program)\n  it printed     : one\n(5 more lines: build/program)")
                    if first:
                        break
    if only:
        print("\n0 tests passed, 1 failed\n  failed: " + only)
    sys.exit(status)
    '''

CMAKE = r"""
    #!/bin/sh
    # A build that has nothing to do, or fails as the file says.
    cat build/errors 2>/dev/null || exit 0
    exit 1
    """

EXERCISES = {"01-1-sky": ("predict", "answers.txt"), "01-2-twice": ("build", "twice.cpp"), "02-1-sea": ("predict", "answers.txt")}
STUB = "DoublesOne todo 1.2: write it\n"


class Reader(scratch.ScratchBook):
    def setUp(self):
        super().setUp()
        self.write("bin/cmake", CMAKE, program=True)
        self.write(".gitignore", "/build/\n/bin/\n/.progress\n/.backup/\n__pycache__/\n")
        for chapter, name in (("01-numbers", "Numbers"), ("02-seas", "Seas")):
            self.write(f"chapters/{chapter}/README.md", f"# {int(chapter[:2])}. {name}\n")
        self.write("chapters/01-numbers/numbers/half.hpp", "int half(int x);\n")
        self.write("chapters/01-numbers/1-doubling.md", "# Doubling\n\n## First\n\n## What doubles\n\n**Now you**: `make check EX=01-2`.\n")
        self.write("chapters/01-numbers/reference.md", "| [1.2 Twice](../../exercises/01-2-twice/README.md) ★ | build | 10 |\n")
        self.write("common/common/todo.hpp", "void todo();\n")
        for folder, (kind, source) in EXERCISES.items():
            title = folder.split("-", 2)[2].capitalize()
            number = folder[1] + "." + folder[3]
            self.write(f"exercises/{folder}/README.md", f"# {number} {title}\n\n*{kind} · about 10 minutes (an estimate)*\n")
            self.write(f"exercises/{folder}/{source}", STUB)
            self.write(f"solutions/{folder}/{source}", "# ours\n")
            self.write(f"solutions/{folder}/README.md", "Why.\n")
            for level in (1, 2, 3):
                self.write(f"exercises/{folder}/hints/{level}.md", f"Think {level} times.\n")
            test = self.write(f"tests/exercises/{folder}_test.cpp", """
                TEST(Twice, DoublesOne) {
                  EXPECT_EQ(twice(1), 2);
                }
                TEST(Twice, DoublesTwo) {}
                """)
            program = self.write(f"build/dev/{folder}", PROGRAM.replace("ANSWER", f"exercises/{folder}/{source}"), program=True)
            self.write(f"build/dev/exercises/{folder}.json", json.dumps({
                "folder": folder, "id": folder[:4], "kind": kind, "program": str(program), "sources": [source], "given": [],
                "tests": [str(test)], "stub_fails": [], "mutants": []}))
        self.file = self.root / "exercises/01-2-twice/twice.cpp"

    def git(self, *command, cwd=None):
        ran = subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@b", "-c", "init.defaultBranch=main", *command],
                             cwd=cwd or self.root, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(ran.returncode, 0, ran.stdout)

    def commit(self, message="x"):
        self.git("add", ".")
        self.git("commit", "-qm", message)

    def begin_history(self):
        self.git("init", "-q")
        self.commit()

    def exercise(self, *arguments, **environment):
        return self.tool("exercise", *arguments, PATH=f"{self.root}/bin:{os.environ['PATH']}", **environment)

    def answer(self, text):
        self.file.write_text(text)

    def states(self):
        """{id: state}."""
        status, said = self.exercise("status")
        self.assertEqual(status, 0, said)
        return {line.split("\t")[0]: line.split("\t")[5] for line in said.splitlines() if "\t" in line}

    def progress_file(self):
        return (self.root / ".progress").read_text()
