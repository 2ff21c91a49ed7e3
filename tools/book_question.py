"""A question from an earlier chapter: one of a predict exercise, with its program where that fits on a screen."""

import random
import re
import textwrap

import book_catalogue as catalogue
import book_exercises
from book_exercises import ROOT

LINES_MAX = 20  # of text and choices
COLUMNS_MAX = 78
CHOICES_MAX = 4
ANSWER = re.compile(r"([\w-]+):\s*(\S.*)")
SECTION = re.compile(r"^## (.+)$", re.M)
BLOCK = re.compile(r"^```cpp\n(.*?)^```\n", re.M | re.S)


def answers(folder):
    """{question: answer} of our solution, and {question: the comment right above it}."""
    given, asked, above = {}, {}, []
    for line in (ROOT / "solutions" / folder / "answers.txt").read_text().splitlines():
        match = ANSWER.fullmatch(line.strip())
        if line.startswith("#"):
            above.append(line.lstrip("# "))
        elif match:
            given[match[1]] = match[2]
            asked[match[1]] = " ".join(above)
            above = []
        else:
            above = []
    return given, asked


def programs(folder):
    """{section of the task: its C++}; what stands before the first one has the title ""."""
    parts = SECTION.split((ROOT / "exercises" / folder / "README.md").read_text())
    found = {}
    for title, text in zip(["", *parts[1::2]], parts[::2]):
        block = BLOCK.search(text)
        if block:
            found[title.strip()] = block[1].rstrip().splitlines()
    return found


def definitions(comment, sections):
    """The functions without parameters that a comment calls, as the task defines them."""
    lines = [line for code in sections.values() for line in code]
    for name in dict.fromkeys(re.findall(r"\b(\w+)\(\)", comment)):
        for i, line in enumerate(lines):
            if re.match(rf"\S.*\b{name}\(\) {{", line):
                yield from lines[i : i + 1 if line.endswith("}") else lines.index("}", i) + 1]


def text_of(question, comment, sections):
    """The lines of one question: its program, and what is asked of it."""
    named = [name for name in sections if name and (question == name or question.startswith(name + "-"))]
    code = sections[max(named, key=len)] if named else list(definitions(comment, sections))
    _, colon, claim = comment.partition(": ")
    words = claim if colon and named else comment
    if not words and any("// A" in line for line in code):
        words = "What orders A and B?  (race: nothing does)"
    return code + ([""] if code and words else []) + textwrap.wrap(words, COLUMNS_MAX) if words else []


def questions(folder):
    """All of an exercise that fit: (question, lines, answer, all answers that occur)."""
    given, asked = answers(folder)
    occurring = sorted(set(given.values()))
    if len(occurring) < 2:
        return
    sections = programs(folder)
    for question, answer in given.items():
        lines = text_of(question, asked[question], sections)
        fits = len(lines) + min(len(occurring), CHOICES_MAX) <= LINES_MAX and all(len(line) <= COLUMNS_MAX for line in lines)
        if lines and fits:
            yield question, lines, answer, occurring


def choose(before, seed):
    """A question of the chapters with a number below `before`: (exercise's folder, lines, choices, answer); none without one."""
    known = [(folder, *question) for folder in book_exercises.folders() if int(folder[:2]) < before
             and catalogue.entry(folder).kind == "predict" for question in questions(folder)]
    if not known:
        return None
    chance = random.Random(seed)
    folder, _, lines, answer, occurring = chance.choice(known)
    if len(occurring) > CHOICES_MAX:
        others = [choice for choice in occurring if choice != answer]
        occurring = sorted([answer, *chance.sample(others, CHOICES_MAX - 1)])
    return folder, lines, occurring, answer
