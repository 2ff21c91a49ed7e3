"""Which sources of C++ include a file, directly or through headers of the book."""

import pathlib
import re

INCLUDE = re.compile(r'^\s*#\s*include\s*"(?:\.\./)*([^"]+)"', re.MULTILINE)
TOPS = ("common", "chapters", "docs", "exercises", "solutions", "tests")


def reached(root, changed):
    """Of the book's files, by their paths from the root, those that are among `changed` or include one of those.

    An include counts for every file whose path ends with it: rather one too many than one too few.
    """
    includers = {}  # the end of a path -> who includes it
    for top in TOPS:
        for file in pathlib.Path(root, top).rglob("*.[ch]pp"):
            for name in INCLUDE.findall(file.read_text(errors="replace")):
                includers.setdefault(name, set()).add(file.relative_to(root).as_posix())
    found, todo = set(), list(changed)
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            parts = path.split("/")
            for start in range(len(parts)):
                todo += includers.get("/".join(parts[start:]), ())
    return found
