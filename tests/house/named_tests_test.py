#!/usr/bin/env python3
"""A page of a chapter names tests that exist: in a column headed "test" or "tested by", and wherever it says `Suite.Name`, which may
also be a remote method that the chapter's sources name."""
import re

from house import ROOT, HouseTest, main, tests_in

FULL_NAME = re.compile(r"`([A-Z]\w*\.[A-Z]\w*)`")
NAME = re.compile(r"`((?:[A-Z]\w*\.)?[A-Z]\w*)`")
METHOD = re.compile(r'"([A-Z]\w*\.[A-Z]\w*)"')  # in a source: server.handle("Counter.Add", ...)
SENTENCE = re.compile(r"\[([^\]]+)\]\(([^)#]+_test\.cpp)\)")  # [Chan: a second close panics](chan_test.cpp)


def cells_of(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []


def letters(sentence):
    return re.sub(r"\W", "", sentence).lower()


def methods_in(folder):
    return {name for source in folder.glob("**/*.?pp") for name in METHOD.findall(source.read_text())}


def problems(root):
    """What is wrong with the pages of the chapters, line by line."""
    written = tests_in(root.glob("tests/**/*_test.cpp"))
    known = written | {test.split(".")[1] for test in written}
    found = []
    for page in sorted(root.glob("chapters/*/*.md")):
        methods = methods_in(page.parent)
        columns = None  # of the table we are in: which of its columns name tests
        for number, line in enumerate(page.read_text().splitlines(), 1):
            cells = cells_of(line)
            if not cells:
                columns = None
            elif columns is None:
                columns = [i for i, cell in enumerate(cells) if cell in ("test", "tested by")]
            of_tests = " ".join(cells[i] for i in columns or () if i < len(cells))
            where = f"{page.relative_to(root)}:{number}"
            full_names = [name for name in FULL_NAME.findall(line) if name not in methods]
            names = dict.fromkeys(full_names + NAME.findall(of_tests))
            found += [f"{where}: there is no test {name} in tests/" for name in names if name not in known]
            for sentence, target in SENTENCE.findall(of_tests):
                if letters(sentence) not in map(letters, tests_in([page.parent / target])):
                    found.append(f"{where}: there is no test \"{sentence}\" in {target}")
    return found


class NamedTests(HouseTest):
    def planted(self, *lines):
        self.plant({"tests/chapters/02-x/chan_test.cpp": "TEST(Chan, SendsTwice) {}\nTEST(\n    Chan,\n    Closes) {}\n",
                    "chapters/02-x/README.md": "\n".join(lines)})
        return problems(self.tree)

    def table(self, cell, head="test"):
        return self.planted(f"| rule | {head} |", "| --- | --- |", f"| `Mutex` | {cell} |")

    def test_the_book_keeps_it(self):
        self.assertEqual(problems(ROOT), [])

    def test_accepts_every_way_to_name_a_test(self):
        link = "[Chan: sends twice](../../tests/chapters/02-x/chan_test.cpp)"

        self.assertEqual(self.table("`Chan.SendsTwice`, `Closes`"), [])
        self.assertEqual(self.table(link, head="tested by"), [])
        self.assertEqual(self.planted("As `Chan.Closes` shows, a `Mutex` is none."), [])

    def test_refuses_a_name_in_a_column_of_tests(self):
        self.assertEqual(self.table("`SendsTwice`, `Flies`"), ["chapters/02-x/README.md:3: there is no test Flies in tests/"])

    def test_refuses_a_sentence_that_its_file_does_not_have(self):
        self.assertEqual(self.table("[Chan: flies](../../tests/chapters/02-x/chan_test.cpp)", head="tested by"),
                         ['chapters/02-x/README.md:3: there is no test "Chan: flies" in ../../tests/chapters/02-x/chan_test.cpp'])

    def test_knows_the_methods_that_a_chapter_names(self):
        self.plant({"chapters/02-x/examples/shop.cpp": 'server.handle("Shop.Sell", sell);'})

        self.assertEqual(self.planted("A client calls `Shop.Sell`."), [])
        self.assertEqual(self.table("`Shop.Sell`"), ["chapters/02-x/README.md:3: there is no test Shop.Sell in tests/"])

    def test_refuses_a_full_name_anywhere(self):
        self.assertEqual(self.planted("", "As `Chan.Flies` shows."), ["chapters/02-x/README.md:2: there is no test Chan.Flies in tests/"])


if __name__ == "__main__":
    main()
