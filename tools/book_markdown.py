"""What the tools know about the book's Markdown: files, fences, headings, links, and the tree of pages.

Used by snippets, check_links, doc_filter and docs; none of them reads Markdown in another way.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HOME = "README.md"  # the page every other page is reached from


class Problem(Exception):
    """A fault in a file, said as `file:line: what is wrong and what to do`."""

    def __init__(self, path, line, message):
        super().__init__(f"{path}:{line}: {message}")


def files(root):
    """Every file of the book, relative to root: what git tracks or would track; without git, what lies there."""
    try:
        listed = subprocess.run(
            ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            capture_output=True, check=True, text=True).stdout.split("\0")
        return sorted({f for f in listed if f and os.path.isfile(os.path.join(root, f))})
    except (OSError, subprocess.CalledProcessError):
        found = []
        for folder, folders, names in os.walk(root):
            folders[:] = [f for f in folders if f != "build" and not f.startswith(".git")]
            found += [os.path.relpath(os.path.join(folder, n), root) for n in names]
        return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


_FENCE = re.compile(r"^(?P<indent>[ >\t]*)(?P<fence>`{3,}|~{3,})\s*(?P<info>[^`]*)$")


def line_kinds(lines):
    """For each line: "text", "open" and "close" for the fences of a code block, or "code" inside one."""
    kinds, fence = [], None
    for line in lines:
        match = _FENCE.match(line)
        if fence is None and match:
            fence = match["fence"]
            kinds.append("open")
        elif fence is None:
            kinds.append("text")
        elif match and not match["info"].strip() and match["fence"].startswith(fence):
            fence = None
            kinds.append("close")
        else:
            kinds.append("code")
    return kinds


def fence_of(line):
    """Indent, fence and info string of the line that opens a code block."""
    match = _FENCE.match(line)
    return match["indent"], match["fence"], match["info"].strip()


# The pieces of running text, first match wins. What is code, a comment or a formula hides what stands in it.
PIECES = re.compile(
    r"(?P<comment><!--.*?-->)"
    r"|(?P<escape>\\[!-/:-@\[-`{-~])"
    r"|(?P<code>(?P<ticks>`+)(?!`)(?:(?!\n\s*\n).)+?(?<!`)(?P=ticks)(?!`))"
    r"|(?P<display>\$\$(?:(?!\n\s*\n).)+?\$\$)"
    r"|(?P<formula>\$`[^`]+`\$|(?<![\w$])\$(?=\S)(?:\\.|[^$\n\\])*?(?<=\S)\$(?![\w$]))"
    r"|(?P<web><(?:https?://|mailto:)[^>\s]+>)"
    r"|(?P<definition>^[ ]{0,3}\[(?P<label>[^\]\n]+)\]:[ \t]*(?P<place>\S+))"
    r"|(?P<link>(?P<bang>!?)\[(?P<text>(?:`[^`]*`|\[[^\]]*\]|\\.|[^\[\]\\`])*)\]\((?P<target>[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)(?P<title>\s+\"[^\"]*\")?\))"
    r"|(?P<html></?[A-Za-z][^<>]*>)",
    re.DOTALL | re.MULTILINE)

_HEADING = re.compile(r"^ {0,3}(?P<marks>#{1,6})[ \t]+(?P<title>.*?)(?:[ \t]+#+)?[ \t]*$")


def heading_of(line):
    """(level, title) of a heading line, or None."""
    match = _HEADING.match(line)
    return (len(match["marks"]), match["title"]) if match else None


def plain(title):
    """A heading's title without its Markdown: what a reader sees."""
    title = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", title)
    return re.sub(r"[`*]|(?<!\w)_|_(?!\w)", "", title)


class Slugs:
    """The anchors GitHub gives to the headings of one file, in their order."""

    def __init__(self):
        self.used = {}

    def of(self, title):
        slug = re.sub(r"[^\w\- ]", "", plain(title).strip().lower()).replace(" ", "-")
        count = self.used.get(slug, 0)
        self.used[slug] = count + 1
        return f"{slug}-{count}" if count else slug


def headings(text):
    """[(line number, level, title, anchor)] of a Markdown text."""
    lines, slugs, found = text.split("\n"), Slugs(), []
    for number, (line, kind) in enumerate(zip(lines, line_kinds(lines)), 1):
        heading = heading_of(line) if kind == "text" else None
        if heading:
            found.append((number, *heading, slugs.of(heading[1])))
    return found


