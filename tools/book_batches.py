"""Deals a target's sources into batches that may be compiled as one.

  python3 tools/book_batches.py FILE...    prints the number of each one's batch, for cmake/BookBatches.cmake

A sanitizer's build, or a run of clang-tidy, is mostly headers read once more.  Two sources whose unnamed namespaces
give a name two meanings do not go together; names are told by our layout, in which what a namespace holds begins in the
first column.
"""

import re
import sys

SIZE = 8  # sources of a batch, at most
DECLARED = re.compile(r"(struct|class|enum|union)\s+(?:class\s+)?(\w+)\b(?!\s*::)|(?<![\w:])((?:\w+::)*~?\w+)\s*(?:[({=;[]|:(?!:))")
OTHER = re.compile(r"[#}/\s]|TEST|namespace|using namespace|template|$")


def names(text):
    """Of a source (what its unnamed namespaces declare, those of them that are types, every word it uses)."""
    declared, types, unnamed = set(), set(), False
    for line in text.splitlines():
        if line.startswith("namespace {"):
            unnamed = True
        elif line.startswith("}  // namespace"):
            unnamed = False
        if not unnamed or OTHER.match(line):
            continue
        while (plain := re.sub(r"<[^<>]*>", "", line)) != line:
            line = plain
        found = DECLARED.search(line)
        if not found or "::" in (found[3] or ""):
            continue
        declared.add(found[2] or found[3])
        if found[2]:
            types.add(found[2])
    return declared, types, set(re.findall(r"\w+", text))


def agree(a, b):
    return not (a[0] & b[0] or a[1] & b[2] or b[1] & a[2])


def deal(sources):
    """The number of each source's batch, given names() of each."""
    batches, numbers = [], []
    for source in sources:
        fits = (n for n, batch in enumerate(batches) if len(batch) < SIZE and all(agree(source, other) for other in batch))
        number = next(fits, len(batches))
        if number == len(batches):
            batches.append([])
        batches[number].append(source)
        numbers.append(number)
    return numbers


def main():
    sources = []
    for name in sys.argv[1:]:
        with open(name, encoding="utf-8") as file:
            sources.append(names(file.read()))
    print(";".join(map(str, deal(sources))), end="")


if __name__ == "__main__":
    main()
