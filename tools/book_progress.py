"""What a reader has done so far, kept in .progress: a paragraph an exercise, to be read by people as well.

    01-2-wait-for-all
      passed   2026-11-23T22:14:05+01:00 3f5c09d2a1b4e677
      failed   2026-11-23T22:10:31+01:00 77aa09d2a1b4e601
      mistake  2 d2a1b4e60177aa09 ForAll.ReturnsAfterTheLastItem failed the items sleep #, # and # minutes
      hints    2 2026-11-23T22:05:00+01:00 d2a1b4e60177aa09
      earned   a hint
      gave-up  2026-11-23T22:30:00+01:00

A pass is believed only as long as the digest beside it is that of everything the verdict rests on (book_catalogue.py);
a later failure likewise.  `mistake` counts the failures of one kind in a row, each with another answer (its digest), and
`hints` has the digest of the answer when the last one was opened; `earned` says that a changed answer has failed since.

Laws
  1. Nothing is lost when two processes write at once, nor when one is killed: under a lock, by renaming a whole new file.
  2. What cannot be read is said, and kept aside in .backup/; the rest goes on.
  3. What cannot be written is said, and the caller goes on.
"""

import atexit
import contextlib
import dataclasses
import datetime
import fcntl
import os
import re
import sys
import typing

import book_exercises
from book_exercises import ROOT

FILE = ROOT / ".progress"  # git-ignored
BACKUP = ROOT / ".backup"  # git-ignored
HEAD = "# What you have done so far; tools/book_progress.py says what the lines mean.  Delete the file to begin anew.\n"
HINTS = 3
HINT_WAIT = datetime.timedelta(minutes=10)


class Stamp(typing.NamedTuple):
    when: str
    digest: str = ""


class Mistake(typing.NamedTuple):
    count: int
    files: str  # digest of the reader's files
    test: str
    outcome: str
    message: str


class Hints(typing.NamedTuple):
    count: int
    when: str
    files: str


def moment(text):
    """The text, when it is a time."""
    datetime.datetime.fromisoformat(text)
    return text


WHEN, DIGEST = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d)", r"([0-9a-f]{16})"
LINES = {
    "passed": (f"{WHEN} {DIGEST}", lambda when, digest: Stamp(moment(when), digest)),
    "failed": (f"{WHEN} {DIGEST}", lambda when, digest: Stamp(moment(when), digest)),
    "mistake": (rf"(\d+) {DIGEST} (\S+) (\S+) ?(.*)", lambda count, *rest: Mistake(int(count), *rest)),
    "hints": (rf"([1-{HINTS}]) {WHEN} {DIGEST}", lambda count, when, files: Hints(int(count), moment(when), files)),
    "earned": ("a hint", lambda: True),
    "gave-up": (WHEN, lambda when: Stamp(moment(when))),
}
FOLDER = re.compile(r"\d\d-\d+-[a-z0-9-]+")


def now():
    """The time; CONCLAVE_NOW sets it, for tests of the tools."""
    given = os.environ.get("CONCLAVE_NOW")
    moment = datetime.datetime.fromisoformat(given) if given else datetime.datetime.now()
    return moment.astimezone().replace(microsecond=0)


