#!/usr/bin/env python3
"""Sources are compiled as one only where no name gets two meanings by it."""
import sys
import unittest

from house import ROOT, main

sys.path.insert(0, str(ROOT / "tools"))
from book_batches import SIZE, deal, names  # noqa: E402


def unnamed(text):
    return f"namespace conclave {{\nnamespace {{\n\n{text}\n\n}}  // namespace\n}}  // namespace conclave\n"


class Batches(unittest.TestCase):
    def dealt(self, *texts):
        return deal([names(text) for text in texts])

    def test_strangers_go_together_up_to_the_size(self):
        self.assertEqual(self.dealt(*[""] * (SIZE + 1)), [0] * SIZE + [1])

    def test_a_name_of_two_unnamed_namespaces_parts_them(self):
        for name in ("constexpr Duration kLong = hours(1);", "std::map<int, std::string> names(int count) {", "struct Pair {"):
            self.assertEqual(self.dealt(unnamed(name), unnamed("void other();"), unnamed(name)), [0, 0, 1], name)

    def test_what_is_qualified_or_elsewhere_declares_nothing(self):
        self.assertEqual(self.dealt(unnamed("std::string a();"), unnamed("std::string b();")), [0, 0])
        self.assertEqual(self.dealt(unnamed("int half(int n) {"), "int half(int n) {\n"), [0, 0])

    def test_a_type_parts_its_source_from_one_that_says_the_word(self):
        self.assertEqual(self.dealt(unnamed("class Client {"), "conclave::Client client;\n"), [0, 1])


if __name__ == "__main__":
    main()
