"""The book as Doxygen sees it: the names of its pages, and its Markdown turned into the site's.

Used by doc_filter, which Doxygen calls for each file, and by docs, which builds the site.
"""
import html
import os
import re

import book_markdown as markdown
from book_markdown import HOME, PIECES, Slugs, is_web

OWED_BREAK = "\0"  # a line break taken out of a link's text; it is given back at the end of the paragraph
PARAGRAPH = re.compile(r"(?:(?!\n[ \t]*\n).)+", re.DOTALL)
TOC_HEADINGS_MIN = 4  # a page with fewer needs no table of contents, and one with columns has no room beside them


def page_id(path):
    """The site's name of a Markdown page: chapters/01-goroutines/2-park.md is chapter-01-goroutines-2-park."""
    if path == HOME:
        return "index"
    path = re.sub(r"(/README)?\.md$", "", path)
    path = re.sub(r"^docs/", "", path)
    path = re.sub(r"^(chapter|exercise|solution)s/", r"\1-", path)
    return re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")


def listing_id(path):
    """The site's name of the page that shows a file that is neither a page nor part of the API."""
    return "file-" + re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")


def is_program(path):
    """Is this a program of the text, shown as one of Doxygen's examples?"""
    return re.fullmatch(r"chapters/[^/]+/(examples|faults|steps)/[^/]+\.cpp|docs/[^/]+/[^/]+\.cpp", path) is not None


def program_name(path):
    """The site's name of a program of the text: 01-goroutines/steps/1-switch.cpp, idioms/cond.cpp."""
    return re.sub(r"^(chapters|docs)/", "", path)


def is_api(book, path):
    """Is this a header whose symbols a reader may use?"""
    return (re.fullmatch(r"(common/(common|testing)|chapters/[^/]+/[a-z]+)/[^/]+\.hpp", path) is not None
            and not re.search(r"^/// @internal", book.text(path), re.MULTILINE))


def include_name(path):
    """The name by which a header is included: goroutines/mutex.hpp."""
    return re.sub(r"^(common|chapters/[^/]+)/", "", path)


def site_link(book, text, file, anchor):
    """A link to `file` in the site. What the site does not show stays text."""
    if file.endswith(".md") and file in book.pages():
        title = next((slug for _, level, _, slug in markdown.headings(book.text(file)) if level == 1), None)
        target = page_id(file) + ("_" + anchor if anchor not in ("", title) else "")
    elif file.endswith(".md") or file in book.folders:
        return text
    elif is_api(book, file):
        target = include_name(file)
    elif is_program(file):
        target = program_name(file)
    else:
        target = listing_id(file)
    # Doxygen reads a link's text as a string in quotes on one line, and no Markdown in it.
    label = " ".join(re.sub(r"\n[ >]+", "\n", text).split()).replace('"', "&quot;")  # `>` goes on with a quotation
    link = f"[{label.replace('`', '')}](@ref {target})" + OWED_BREAK * text.count("\n")
    return f"<code>{link}</code>" if re.fullmatch("`[^`]*`", label) else link


def prose(text):
    """Running text in which Doxygen sees no command, no link and no dash that GitHub does not see."""
    text = re.sub(r"([@\\])(?=[A-Za-z])", r"\\\1", text)
    text = re.sub(r"(?<![\w&])#(?=[A-Za-z_])", r"\\#", text)
    text = re.sub(r"%(?=[A-Za-z_])", r"\\%", text)
    return "\n".join(line if re.fullmatch(r"[-|:=\s]*", line) else re.sub(r"(?<!-)--(?!-)", r"\\--", line)
                     for line in text.split("\n"))


def translate(book, path, first, text):
    """A run of text outside code blocks, for the site."""

    def piece(match):
        whole = match[0]
        if match["comment"]:
            return "\n" * whole.count("\n")
        if match["code"] and "\\|" in whole:  # the bar of a table's cell
            return f"<code>{html.escape(whole.strip('`'))}</code>"
        if match["display"]:
            return "\\f[" + whole[2:-2] + "\\f]"
        if match["formula"]:
            inner = whole[1:-1]
            return "\\f$" + (inner[1:-1] if inner.startswith("`") else inner) + "\\f$"
        line = first + text.count("\n", 0, match.start())
        if match["definition"] and not is_web(match["place"]):
            return f"[{match['label']}]: @ref {page_id(book.resolve(path, line, match['place'])[0])}"
        if match["link"] and match["bang"]:
            if is_web(match["target"]):
                return whole
            file, _ = book.resolve(path, line, match["target"])
            return f"![{match['text']}]({os.path.basename(file)}{match['title'] or ''})"
        if match["html"] and re.match(r"</?(details|summary)\b", whole):
            return f"@htmlonly{whole}@endhtmlonly"
        if match["link"]:
            label = translate(book, path, line, match["text"])
            if is_web(match["target"]):
                return f"[{label}]({match['target']}{match['title'] or ''})"
            return site_link(book, label, *book.resolve(path, line, match["target"]))
        return whole

    result, end = [], 0
    for match in PIECES.finditer(text):
        result += [prose(text[end:match.start()]), piece(match)]
        end = match.end()
    result.append(prose(text[end:]))
    return PARAGRAPH.sub(lambda found: found[0].replace(OWED_BREAK, "") + "\n" * found[0].count(OWED_BREAK), "".join(result))


