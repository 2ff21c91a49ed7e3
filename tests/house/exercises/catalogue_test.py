"""What the tools read out of the book's own text is there, and agrees with what stands elsewhere."""
import pathlib
import re
import sys
import unittest

BOOK = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(BOOK / "tools"))

import book_catalogue  # noqa: E402
import book_question  # noqa: E402

ROW = re.compile(r"^\| \[(?P<number>[\d.]+) (?P<title>[^]]+)\]\(\.\./\.\./exercises/(?P<folder>[^/]+)/README\.md\)(?P<star> ★)?[^|]* "
                 r"\| (?P<kind>[a-z-]+) \| (?P<minutes>\d+)", re.M)
ROUTE = re.compile(r"★ is the short route: (\d+) minutes")
DECLARED = re.compile(r"book_exercise\((\S+) KIND (\S+)")


class Catalogue(unittest.TestCase):
    def test_each_exercise_says_its_title_kind_and_minutes_alike_in_all_places(self):
        declared = dict(DECLARED.findall((BOOK / "exercises/CMakeLists.txt").read_text()))
        listed = {row["folder"]: row for page in BOOK.glob("chapters/*/reference.md") for row in ROW.finditer(page.read_text())}
        for entry in book_catalogue.entries():
            row = listed[entry.folder]
            self.assertEqual((entry.number, entry.title, entry.kind, entry.minutes, entry.is_short),
                             (row["number"], row["title"], row["kind"], int(row["minutes"]), bool(row["star"])))
            self.assertEqual(entry.kind, declared[entry.folder])

    def test_the_short_route_takes_as_long_as_it_says(self):
        entries = book_catalogue.entries()
        for chapter in sorted({book_catalogue.chapter_of(entry.folder) for entry in entries}):
            said = ROUTE.search((BOOK / "chapters" / chapter / "reference.md").read_text())
            minutes = sum(entry.minutes for entry in entries if entry.is_short and book_catalogue.chapter_of(entry.folder) == chapter)
            self.assertEqual(int(said[1]), minutes, chapter)

    def test_each_exercise_has_a_section_to_reread(self):
        for entry in book_catalogue.entries():
            page, heading = book_catalogue.reread(entry.folder)
            self.assertRegex((BOOK / page).read_text(), rf"(?m)^#+ {re.escape(heading)}$", entry.folder)

    def test_each_question_fits_on_a_screen_and_can_be_answered(self):
        for entry in book_catalogue.entries():
            if entry.kind != "predict":
                continue
            self.assertGreater(len(list(book_question.questions(entry.folder))), 5)
        for seed in range(300):
            _, lines, choices, answer = book_question.choose(99, seed)
            self.assertIn(answer, choices)
            self.assertEqual(len(choices), len(set(choices)))
            self.assertIn(len(choices), (2, 3, 4))
            self.assertLessEqual(len(lines) + len(choices), 20)
            self.assertLessEqual(max(map(len, lines)), 78)
            self.assertTrue(lines[-1].strip())


if __name__ == "__main__":
    unittest.main()
