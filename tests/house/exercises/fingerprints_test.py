"""Fingerprints: taken by judging, compared by every later judging, and matched with a reader's failure."""
import importlib
import sys
import types
import unittest

import planted
import scratch
from planted import FOLDER

sys.path.insert(0, str(scratch.BOOK / "tools"))
book_fingerprints = importlib.import_module("book_fingerprints")

PRINTS = f"tests/mutants/{FOLDER}/fingerprints.txt"


class Fingerprints(planted.PlantedExercise):
    def judge(self, *options, kind="build", **verdicts):
        """Judges mutants, each named with what its program says."""
        entries = [self.entry(self.mutant(name.replace("_", "-")), *said) for name, said in verdicts.items()]
        return self.tool("mutants", "built", *options, self.description(kind=kind, mutants=entries))

    def prints(self):
        return (self.root / PRINTS).read_text()

    def match(self, test, outcome, message):
        verdict = types.SimpleNamespace(test=test, outcome=outcome, message=message)
        return [mutant.name for mutant in book_fingerprints.match(FOLDER, verdict, self.root)]

    def test_judging_takes_that_of_the_first_test_that_fails(self):
        self.assert_says(self.judge("--fingerprints", plus_two=["Twice.DoublesOne\tfailed\tit was 3", "Twice.DoublesTwo\tfailed\tit was 4"],
                                    late=["Twice.DoublesOne\tfailed\tit is  late"]), 0, f"fingerprints: {PRINTS}")
        self.assertEqual(self.prints(), "late\tTwice.DoublesOne\tfailed\tit is late\nplus-two\tTwice.DoublesOne\tfailed\tit was #\n")

    def test_the_first_failure_may_be_in_another_test_than_the_one_that_must_kill(self):
        self.assert_says(self.judge("--fingerprints", odd=["Twice.ComesFirst\tdeadlock\tall asleep", "Twice.DoublesOne\tfailed\tno"]), 0)
        self.assertEqual(self.prints(), "odd\tTwice.ComesFirst\tdeadlock\tall asleep\n")

    def test_later_judgings_compare(self):
        self.judge("--fingerprints", plus_two=["Twice.DoublesOne\tfailed\tit was 3"])
        self.assert_says(self.judge(plus_two=["Twice.DoublesOne\tfailed\tit was 5"]), 0, "1 killed, 0 alive")
        self.assert_says(self.judge(plus_two=["Twice.DoublesOne\tfailed\tit was odd"]), 1, f"{PRINTS}: the fingerprint of plus-two is stale",
                         "it says  plus-two\tTwice.DoublesOne\tfailed\tit was #", "renew it: make mutants EX=01-2-twice FINGERPRINTS=1")

    def test_a_new_mutant_wants_one_and_a_removed_one_none(self):
        self.judge("--fingerprints", plus_two=["Twice.DoublesOne\tfailed\tit was 3"])
        self.assert_says(self.judge(once=["Twice.DoublesOne\tfailed\tit was 1"]), 1, "once has no fingerprint", "plus-two is no mutant any more")
        self.judge("--fingerprints", once=["Twice.DoublesOne\tfailed\tit was 1"])
        self.assertEqual(self.prints(), "once\tTwice.DoublesOne\tfailed\tit was #\n")

    def test_a_break_it_exercise_has_none(self):
        self.assert_says(self.judge(kind="break-it", plus_two=["Twice.DoublesOne\tfailed\tit was 3"]), 0)
        self.judge("--fingerprints", kind="break-it", plus_two=["Twice.DoublesOne\tfailed\tit was 3"])
        self.assertFalse((self.root / PRINTS).exists())

    def test_a_file_that_is_none_is_named_and_can_be_renewed(self):
        self.write(PRINTS, "plus-two is wrong\n")
        said = {"plus_two": ["Twice.DoublesOne\tfailed\tit was 3"]}
        self.assert_says(self.judge(**said), 1, f"{PRINTS}:1: want NAME, TEST, OUTCOME and MESSAGE")
        self.assertEqual(self.match("Twice.DoublesOne", "failed", "it was 3"), [])
        self.assert_says(self.judge("--fingerprints", **said), 0)
        self.assert_says(self.judge(**said), 0)

    def test_a_failure_matches_those_that_fail_so(self):
        self.judge("--fingerprints", plus_two=["Twice.DoublesOne\tfailed\tit was 3"], once=["Twice.DoublesOne\tfailed\tit was 1"],
                   crash=["Twice.DoublesOne\tfailed\tit ended"])
        self.assertEqual(self.match("Twice.DoublesOne", "failed", "it  was 17"), ["once", "plus-two"])
        self.assertEqual(self.match("Twice.DoublesTwo", "failed", "it was 3"), [])
        self.assertEqual(self.match("Twice.DoublesOne", "panic", "it was 3"), [])
        self.assertEqual(self.match("Twice.DoublesOne", "failed", "it was odd"), [])

    def test_a_failure_that_names_a_file_matches_wherever_the_file_lies(self):
        self.judge("--fingerprints", plus_two=["Twice.DoublesOne\tpanic\tclosed at build/dev/mutants/01-2-twice/plus-two/twice.cpp:12"])
        self.assertEqual(self.match("Twice.DoublesOne", "panic", "closed at exercises/01-2-twice/twice.cpp:9"), ["plus-two"])

    def test_without_a_file_nothing_matches(self):
        self.assertEqual(self.match("Twice.DoublesOne", "failed", "it was 3"), [])

    def test_a_normal_message_has_no_numbers_addresses_and_wide_spaces(self):
        self.assertEqual(book_fingerprints.normal("at 0x7fffA1:  12 of 1,000\tin 3.5 s"), "at #: # of # in # s")
        self.assertEqual(book_fingerprints.normal("[3, 1, 4] had ended, 3, 10 and 2 not, [] never"), "[#] had ended, # not, [] never")
        self.assertEqual(len(book_fingerprints.normal("long " * 100)), 199)


if __name__ == "__main__":
    unittest.main()
