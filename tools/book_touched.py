"""Which mutants a change touches: those whose verdict it may alter, and a fixed sample of the rest."""

import re
import subprocess
import zlib

from book_exercises import ROOT, Wrong

SAMPLE_OF = 10  # one mutant in ten is judged whatever has changed

# A change of these touches every mutant.
JUDGE = re.compile(r"tools/(mutants|book_judge\.py|book_exercises\.py|book_fingerprints\.py|book_touched\.py)"
                   r"|cmake/.*|CMakeLists\.txt|CMakePresets\.json|common/.*")
# And of these, those of every exercise, or of every chapter.
SUPPORT = {False: re.compile(r"tests/exercises/support/.*|exercises/CMakeLists\.txt"), True: re.compile(r"tests/chapters/[^/]*")}


def git(*arguments, root=None):
    ran = subprocess.run(["git", *arguments], cwd=root or ROOT, text=True, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return ran.returncode, ran.stdout


def changed_since(commit, root=None):
    """The files below the root, the book's by default, that differ from the commit: committed, not committed, and new."""
    try:
        status, _ = git("rev-parse", "--verify", "--quiet", commit + "^{commit}", root=root)
    except FileNotFoundError:
        raise Wrong("SINCE asks git what has changed, and there is no git on this machine") from None
    if status != 0:
        raise Wrong(f"SINCE={commit}: git knows no such commit; want one as in SINCE=HEAD~1")
    _, changed = git("diff", "--name-only", "--no-renames", "-z", "--relative", commit, "--", root=root)
    _, new = git("ls-files", "--others", "--exclude-standard", "-z", root=root)
    return {path for path in (changed + new).split("\0") if path}


def in_sample(mutant):
    return zlib.crc32(f"{mutant.folder}/{mutant.name}".encode()) % SAMPLE_OF == 0


def test_file(mutant):
    """The file of a chapter's tests that holds the one which must kill the mutant, from the root; empty if none does."""
    pattern = re.compile(r"TEST(_F)?\({}, {}\)".format(*mutant.test.split(".")))
    for file in sorted((ROOT / "tests" / "chapters" / mutant.folder).glob("*_test.cpp")):
        if pattern.search(file.read_text()):
            return str(file.relative_to(ROOT))
    return ""


def is_touched(exercise, mutant, changed):
    """Whether a change of these files may alter the mutant's verdict."""
    own = f"tests/mutants/{mutant.folder}/"
    if changed & {own + f"{mutant.name}.mutant", own + "fingerprints.txt", mutant.file}:
        return True
    chapter = exercise.kind == "chapter"
    if any(JUDGE.fullmatch(path) or SUPPORT[chapter].fullmatch(path) for path in changed):
        return True
    if chapter:  # its tests share headers
        headers = {path for path in changed if re.fullmatch(f"tests/chapters/{mutant.folder}/.*\\.hpp", path)}
        return bool(headers) or test_file(mutant) in changed
    folder = exercise.folder
    return any(path == f"tests/exercises/{folder}_test.cpp" or path.startswith(f"tests/exercises/{folder}/")
               or re.fullmatch(f"exercises/{folder}/.*\\.hpp", path) or path in {f"exercises/{folder}/{name}" for name in exercise.given}
               or path in {f"solutions/{folder}/{name}" for name in exercise.sources} for path in changed)


def touched(jobs, commit):
    """Of [(exercise, mutant, ...)] those that the change since the commit touches, then the sample of the others."""
    changed = changed_since(commit)
    return [job for job in jobs if is_touched(job[0], job[1], changed) or in_sample(job[1])]