def heading(path, line, slugs):
    """A heading line with the site's anchor."""
    level, title = markdown.heading_of(line)
    anchor = slugs.of(title)
    label = page_id(path) if level == 1 else f"{page_id(path)}_{anchor}"
    label = "mainpage" if label == "index" else label
    words = re.sub(r"^(\d+)\. ", "\\1.\N{NO-BREAK SPACE}", prose(markdown.plain(title)))  # a number begins no list
    return f"{'#' * level} {words} {{#{label}}}"


def subpages(book, path):
    """Commands that hang the pages below this one into the site's tree, out of sight."""
    below = [page for page in book.pages() if page != path and book.parent(page) == path]
    if not below or path == HOME:
        return ""
    return "\n\n<div class=\"subpages\">\n" + "\n".join(f"@subpage {page_id(page)}" for page in below) + "\n</div>\n"


def untitled(book, path):
    """A title for a page that has none: hints/1."""
    if any(level == 1 for _, level, _, _ in markdown.headings(book.text(path))):
        return ""
    name = "/".join(path.split("/")[-2:]).removesuffix(".md")
    return f"# {name} {{#{page_id(path)}}}\n\n"


def beside(lines, kinds):
    """The lines where a Go block opens that has a C++ block right after it, and the lines after these C++ blocks."""
    opening, after = set(), set()
    blocks = [number for number, kind in enumerate(kinds) if kind in ("open", "close")]
    for go, go_end, cpp, cpp_end in zip(blocks[::2], blocks[1::2], blocks[2::2], blocks[3::2]):
        between = "".join(lines[go_end + 1:cpp])
        if (markdown.fence_of(lines[go]) == ("", "```", "go") and markdown.fence_of(lines[cpp]) == ("", "```", "cpp")
                and not re.sub(r"<!--.*?-->", "", between).strip() and lines[cpp_end + 1:cpp_end + 2] == [""]):
            opening.add(go + 1)
            after.add(cpp_end + 2)
    return opening, after


def filtered(book, path):
    """The Markdown file `path` for Doxygen."""
    lines = book.text(path).split("\n")
    kinds, slugs = markdown.line_kinds(lines), Slugs()
    pairs, after_pairs = beside(lines, kinds)
    wants_toc = path != HOME and not pairs and len(markdown.headings(book.text(path))) > TOC_HEADINGS_MIN
    result, run, start = [], [], 1

    def flush():
        if run:
            result.extend(translate(book, path, start, "\n".join(run)).split("\n"))
            run.clear()

    block = ""
    for number, (line, kind) in enumerate(zip(lines, kinds), 1):
        if number in after_pairs:
            result.append("@htmlonly</div><p>@endhtmlonly")  # Doxygen has begun a paragraph before the </div>
            continue
        if kind == "text" and not markdown.heading_of(line):
            if not run:
                start = number
            if wants_toc and result and not run and not line and result[-1].startswith("# "):
                result.append("[TOC]")
                wants_toc = False
            else:
                run.append(line)
            continue
        flush()
        if kind == "text":
            result.append(heading(path, line, slugs))
        elif kind == "open":
            indent, fence, info = markdown.fence_of(line)
            block = info
            go = "@htmlonly" + '<div class="beside">' * (number in pairs) + '<div class="fragment go">'
            result.append(indent + {"math": "\\f[", "go": go}.get(info, fence + language(info)))
        elif kind == "close" and block in ("math", "go"):
            result.append({"math": "\\f]", "go": "</div>@endhtmlonly"}[block])
        elif kind == "code" and block == "go":
            result.append(go_line(line))
        else:
            result.append(line)
    flush()
    return untitled(book, path) + "\n".join(result) + subpages(book, path)


GO = re.compile(
    r"(?P<comment>//.*)|(?P<string>\"(?:\\.|[^\"\\])*\"|`[^`]*`)"
    r"|(?P<word>\b(?:break|case|chan|const|continue|default|defer|else|for|func|go|goto|if|import|interface|map|package|range"
    r"|return|select|struct|switch|type|var)\b)")


def go_line(line):
    """A line of Go in the site's colours. Doxygen has no Go, and its C++ would link `go` to ours."""
    classes = {"comment": "comment", "string": "stringliteral", "word": "keywordflow"}
    line = line.expandtabs(4)
    result, end = "", 0
    for match in GO.finditer(line):
        result += html.escape(line[end:match.start()]) + (
            f'<span class="{classes[match.lastgroup]}">{html.escape(match[0])}</span>')
        end = match.end()
    return f'<div class="line">{result}{html.escape(line[end:])}</div>'


def language(info):
    """Doxygen's name for a code block's language; what it does not know it shows as it is."""
    known = {"cpp": "{.cpp}", "c++": "{.cpp}", "python": "{.py}"}
    return known.get(info, "{.unparsed}")
