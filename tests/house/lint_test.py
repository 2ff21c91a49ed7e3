#!/usr/bin/env python3
"""Lint can fail: clang-format and clang-tidy find what was planted, and let pass what is right."""
import json

from house import ROOT, HouseTest, main

RIGHT = "namespace conclave {\n\nint ballot_count(int ballots) { return ballots; }\n\n}  // namespace conclave\n"


class Lint(HouseTest):
    def layout(self, text):
        self.plant({"a.cpp": text})
        return self.run_tool("clang-format-19", f"--style=file:{ROOT}/.clang-format", "--dry-run", "-Werror",
                             self.tree / "a.cpp")

    def tidy(self, header, source="", *options):
        """A book of one chapter, with one header and one test."""
        test = str(self.tree / "tests/chapters/01-votes/votes_test.cpp")
        command = [{"directory": str(self.tree), "command": f"g++ -std=c++20 -c {test}", "file": test}]
        self.plant({"chapters/01-votes/votes/votes.hpp": header, test: source,
                    "build/compile_commands.json": json.dumps(command)})
        return self.run_tool(ROOT / "tools/tidy", "--build", self.tree / "build", "--root", self.tree, *options)

    def test_layout(self):
        self.assert_says(self.layout(RIGHT), 0)
        self.assert_says(self.layout(RIGHT.replace("int ballots", "int  ballots")), 1, "clang-format-violations")

    def test_tidy(self):
        self.assert_says(self.tidy(RIGHT), 0)
        self.assert_says(self.tidy(RIGHT.replace("ballot_count", "BallotCount")), 1, "ballot_count", "1 of 2 runs")
        self.assert_says(self.tidy(RIGHT, "double third(int n) { return n / 3; }\n"), 1, "integer-division", "1 of 2 runs")

    def test_tidy_of_several_sources_as_one(self):
        votes = ["tests/chapters/01-votes/a_test.cpp", "tests/chapters/01-votes/b_test.cpp", "tests/chapters/01-votes/c_test.cpp"]
        command = "g++ -std=c++20 -fno-ipa-icf -o CMakeFiles/votes.tests.dir/{0}.o -c {0}"
        commands = [{"directory": str(self.tree), "command": command.format(self.tree / vote), "file": str(self.tree / vote)}
                    for vote in votes]
        helper = "namespace {\n\nint half(int n) { return n - n / 2; }\n\n}  // namespace\n\nint {}(int n) { return half(n); }\n"
        self.plant({"chapters/01-votes/votes/votes.hpp": RIGHT, "build/compile_commands.json": json.dumps(commands),
                    votes[0]: helper.replace("{}", "a"), votes[1]: helper.replace("{}", "b"),  # two halves: not as one
                    votes[2]: "double third(int n) { return n / 3; }\n"})
        tidy = [ROOT / "tools/tidy", "--build", self.tree / "build", "--root", self.tree]
        self.assert_says(self.run_tool(*tidy), 1, "a_test.cpp", "c_test.cpp:1:", "integer-division", "1 of 3 runs")
        self.plant({votes[2]: "double third(int n) { return n / 3.0; }\n"})
        self.assert_says(self.run_tool(*tidy), 0, "[1/1]")  # b's was clean, and the headers'

    def test_tidy_of_a_change(self):
        def git(*arguments):
            self.run_tool("git", "-C", self.tree, "-c", "user.name=a", "-c", "user.email=a@b", *arguments)

        self.plant({".gitignore": "build\n"})
        git("init", "-q")
        wrong = "double third(int n) { return n / 3; }\n"
        includes = '#include "../../../chapters/01-votes/votes/votes.hpp"\n'
        self.tidy(RIGHT, includes + wrong)
        git("add", "-A")
        git("commit", "-qm", "as it was")

        def since(header, source):
            return self.tidy(header, source, "--since", "HEAD")

        self.assert_says(since(RIGHT, includes + wrong), 0, "0 of 1 sources")
        self.assert_says(since(RIGHT, includes + wrong + "\n"), 1, "1 of 1 sources", "integer-division")
        self.assert_says(since(RIGHT + "\n", includes + wrong), 1, "1 of 1 sources", "integer-division")
        self.plant({"chapters/01-votes/CMakeLists.txt": ""})
        self.assert_says(since(RIGHT, includes + wrong), 1, "1 of 1 sources", "integer-division")
        self.assert_says(self.tidy(RIGHT, wrong, "--since", "nothing"), 1, "SINCE=nothing: git knows no such commit")


if __name__ == "__main__":
    main(needs=["clang-format-19", "clang-tidy-19"])