def text_runs(text):
    """[(number of the first line, text)]: what lies outside code blocks, each run with its line breaks."""
    lines, runs, start = text.split("\n"), [], None
    for number, kind in enumerate(line_kinds(lines) + ["end"], 1):
        if kind == "text" and start is None:
            start = number
        elif kind != "text" and start is not None:
            runs.append((start, "\n".join(lines[start - 1:number - 1])))
            start = None
    return runs


def links(text):
    """[(line number, target)] of every link and image of a Markdown text."""
    found = []
    for first, run in text_runs(text):
        for piece in PIECES.finditer(run):
            target = piece["target"] if piece["link"] else piece["place"] if piece["definition"] else None
            if target is not None:
                found.append((first + run.count("\n", 0, piece.start()), target))
            if piece["link"]:  # an image may stand in a link's text
                found += [(first + run.count("\n", 0, piece.start()), inner)
                          for inner in re.findall(r"\]\(([^()\s]+)\)?", piece["text"])]
    return found


def is_web(target):
    return re.match(r"[a-z][a-z0-9+.-]*:", target) is not None


class Book:
    """The book's files, and the tree of pages that its links make."""

    def __init__(self, root=ROOT):
        self.root = os.path.abspath(root)
        self.files = files(self.root)
        self._known = set(self.files)
        self.folders = {""}
        for path in self.files:
            while path:
                path = os.path.dirname(path)
                self.folders.add(path)
        self._text, self._anchors, self._pages = {}, {}, None

    def text(self, path):
        if path not in self._text:
            self._text[path] = read(self.root, path)
        return self._text[path]

    def markdown(self):
        return [f for f in self.files if f.endswith(".md")]

    def anchors(self, path):
        if path not in self._anchors:
            self._anchors[path] = {anchor for _, _, _, anchor in headings(self.text(path))}
        return self._anchors[path]

    def resolve(self, path, line, target):
        """The (file or folder, anchor) that `target`, a link in `path`, leads to. A folder with a README is its README."""
        place, _, anchor = target.partition("#")
        if not place:
            found = path
        else:
            base = "" if place.startswith("/") else os.path.dirname(path)
            found = os.path.normpath(os.path.join(base, place.lstrip("/")))
            if found == "..":
                found = "../"
            found = "" if found == "." else found
        if found.startswith("../"):
            raise Problem(path, line, f"the link {target} leads out of the repository")
        if found in self.folders:
            readme = os.path.join(found, "README.md")
            found = readme if readme in self._known else found
        elif found not in self._known:
            near = [f for f in self.files if os.path.basename(f) == os.path.basename(found)]
            hint = f"; did you mean {os.path.relpath(near[0], os.path.dirname(path) or '.')}?" if len(near) == 1 else ""
            raise Problem(path, line, f"the link {target} points at nothing: no file {found}{hint}")
        if anchor and not found.endswith(".md"):
            raise Problem(path, line, f"the link {target} has an anchor; only Markdown files have lasting ones")
        if anchor and anchor not in self.anchors(found):
            known = ", ".join(sorted(self.anchors(found))) or "none"
            raise Problem(path, line, f"the link {target} points at no heading of {found}; it has: {known}")
        return found, anchor

    def outgoing(self, path):
        """[(line, file or folder, anchor)] of the links of `path` that stay in the book."""
        return [(line, *self.resolve(path, line, target))
                for line, target in links(self.text(path)) if not is_web(target)]

    def pages(self):
        """The Markdown files that the links lead to from README.md, in the order a reader meets them."""
        if self._pages is None:
            order = [HOME] if HOME in self._known else []
            for page in order:  # grows while we walk it
                for _, target, _ in self.outgoing(page):
                    if target.endswith(".md") and target not in order:
                        order.append(target)
            self._pages = order
        return self._pages

    def parent(self, path):
        """The page under which `path` stands in the site's tree."""
        for pattern, above in _PARENTS:
            if match := re.fullmatch(pattern, path):
                wanted = re.compile(match.expand(above))
                if found := next(filter(wanted.fullmatch, self.files), None):
                    return found
        return HOME


# A page and the page above it, as patterns; the first that fits decides, and README.md stands above the rest.
_PARENTS = [
    (r"(chapters/[^/]+)/(?!README\.md).+", r"\1/README\.md"),
    (r"(exercises/[^/]+)/(?!README\.md).+", r"\1/README\.md"),
    (r"solutions/([^/]+)/.+", r"exercises/\1/README\.md"),
    (r"exercises/(\d\d)-.+", r"chapters/\1-[^/]+/README\.md"),
]


def fail(*messages):
    for message in messages:
        print(message, file=sys.stderr)
    sys.exit(1)
