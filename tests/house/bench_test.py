#!/usr/bin/env python3
"""tools/bench: what it builds, compares, and refuses; planted programs say their figures at once."""
import os
import shutil

from house import ROOT, HouseTest, main

FIGURES = """# figure  must  aim  what is measured
talk one      2x      4x      a word
talk more     <= 64   -       the breath it takes
walk          -       1x      a step
"""
BUILD = """#!/bin/sh
cd "$(dirname "$0")/.."
mkdir -p build/release/chapters/01-low/bench
cp planted/* build/release/chapters/01-low/bench
"""
GO = """#!/bin/sh
case $1 in
  build) test -f common/bench/measure.go && grep -q low/bench/measure.go "$3" ;;
  version) echo go version go1.19 ;;
esac
"""
MEASURE = "package main\n"


def program(**benchmarks):
    """A program that knows the benchmarks, and prints for each its lines."""
    cases = "".join(f"  {name}) printf '{lines}' ;;\n" for name, lines in benchmarks.items())
    return f"#!/bin/sh\ncase $1 in\n  --list) echo {' '.join(benchmarks)} ;;\n{cases}  *) exit 2 ;;\nesac\n"


OURS = program(talk=r"talk one\t10\tns\ntalk more\t60\tMiB\n", walk=r"walk\t20\tns\n")
GOS = program(talk=r"talk one\t45\tns\ntalk more\t99\tMiB\n", walk=r"walk\t10\tns\n")


