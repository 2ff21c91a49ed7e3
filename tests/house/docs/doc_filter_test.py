#!/usr/bin/env python3
"""tools/doc_filter: what GitHub shows as a page, Doxygen shows as a page."""
import unittest

from scratch import ScratchBook

PAGE = "chapters/01-counting/README.md"


class DocFilter(ScratchBook):
    def setUp(self):
        super().setUp()
        self.write("README.md", "# Book\n\n[One](chapters/01-counting/README.md)\n")

    def filtered(self, text, path=PAGE):
        self.write(path, text)
        status, said = self.tool("doc_filter", f"{self.root}/{path}")
        self.assertEqual(status, 0, said)
        return said

    def test_every_line_keeps_its_place(self):
        text = "# A\n\n<!-- output: x\n-->\n```text\nx\n```\n\n[a\nlink](#b), more\ntext $x$\n\n## B\n\n$$\nx\n$$\n\nlast"
        lines, after = text.split("\n"), self.filtered(text).split("\n")

        self.assertEqual(len(lines), len(after))
        self.assertEqual(after[-1], "last")

    def test_headings_get_the_site_s_anchors(self):
        self.assertEqual(self.filtered("# `go` it\n\n## What it costs?\n"),
                         "# go it {#chapter-01-counting}\n\n## What it costs? {#chapter-01-counting_what-it-costs}\n")

    def test_a_page_without_a_title_gets_its_name(self):
        self.write(PAGE, "# A\n")

        self.assertEqual(self.filtered("Look.\n", "exercises/01-1-count/hints/1.md"),
                         "# hints/1 {#exercise-01-1-count-hints-1}\n\nLook.\n")

    def test_links_lead_to_pages_headers_programs_and_files(self):
        self.write("chapters/01-counting/counting/count.hpp", "/// @file\n/// Counts.\n")
        self.write("chapters/01-counting/counting/inside.hpp", "/// @file\n/// Counts.\n/// @internal\n")
        self.write("chapters/01-counting/examples/one.cpp", "")
        self.write("exercises/01-1-count/README.md", "# 1.1 Count\n\n## Stuck\n")
        text = self.filtered("""
            # A

            [ex](../../exercises/01-1-count/README.md#11-count) [b](../../exercises/01-1-count/README.md#stuck) [h](counting/count.hpp) [i](counting/inside.hpp)
            [p](examples/one.cpp) [self](#a) [dir](examples) [home](../../README.md) [web](https://go.dev)
            """)

        self.assertIn("[ex](@ref exercise-01-1-count) [b](@ref exercise-01-1-count_stuck) [h](@ref counting/count.hpp) "
                      "[i](@ref file-chapters-01-counting-counting-inside-hpp)\n"
                      "[p](@ref 01-counting/examples/one.cpp) [self](@ref chapter-01-counting) dir "
                      "[home](@ref index) [web](https://go.dev)\n", text)
        self.assertIn("@subpage exercise-01-1-count", text)

    def test_a_link_s_text_stands_on_one_line_and_keeps_its_code(self):
        self.write("chapters/01-counting/main.cpp", "")
        text = self.filtered("# A\n\n[the\nmain](main.cpp), [`main.cpp`](main.cpp).\n\n| a |\n| - |\n| `b \\| c` |\n")

        page = "@ref file-chapters-01-counting-main-cpp"
        self.assertEqual(text, f"# A {{#chapter-01-counting}}\n\n[the main]({page}), <code>[main.cpp]({page})</code>.\n\n\n| a |\n| - |\n| <code>b \\| c</code> |\n")

    def test_a_link_that_wraps_does_not_split_its_paragraph_or_its_list(self):
        self.write("chapters/01-counting/main.cpp", "")
        text = self.filtered("# A\n\nSee [the\nmain](main.cpp) of\nit.\n\n- [a\n  b](main.cpp) one\n- two\n\nWords.\n\n> In [the\n> main](main.cpp)\n> too.\n")

        page = "@ref file-chapters-01-counting-main-cpp"
        self.assertEqual(text, f"# A {{#chapter-01-counting}}\n\nSee [the main]({page}) of\nit.\n\n\n"
                         f"- [a b]({page}) one\n- two\n\n\nWords.\n\n> In [the main]({page})\n> too.\n\n")

    def test_formulas_are_the_site_s_and_prices_are_not_formulas(self):
        self.assertEqual(self.filtered("# A\n\nLet $n > 1$ cost $5 or $6.\n\n$$ n^2 $$\n\n```math\na\n```\n"),
                         "# A {#chapter-01-counting}\n\nLet \\f$n > 1\\f$ cost $5 or $6.\n\n\\f[ n^2 \\f]\n\n\\f[\na\n\\f]\n")

    def test_code_is_left_alone(self):
        text = "# A {#chapter-01-counting}\n\n`@rule $x$ [a](b) #c --d` \n\n```{.unparsed}\n@rule $x$ [a](b) #c --d <!-- e -->\n```\n"

        self.assertEqual(self.filtered(text.replace("{.unparsed}", "text").replace(" {#chapter-01-counting}", "")), text)

    def test_a_go_block_and_the_cpp_block_after_it_stand_beside_each_other(self):
        text = "# A\n\n```go\n\tgo f()\n```\n\n<!-- code: f.cpp -->\n```cpp\ngo(f);\n```\n\nWords.\n"
        after = self.filtered(text)

        self.assertEqual(after.split("\n")[2], '@htmlonly<div class="beside"><div class="fragment go">')
        self.assertIn('<div class="line">    <span class="keywordflow">go</span> f()</div>\n</div>@endhtmlonly\n', after)
        self.assertIn("```{.cpp}\ngo(f);\n```\n@htmlonly</div><p>@endhtmlonly\nWords.\n", after)
        self.assertEqual(text.count("\n"), after.count("\n"))

    def test_a_go_block_alone_stands_alone(self):
        for text in ("# A\n\n```go\n```\n\n```text\n```\n\n```cpp\n```\n\n", "# A\n\n```go\n```\n\nWords.\n\n```cpp\n```\n\n",
                     "# A\n\n```cpp\n```\n\n```go\n```\n\n", "# A\n\n```go\n```\n\n```cpp\n```\nWords.\n"):
            self.assertNotIn("beside", self.filtered(text), text)

    def test_words_that_doxygen_would_obey_are_escaped(self):
        self.assertEqual(self.filtered("# A\n\nme@home, #3, #three, 100 %done, a -- b --c\n\n---\n"),
                         "# A {#chapter-01-counting}\n\nme\\@home, #3, \\#three, 100 \\%done, a \\-- b \\--c\n\n---\n")

    def test_a_link_to_nothing_stops_the_site(self):
        self.write(PAGE, "# A\n\n[x](gone.md)\n")

        status, said = self.tool("doc_filter", f"{self.root}/{PAGE}")

        self.assertEqual(status, 1)
        self.assertIn(f"{PAGE}:3: the link gone.md points at nothing", said)

    def test_headers_lose_what_only_the_compiler_reads(self):
        text = self.filtered("""
            /// @file  A counter.
            class Counter {
             public:
              //! [add]
              void add(int n, std::source_location place = std::source_location::current());
              //! [add]
              /// @name Its value.
              /// @{
              int get() const;
              /// @}
            };

            /// Prints a counter.
            template <>
            struct fmt::formatter<Counter> {
            };
            """, "chapters/01-counting/counting/count.hpp")

        self.assertIn("/// @file counting/count.hpp A counter.\n", text)
        self.assertIn("  void add(int n);\n", text)
        self.assertIn("  /** @{ */ /// Its value.\n  int get() const;\n", text)
        self.assertIn("/** @cond */ /// Prints a counter.\n", text)
        self.assertIn("}; /** @endcond */\n", text)
        self.assertNotIn("//!", text)
        self.assertEqual(text.count("\n"), 16)


unittest.main()
