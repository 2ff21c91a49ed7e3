#!/usr/bin/env python3
"""A table of conformance names tests that exist, and every one written for it; each row has a test or a reason."""
import re

from house import ROOT, HouseTest, main, tests_in

NAMED = re.compile(r"`([A-Z]\w*\.[A-Z]\w*)`")


def problems(table):
    """What is wrong with a chapter's conformance.md, line by line."""
    written = tests_in(table.parent.glob("*_test.cpp"))
    text = table.read_text()
    found = []
    for file in sorted(table.parent.glob("conformance*_test.cpp")):
        found += [f"{table.name}: {test} of {file.name} is in no row" for test in sorted(tests_in([file])) if f"`{test}`" not in text]
    for number, line in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) != 3 or set(cells[0]) <= {"-", " "} or cells[2] == "ours":
            continue
        named = NAMED.findall(cells[2])
        found += [f"{table.name}:{number}: there is no test {test}" for test in named if test not in written]
        if not named and not re.match(r"does not apply: \w", cells[2]):
            found.append(f"{table.name}:{number}: names no test, and no reason why it does not apply")
    return found


class Conformance(HouseTest):
    def planted(self, *rows, file="a_test.cpp"):
        table = "\n".join(["| Go's test | what it checks | ours |", "| --- | --- | --- |", *rows])
        self.plant({"02-x/conformance.md": table, f"02-x/{file}": "TEST(Chan, Sends) {}\n"})
        return problems(self.tree / "02-x/conformance.md")

    def test_the_book_keeps_it(self):
        tables = sorted(ROOT.glob("tests/chapters/*/conformance.md"))
        self.assertTrue(tables)
        for table in tables:
            self.assertEqual(problems(table), [])

    def test_accepts_a_test_and_a_reason(self):
        self.assertEqual(self.planted("| `fifo.go` | order | `Chan.Sends` |", "| `gc.go` | x | does not apply: no collector |"), [])

    def test_refuses_a_test_that_does_not_exist(self):
        self.assertEqual(self.planted("| `fifo.go` | order | `Chan.Sends`, `Chan.Flies` |"),
                         ["conformance.md:3: there is no test Chan.Flies"])

    def test_refuses_a_test_of_conformance_in_no_row(self):
        self.assertEqual(self.planted("| `gc.go` | x | does not apply: no collector |", file="conformance_test.cpp"),
                         ["conformance.md: Chan.Sends of conformance_test.cpp is in no row"])

    def test_refuses_a_row_without_either(self):
        self.assertEqual(self.planted("| `fifo.go` | order | later |"),
                         ["conformance.md:3: names no test, and no reason why it does not apply"])


if __name__ == "__main__":
    main()