@dataclasses.dataclass
class Record:
    """What is kept of one exercise."""

    passed: Stamp | None = None
    failed: Stamp | None = None
    mistake: Mistake | None = None
    hints: Hints | None = None
    earned: bool = False
    gave_up: Stamp | None = None

    def has_passed(self, verdict_digest):
        return self.passed is not None and self.passed.digest == verdict_digest

    def has_failed(self, verdict_digest):
        return self.failed is not None and self.failed.digest == verdict_digest

    def note_pass(self, verdict_digest):
        self.passed, self.failed, self.mistake = Stamp(now().isoformat(), verdict_digest), None, None

    def note_failure(self, verdict_digest, files, kind):
        """`kind`: test, outcome and message of the first failing test; none when nothing could be tested."""
        self.failed = Stamp(now().isoformat(), verdict_digest)
        if self.hints and files != self.hints.files:
            self.earned = True
        if kind is None:
            return
        same = self.mistake is not None and kind == self.mistake[2:]
        if not same:
            self.mistake = Mistake(1, files, *kind)
        elif files != self.mistake.files:
            self.mistake = Mistake(self.mistake.count + 1, files, *kind)

    def give_up(self):
        self.gave_up = Stamp(now().isoformat())

    @property
    def hint_count(self):
        return self.hints.count if self.hints else 0

    def waits_for_hint(self):
        """How long until time alone opens the next hint."""
        if self.hints is None or self.earned:
            return datetime.timedelta()
        since = now() - datetime.datetime.fromisoformat(self.hints.when)
        return max(HINT_WAIT - max(since, datetime.timedelta()), datetime.timedelta())

    def open_hint(self, files):
        self.hints, self.earned = Hints(self.hint_count + 1, now().isoformat(), files), False

    def lines(self):
        for key in LINES:
            value = getattr(self, key.replace("-", "_"))
            if value:
                yield f"  {key:8} " + ("a hint" if value is True else " ".join(str(part) for part in value if part != "")) + "\n"


def parse(text):
    """The records in a text, by folder, and the lines of it that cannot be read, as (number, line)."""
    records, unread, record = {}, [], None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if FOLDER.fullmatch(line):
            record = records.setdefault(line, Record())
            continue
        key, _, value = line.strip().partition(" ")
        pattern, make = LINES.get(key, ("", None))
        match = re.fullmatch(pattern, value.strip()) if record is not None and make else None
        try:
            setattr(record, key.replace("-", "_"), make(*match.groups()))
        except (AttributeError, TypeError, ValueError):  # no match, or a time that does not exist
            unread.append((number, line))
            if not line.startswith(" "):
                record = None  # what follows may be another exercise's
    return records, unread


def say(text):
    print(text, file=sys.stderr)


def say_last(text):
    """At exit: it matters less than what else there is to say."""
    sys.stdout.flush()
    say(text)


@contextlib.contextmanager
def locked():
    """One process at a time.  The lock is on the book's folder, so it leaves no file behind and needs no right to write."""
    descriptor = os.open(ROOT, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def load():
    """The records by folder.  Call under the lock."""
    try:
        content = FILE.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        say(f".progress cannot be read: {error.strerror}; what you did earlier is not known now")
        return {}
    records, unread = parse(content.decode(errors="replace"))
    if unread:
        number, line = unread[0]
        more = f", nor {len(unread) - 1} more" if len(unread) > 1 else ""
        kept = set_aside(content, records)
        say(f".progress:{number}: cannot read '{line.strip()[:60]}'{more}; those lines are left out; {kept}")
    return records


def set_aside(content, records):
    """Keeps a damaged file, and writes what could be read of it; says what was done."""
    aside = BACKUP / f"progress-{now():%Y-%m-%d-%H%M%S}"
    while aside.exists():
        aside = aside.with_name(aside.name + "-again")
    try:
        BACKUP.mkdir(exist_ok=True)
        aside.write_bytes(content)
        store(records)
    except OSError as error:
        return f"it stays as it is: {error.strerror}"
    return f"the file as it was is kept in .backup/{aside.name}"


def store(records):
    """Replaces the file.  Call under the lock."""
    in_order = sorted(records, key=book_exercises.place)
    text = HEAD + "".join(f"\n{folder}\n" + "".join(records[folder].lines()) for folder in in_order)
    fresh = FILE.with_name(".progress.new")
    try:
        with open(fresh, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(FILE)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise


def read():
    with locked():
        return load()


def update(folder, change):
    """Calls `change` with the exercise's record and keeps what it did to it.

    @return the record as it is now; when it cannot be kept, that is said
    """
    with locked():
        is_new = not FILE.exists()
        records = load()
        record = records.setdefault(folder, Record())
        change(record)
        try:
            store(records)
        except OSError as error:
            say(f".progress cannot be written: {error.strerror}; this is not remembered (all else holds)")
        else:
            if is_new:
                atexit.register(say_last, "there was no .progress: what you do is kept in it from now on")
    return record
