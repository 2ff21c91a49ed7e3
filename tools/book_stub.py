"""The exercises as they were before the reader began: from git, in the last commit that is shared with the origin.

A reader may commit answers, so HEAD is no stub.  Where there is no origin, HEAD it is.
"""

import functools
import hashlib
import subprocess

from book_exercises import ROOT, Wrong

REMOTES = ("origin/HEAD", "@{upstream}", "origin/main", "origin/master")


def git(*command):
    """What git prints, or nothing when it cannot."""
    try:
        ran = subprocess.run(["git", *command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        return None
    return ran.stdout if ran.returncode == 0 else None


@functools.cache
def commit():
    """The commit with the stubs, and what it is; nothing where git does not know this folder."""
    for remote in REMOTES:
        base = git("merge-base", "HEAD", remote)
        if base:
            return base.decode().strip(), "the last commit shared with the origin"
    head = git("rev-parse", "--verify", "--quiet", "HEAD")
    return (head.decode().strip(), "your last commit, as there is no origin") if head else ("", "")


@functools.cache
def blobs():
    """{path: git's number of its content} of all exercises, as they were."""
    listed = git("ls-tree", "-r", "-z", commit()[0], "./exercises") if commit()[0] else None
    entries = (line.split("\t", 1) for line in (listed or b"").decode(errors="replace").split("\0") if line)
    return {path: facts.split()[2] for facts, path in entries}


def blob_of(content, like):
    """Git's number of a content; `like` tells which hash this repository has."""
    return hashlib.new("sha256" if len(like) == 64 else "sha1", b"blob %d\0" % len(content) + content).hexdigest()


def is_untouched(files):
    """Whether the files are as they were; None where git cannot tell."""
    if not blobs():
        return None
    for file in files:
        was = blobs().get(str(file.relative_to(ROOT)))
        if was is None or not file.is_file() or blob_of(file.read_bytes(), was) != was:
            return False
    return True


def content(file):
    """A file as it was."""
    name = file.relative_to(ROOT)
    if not commit()[0]:
        raise Wrong(f"reset takes {name} from git, and git knows no commit here: git is not installed, or the book was not "
                    "cloned; a fresh copy of the book has the file, and yours is untouched")
    found = git("show", f"{commit()[0]}:./{name}")
    if found is None:
        raise Wrong(f"reset takes {name} from {commit()[1]} ({commit()[0][:10]}), which does not have it")
    return found
