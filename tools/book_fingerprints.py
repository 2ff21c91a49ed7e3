"""Fingerprints: what each planted wrong answer looks like to the tests, so that a reader's can be recognised.

tests/mutants/FOLDER/fingerprints.txt has a line a mutant, in the order of their names, with tabs between

    NAME  TEST  OUTCOME  MESSAGE

of the first test that fails when the exercise's tests run as a reader runs them, up to the first failure.  Judging
writes the file (make mutants FINGERPRINTS=1), and every later judging compares it with what happens.  Two mutants may
share a fingerprint.  The wrong programs of break-it exercises have none: to name them would be the answer.
"""

import dataclasses
import re

from book_exercises import ROOT, Mutant, Wrong

FILE = "fingerprints.txt"
MESSAGE_CHARS_MAX = 200
FOLDERS = re.compile(r"(?:[\w.-]+/)+(?=[\w.-]+\.[ch]pp\b)")
NUMBER = re.compile(r"0x[0-9a-fA-F]+|\d+(?:[.,]\d+)*")
NUMBERS = re.compile(r"#(?:,? (?:and )?#)+")


@dataclasses.dataclass(frozen=True)
class Fingerprint:
    name: str  # of the mutant
    test: str
    outcome: str
    message: str  # a normal one

    def __str__(self):
        return "\t".join((self.name, self.test, self.outcome, self.message))


def normal(message):
    """A message without what differs between two answers with the same mistake: the folders of their files, numbers, how
    many of them, addresses, spaces."""
    return NUMBERS.sub("#", " ".join(NUMBER.sub("#", FOLDERS.sub("", message)).split()))[:MESSAGE_CHARS_MAX].rstrip()


def of(name, verdict):
    return Fingerprint(name, verdict.test, verdict.outcome, normal(verdict.message))


def has_any(kind):
    """Whether the mutants of an exercise of this kind have fingerprints."""
    return kind not in ("break-it", "chapter")


def path_of(folder, root=ROOT):
    return root / "tests" / "mutants" / folder / FILE


def read(folder, root=ROOT):
    """{name of the mutant: its fingerprint}; empty when nobody has taken them."""
    path = path_of(folder, root)
    found = {}
    for number, line in enumerate(path.read_text().splitlines() if path.exists() else [], 1):
        parts = line.split("\t")
        if len(parts) != 4:
            raise Wrong(f"{path}:{number}: want NAME, TEST, OUTCOME and MESSAGE with a tab between; "
                        "'make mutants FINGERPRINTS=1' writes the file anew")
        found[parts[0]] = Fingerprint(*parts)
    return found


def write(folder, prints, root=ROOT):
    path_of(folder, root).write_text("".join(f"{prints[name]}\n" for name in sorted(prints)))


def match(folder, verdict, root=ROOT):
    """The mutants of the exercise that fail as the reader's answer did, in the order of their names; often none.

    A file that cannot be read matches nothing: the judge of the mutants complains of it, not a reader's check.
    """
    try:
        prints = read(folder, root)
        wanted = (verdict.test, verdict.outcome, normal(verdict.message))
        return [Mutant.read(path_of(folder, root).with_name(f"{name}.mutant")) for name, mark in sorted(prints.items())
                if (mark.test, mark.outcome, mark.message) == wanted]
    except (Wrong, OSError):
        return []
