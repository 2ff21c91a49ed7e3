#!/usr/bin/env python3
"""tools/simulate: what it says of runs, and how it ends; planted programs say their runs at once."""
import shutil
import stat

from house import ROOT, HouseTest, main

# A program that makes runs as its options say, and in seeds 6 and 7 does what the test plants.
PROGRAM = """#!/usr/bin/env python3
import argparse, os, signal, sys, time
parser = argparse.ArgumentParser()
for name in ("--first", "--step", "--seeds", "--seed"):
    parser.add_argument(name, type=int)
parser.add_argument("--for-tools", action="store_true")
parser.add_argument("--only")
options = parser.parse_args()
if options.only == "gremlin":
    print('"gremlin" is no fault', file=sys.stderr)
    sys.exit(2)
if options.seed:
    print(f"the story of seed {options.seed}")
    sys.exit(129)
for seed in range(options.first, options.first + options.seeds * options.step, options.step):
    print("begins", seed, flush=True)
    if seed == 6:
        %s
    if seed == 7:
        %s
    print("ends", seed, 0, f"{seed:016x}", 10.5, 100, flush=True)
print("fault loss", options.seeds * 60, 5)
print("fault drift", options.seeds * 60, %d)
"""


class Simulate(HouseTest):
    def setUp(self):
        super().setUp()
        (self.tree / "tools").mkdir()
        shutil.copy(ROOT / "tools/simulate", self.tree / "tools/simulate")

    def simulate(self, *arguments, in_seed_6="pass", in_seed_7="pass", drifted=1, programs=("counter",)):
        for name in programs:
            file = self.tree / name
            file.write_text(PROGRAM % (in_seed_6, in_seed_7, drifted))
            file.chmod(file.stat().st_mode | stat.S_IXUSR)
        paths = ",".join(str(self.tree / name) for name in programs)
        return self.run_tool(self.tree / "tools/simulate", f"--programs={paths}", "--seeds=20", "--jobs=3", *arguments)

    def test_tells_how_many_were_fine_and_what_happened(self):
        result = self.simulate()

        self.assert_says(result, 0, "20 worlds, all fine", "210 s in", "fault", "loss", "drift")

    def test_runs_each_seed_once(self):
        hashes = self.tree / "hashes"
        self.simulate(f"--hashes={hashes}")

        self.assertEqual(hashes.read_text().splitlines(), [f"counter {seed} {seed:016x}" for seed in range(1, 21)])

    def test_ends_as_the_first_run_that_failed(self):
        for status, name in ((127, "crash"), (128, "liveness"), (129, "correctness"), (130, "nondeterminism")):
            result = self.simulate("--only=loss", in_seed_7=f"print('ends', 7, {status}, 'abc', 1.0, 1); print('what went wrong'); sys.exit({status})")

            self.assert_says(result, status, f"seed 7: {name}", "what went wrong", "--seed 7 --only loss")

    def test_tells_the_lowest_seed_that_fails(self):
        # The seed below it is slower, and fails when the other has long failed.
        result = self.simulate("--jobs=2", in_seed_7="sys.exit(129)", in_seed_6="time.sleep(0.5); sys.exit(128)")

        self.assert_says(result, 128, "seed 6: liveness")
        self.assertNotIn("seed 7", result[1])

    def test_does_not_take_a_fault_for_a_chapter(self):
        self.assert_says(self.simulate("--only", "loss"), 0, "20 worlds, all fine")

    def test_counts_what_has_come_to_an_end(self):
        self.assert_says(self.simulate(in_seed_7="sys.exit(0)"), 1, "20 worlds were asked for")
        self.assert_says(self.simulate("--jobs=0"), 1, "want 1 or more")

    def test_takes_another_end_for_a_crash_of_that_seed(self):
        self.assert_says(self.simulate(in_seed_7="sys.exit(2)"), 127, "seed 7: crash", "status 2")
        self.assert_says(self.simulate(in_seed_7="os.kill(os.getpid(), signal.SIGSEGV)"), 127, "seed 7: crash", "signal 11")

    def test_does_not_wait_for_ever(self):
        result = self.simulate("--patience=0.5", in_seed_7="time.sleep(60)")

        self.assert_says(result, 128, "seed 7: liveness", "world stands still")

    def test_does_not_wait_for_a_program_that_is_no_simulation(self):
        mute = self.tree / "mute"
        mute.write_text("#!/bin/sh\nexec sleep 60\n")
        mute.chmod(mute.stat().st_mode | stat.S_IXUSR)

        result = self.run_tool(self.tree / "tools/simulate", f"--programs={mute}", "--seeds=2", "--jobs=2", "--patience=0.5")

        self.assert_says(result, 1, "does not say that a run begins")

    def test_fails_when_a_fault_that_was_drawn_never_happened(self):
        self.assert_says(self.simulate(drifted=0), 131, "never happened: drift")

    def test_hands_on_what_the_program_says_of_its_options(self):
        result = self.simulate("--only=gremlin")

        self.assertEqual(result[0], 1)
        self.assertIn('"gremlin" is no fault', result[1])

    def test_repeats_one_seed_of_one_program(self):
        self.assert_says(self.simulate("--seed=7"), 129, "the story of seed 7")
        result = self.simulate("--seed=7", programs=("counter", "log"))
        self.assertEqual(result[0], 1)
        self.assertIn("add P=NAME", result[1])

    def test_knows_the_chapters_that_have_simulations(self):
        self.plant({"chapters/04-world/simulations/counter.cpp": ""})
        result = self.run_tool(self.tree / "tools/simulate", "9")
        self.assertEqual(result[0], 1)
        self.assertIn("C=04  world", result[1])


if __name__ == "__main__":
    main()
