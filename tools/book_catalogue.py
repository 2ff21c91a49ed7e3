"""What the book says of its exercises: titles, times, the short route, the section to reread, and the files a verdict rests on.

The truth stands where a reader reads it: title, kind and minutes at the head of an exercise's README.md, the short route
(★) in the table of the chapter's reference.md, the section to reread behind "To reread:" in the README.md, or else where
the chapter's text says `make check EX=...`.
"""

import dataclasses
import functools
import hashlib
import re

import book_exercises
from book_exercises import ROOT

HEAD = re.compile(r"# [\d.]+ (?P<title>.+)\n+\*(?P<kind>[a-z-]+)(?:, [^·]*)? · about (?P<minutes>\d+) minutes")
STARRED = re.compile(r"^\|.*exercises/(\d\d-\d+-[a-z0-9-]+)/README\.md\) ★", re.M)
SOURCE = re.compile(r"\w[\w.-]*\.(?:cpp|hpp|txt|dump|scenario)")
REREAD = re.compile(r"^To reread: \[(?P<heading>[^]]+)\]\(\.\./\.\./(?P<page>chapters/[^)#]+)", re.M)
HEADING = re.compile(r"#{1,3} (.+)")


@dataclasses.dataclass(frozen=True)
class Entry:
    folder: str
    title: str
    kind: str
    minutes: int
    is_short: bool  # whether it is on the short route

    @property
    def id(self):
        return book_exercises.id_of(self.folder)

    @property
    def number(self):
        """As the text calls it: 1.2."""
        return self.id.lstrip("0").replace("-", ".")

    @property
    def readme(self):
        return f"exercises/{self.folder}/README.md"


@functools.cache
def chapter_of(folder):
    """The folder of the chapter of an exercise, 01-goroutines."""
    return next((path.name for path in sorted((ROOT / "chapters").glob(f"{folder[:2]}-*"))), folder[:2])


def title_of(chapter):
    """The title of a chapter's text."""
    file = ROOT / "chapters" / chapter / "README.md"
    match = re.match(r"# (.+)", file.read_text()) if file.exists() else None
    return match[1] if match else chapter


@functools.cache
def short_route(chapter):
    file = ROOT / "chapters" / chapter / "reference.md"
    return set(STARRED.findall(file.read_text())) if file.exists() else set()


def entry(folder):
    """An exercise whose README.md is not whole yet has the folder's name for a title, and takes no time."""
    file = ROOT / "exercises" / folder / "README.md"
    match = HEAD.match(file.read_text()) if file.exists() else None
    if not match:
        return Entry(folder, folder.split("-", 2)[2].replace("-", " "), "build", 0, False)
    return Entry(folder, match["title"], match["kind"], int(match["minutes"]), folder in short_route(chapter_of(folder)))


def entries():
    """All exercises, in the book's order."""
    return [entry(folder) for folder in book_exercises.folders()]


def reread(folder):
    """The section of the chapter that an exercise belongs to, as page and heading."""
    task = ROOT / "exercises" / folder / "README.md"
    named = REREAD.search(task.read_text()) if task.exists() else None
    if named:
        return named["page"], named["heading"]
    pages = sorted((ROOT / "chapters" / chapter_of(folder)).glob("*.md"),
                   key=lambda page: (not page.name[0].isdigit(), page.name != "README.md", page.name))
    command = re.compile(rf"make check EX={book_exercises.id_of(folder)}\b")
    for page in pages:
        heading = fenced = ""
        for line in page.read_text().splitlines():
            if line.startswith("```"):
                fenced = not fenced
            elif not fenced and HEADING.match(line):
                heading = HEADING.match(line)[1]
            if command.search(line):
                return f"chapters/{page.parent.name}/{page.name}", heading
    return f"chapters/{chapter_of(folder)}/README.md", title_of(chapter_of(folder))


def reader_sources(folder):
    """What the reader writes: the files that have a counterpart in solutions/."""
    answers = sorted(path.name for path in (ROOT / "solutions" / folder).iterdir() if path.is_file())
    return [name for name in answers if name != "README.md"]


def reader_files(folder):
    return [ROOT / "exercises" / folder / name for name in reader_sources(folder)]


def digest(files):
    """Of names and contents; a file that is not there counts as such."""
    whole = hashlib.sha256()
    for file in files:
        content = file.read_bytes() if file.is_file() else None
        whole.update(f"{file.relative_to(ROOT)} {-1 if content is None else len(content)}\n".encode())
        whole.update(content or b"")
    return whole.hexdigest()[:16]


def sources_below(folder):
    """Without what editors leave beside them."""
    return sorted(path for path in folder.rglob("*") if SOURCE.fullmatch(path.name) and path.is_file())


@functools.cache
def digest_of_library(chapter):
    """Of what all exercises of a chapter rest on: its library and the earlier ones, the tests' support, and common."""
    files = sources_below(ROOT / "common") + sources_below(ROOT / "tests" / "exercises" / "support")
    for path in sorted((ROOT / "chapters").glob("[0-9][0-9]-*")):
        if path.name <= chapter:
            files += sources_below(path / path.name.split("-", 1)[1])
    return digest(files)


def digest_of_files(folder):
    """Of the reader's files."""
    return digest(reader_files(folder))


def digest_of_verdict(folder):
    """Of all that a verdict rests on: the reader's files, what is given, the tests, and the library."""
    exercise, tests = ROOT / "exercises" / folder, ROOT / "tests" / "exercises"
    own = [path for path in sources_below(exercise) if path.name != "README.md" and path.parent.name != "hints"]
    own += [path for path in reader_files(folder) if not path.exists()]
    own += [tests / f"{folder}_test.cpp", *sources_below(tests / folder)]
    return hashlib.sha256(f"{digest(own)} {digest_of_library(chapter_of(folder))}".encode()).hexdigest()[:16]