class Bench(HouseTest):
    def setUp(self):
        super().setUp()
        (self.tree / "tools").mkdir()
        shutil.copy(ROOT / "tools/bench", self.tree / "tools/bench")
        self.plant({"tools/build": BUILD, "path/go": GO, "common/bench/measure.go": MEASURE, "planted/figures": OURS,
                    "planted/figures-go": GOS, "chapters/01-low/bench/figures.txt": FIGURES})

    def bench(self, *arguments):
        environment = {**os.environ, "PATH": f"{self.tree / 'path'}:{os.environ['PATH']}", "PRESET": "release"}
        return self.run_tool(self.tree / "tools/bench", *arguments, env=environment)

    def assert_has_row(self, result, *cells):
        rows = [line.split() for line in result[1].splitlines()]
        self.assertTrue(any(row[:len(cells)] == list(cells) for row in rows), f"no row {cells} in\n{result[1]}")

    def test_compares_ours_with_gos(self):
        result = self.bench("01", "--check")

        self.assert_says(result, 0, "7 runs of ours and Go in turn")
        self.assert_has_row(result, *"talk one 10 ns 45 ns 4.50× 2× 4× holds, aim too a word".split())
        self.assert_has_row(result, *"talk more 60 MiB 99 MiB <= 64 - holds the breath".split())
        self.assert_has_row(result, *"walk 20 ns 10 ns 0.50× - 1× aim missed a step".split())

    def test_shows_a_peer_where_it_has_the_benchmark(self):
        self.plant({"chapters/01-low/bench/boost.cpp": "", "planted/boost": program(talk=r"talk one\t30\tns\n")})

        result = self.bench("01", "--check")

        self.assert_says(result, 0, "7 runs of ours, Go and Boost.Fiber in turn")
        self.assert_has_row(result, *"talk one 10 ns 45 ns 30 ns 4.50×".split())
        self.assert_has_row(result, *"talk more 60 MiB 99 MiB <=".split())
        self.assert_has_row(result, *"walk 20 ns 10 ns 0.50×".split())

    def compare_with_zeromq(self, must, zmq=r"talk one\t8\tns\n", aim="-"):
        """Ours is 10 ns, Go's 45 ns, and what ZeroMQ has is given."""
        self.plant({"chapters/01-low/bench/zmq.cpp": "", "planted/zmq": program(talk=zmq),
                    "chapters/01-low/bench/figures.txt": f"talk one  {must}  {aim}  a word\n"})
        return self.bench("01", "--check")

    def test_compares_with_a_peer_by_its_name(self):
        result = self.compare_with_zeromq("<= 1.5x ZeroMQ", aim="<= 1.2x ZeroMQ")

        self.assert_has_row(result, *"figure ours Go ZeroMQ ours / ZeroMQ must".split())
        self.assert_has_row(result, *"talk one 10 ns 45 ns 8 ns 1.25× <= 1.5× ZeroMQ <= 1.2× ZeroMQ holds, aim missed a word".split())

    def test_wants_several_things_of_a_figure_of_which_more_is_better(self):
        result = self.compare_with_zeromq(">= 0.7x ZeroMQ, >= 0.5x Go, <= 64", zmq=r"talk one\t10\tns\n")

        self.assert_says(result, 1, "'talk one' misses its must: 10 ns against Go's 45 ns, ratio 0.22× Go, must >= 0.5× Go")
        self.assertNotIn("must >= 0.7× ZeroMQ\n", result[1].split("bench:")[-1])
        self.assert_has_row(result, *"talk one 10 ns 45 ns 10 ns 0.22× 1.00× >= 0.7× ZeroMQ, >= 0.5× Go, <= 64 - MUST MISSED".split())

    def test_refuses_a_comparison_with_a_peer_that_does_not_print_the_figure(self):
        result = self.compare_with_zeromq("<= 1.5x ZeroMQ", zmq=r"talk more\t8\tns\n")

        self.assert_says(result, 1, "'talk one' is compared with ZeroMQ, which does not print it; there are: ours, Go")

    def test_leaves_out_a_benchmark_that_go_does_not_have(self):
        self.plant({"planted/figures-go": program(talk=r"talk one\t45\tns\ntalk more\t99\tMiB\n"),
                    "chapters/01-low/bench/figures.txt": "talk one  2x  -  a word\nwalk  <= 30  -  a step\n"})

        self.assert_has_row(self.bench("01", "--check"), *"walk 20 ns <= 30 - holds a step".split())

    def test_gives_a_chapter_all_processors_and_go_another_name_when_it_says_so(self):
        says_processors = "#!/bin/sh\n[ $1 = --list ] && echo talk && exit\nprintf 'talk one\\t%s\\tns\\n' ${GOMAXPROCS-2}\n"
        self.plant({"planted/figures": says_processors, "planted/figures-go": says_processors,
                    "chapters/01-low/bench/figures.txt": "# processors: all\n# Go is: net/rpc\ntalk one  1x  -  a word\n"})

        result = self.bench("01", "--check")

        self.assert_says(result, 0, "runs of ours and net/rpc in turn, on all processors", "On all ")
        self.assert_has_row(result, *"talk one 2 ns 2 ns 1.00×".split())

    def test_writes_the_table_for_the_text(self):
        self.bench("01")

        table = (self.tree / "build/bench-01.md").read_text()

        self.assertIn("| talk one | 10 ns | 45 ns | 4.50× | 2× | 4× | holds, aim too | a word |", table)
        self.assertIn("| --- | ---: | ---: | ---: | ---: | ---: | --- | --- |", table)

    def test_fails_when_a_must_is_missed(self):
        self.plant({"planted/figures": program(talk=r"talk one\t30\tns\ntalk more\t65\tMiB\n", walk=r"walk\t20\tns\n")})

        self.assert_says(self.bench("01"), 0, "MUST MISSED")
        self.assert_says(self.bench("01", "--check"), 1, "'talk one' misses its must: 30 ns against Go's 45 ns, ratio 1.50×, must 2×",
                         "'talk more' misses its must: 65 MiB against Go's 99 MiB, must <= 64")

    def test_measures_again_what_is_near_its_must(self):
        self.plant({"planted/figures": program(talk=r"talk one\t21\tns\ntalk more\t60\tMiB\n", walk=r"walk\t20\tns\n")})

        self.assert_says(self.bench("01", "--check"), 0, "Near its must, so 14 runs more: talk one (2.14×, must 2×)",
                         "measured with 21: talk one")

    def test_refuses_a_figure_that_is_not_printed(self):
        self.plant({"planted/figures-go": program(talk=r"talk one\t45\tns\n", walk=r"walk\t10\tns\n")})

        self.assert_says(self.bench("01"), 1, "`figures-go talk` does not print the figure 'talk more' of figures.txt; it prints: talk one")

    def test_refuses_a_program_that_fails(self):
        self.plant({"planted/figures": program(talk=r"talk one\t10\tns\ntalk more\t60\tMiB\n")})

        self.assert_says(self.bench("01"), 1, "`figures walk` ended with status 2")

    def test_refuses_a_want_that_it_cannot_read(self):
        self.plant({"chapters/01-low/bench/figures.txt": "walk  twice  -  a step\n"})

        self.assert_says(self.bench("01"), 1, "chapters/01-low/bench/figures.txt:1: want four columns")

    def test_says_which_chapters_it_can_measure(self):
        self.assert_says(self.bench("07"), 2, "Chapter '07' has no benchmarks.", "C=01  low")


if __name__ == "__main__":
    main()
