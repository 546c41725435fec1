"""Readers: one file of an unpacked Debian package in, plain-text documents out.

Every reader has the shape `(path) -> Iterator[(title, text)]`, so that the table of sources in
`corpus.py` can name one beside each package.
"""

from __future__ import annotations

import gzip
import html
import html.parser
import re
import struct
import subprocess
import xml.etree.ElementTree as ElementTree
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

Document = tuple[str, str]
Reader = Callable[[Path], Iterator[Document]]

_ROLE = re.compile(r":[a-z:+-]+:`[~!]?([^`<]+?)(?: ?<[^>`]*>)?`")
_LINK = re.compile(r"`([^`<]+?) ?<[^>`]*>`_+")
_NOISE = re.compile(r"^\.\. (index|_|highlight|module|currentmodule|contents|toctree|sectionauthor).*$")
_CHAPTER = re.compile(r"^(?:chapter|volume)\b.*$", re.IGNORECASE)
_WESNOTH = re.compile(r'(?:message|story|note)\s*=\s*_\s*"((?:[^"]|"")*)"')
_OSIS_VERSE = re.compile(r"<verse[^>]*/>|<note.*?</note>|<title.*?</title>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


def read_text(path: Path) -> str:
    """The file's UTF-8 text, unpacked when its name ends in .gz; undecodable bytes are dropped."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return data.decode("utf-8", "ignore").replace("\r\n", "\n").expandtabs(4)


def plain(path: Path) -> Iterator[Document]:
    yield path.name, read_text(path)


def restructured_text(path: Path) -> Iterator[Document]:
    """Sphinx sources, with cross-reference roles reduced to the words a reader sees."""
    text = _LINK.sub(r"\1", _ROLE.sub(r"\1", read_text(path)))
    lines = [line for line in text.splitlines() if not _NOISE.match(line.strip())]
    yield path.name, "\n".join(lines).replace("``", "`")


def r_strings(path: Path) -> Iterator[Document]:
    """Character vectors of an R `.rdb` file, one vector per book, split at its chapters.

    An `.rdb` is a run of `(uint32 length, zlib stream)`; a vector is R's XDR serialization
    (R Internals, section 1.8): header, encoding, then `flags, length, bytes` per string.
    """
    data, offset = path.read_bytes(), 0
    while offset + 4 < len(data):
        unpacker = zlib.decompressobj()
        vector = unpacker.decompress(data[offset + 4 :])
        offset = len(data) - len(unpacker.unused_data)
        yield from _chapters(f"{path.parent.parent.name}-{offset}", _r_vector(vector))


def _r_vector(data: bytes) -> list[str]:
    header = 14 + 4 + struct.unpack(">I", data[14:18])[0]
    count, offset, lines = struct.unpack(">I", data[header + 4 : header + 8])[0], header + 8, []
    for _ in range(count):
        size = struct.unpack(">i", data[offset + 4 : offset + 8])[0]
        offset += 8
        lines.append(data[offset : offset + max(size, 0)].decode("utf-8", "ignore"))
        offset += max(size, 0)
    return "\n".join(lines).replace("\r", "").split("\n")


def _chapters(title: str, lines: list[str]) -> Iterator[Document]:
    """Splits at chapter headings; what stands before the first one (title page, contents) is left out."""
    headings = [at for at, line in enumerate(lines) if _CHAPTER.match(line.strip())] or [0]
    lines = lines[headings[0] : _end_of_book(lines)]
    chapter: list[str] = []
    number = 0
    for line in [*lines, "CHAPTER"]:
        if _CHAPTER.match(line.strip()) and len(chapter) > 40:
            yield f"{title}-{number}", _unwrapped("\n".join(chapter))
            chapter, number = [], number + 1
        chapter.append(line)


def _unwrapped(text: str) -> str:
    """One line per paragraph, as the text flows in everything but an old e-book."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text))


def _end_of_book(lines: list[str]) -> int:
    ends = [at for at, line in enumerate(lines) if line.lower().startswith(("end of project", "*** end"))]
    return ends[0] if ends else len(lines)


def king_james(path: Path) -> Iterator[Document]:
    """The KJV through its own program (`bible`), one document per book."""
    program = path.parent.parent / "bin" / "bible"
    command = [str(program), "-f", "-p", str(path.parent), "gen1:1-rev22:21"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    books: dict[str, list[str]] = {}
    for line in lines.splitlines():
        reference, _, verse = line.partition(" ")
        books.setdefault(re.split(r"\d+:", reference)[0], []).append(verse)
    yield from ((f"kjv-{book}", "\n".join(verses)) for book, verses in books.items())


def sword(path: Path) -> Iterator[Document]:
    """A SWORD `zText` module (`.bzs` index beside `.bzz` blocks), one document per book."""
    index, blocks = path.with_suffix(".bzs").read_bytes(), path.read_bytes()
    for number, (start, size, _) in enumerate(struct.iter_unpack("<III", index)):
        text = zlib.decompress(blocks[start : start + size]).decode("utf-8", "ignore")
        text = _TAG.sub("", _OSIS_VERSE.sub("\n", text))
        text = re.sub(r"\s*\n\s*", "\n", html.unescape(text)).strip()
        yield f"web-{path.stem}-{number}", text


def wesnoth(path: Path) -> Iterator[Document]:
    """The translatable messages of one Battle for Wesnoth scenario."""
    messages = [match.replace('""', '"') for match in _WESNOTH.findall(read_text(path))]
    lines = [_TAG.sub("", re.sub(r"\s*\n\s*", " ", message)) for message in messages]
    yield path.name, "\n\n".join(line.strip() for line in lines if len(line) > 20)


def endless_sky(path: Path) -> Iterator[Document]:
    """The back-quoted paragraphs of one Endless Sky mission file; those with blanks are left out."""
    quoted = re.findall(r"`([^`\n]+)`", read_text(path))
    yield path.name, "\n\n".join(line.strip() for line in quoted if "<" not in line and "\\" not in line and len(line) > 20)


def wordnet(path: Path) -> Iterator[Document]:
    """Dictionary entries `word, word (noun): gloss`, five hundred to a document."""
    part = {"n": "noun", "v": "verb", "a": "adjective", "s": "adjective", "r": "adverb"}
    entries = []
    for line in read_text(path).splitlines():
        if line.startswith("  "):
            continue
        fields, _, gloss = line.partition("|")
        words = fields.split(" ")
        names = [words[4 + 2 * i].replace("_", " ").split("(")[0] for i in range(int(words[3], 16))]
        entries.append(f"{', '.join(names)} ({part[words[2]]}): {gloss.strip()}")
    for start in range(0, len(entries), 500):
        yield f"{path.name}-{start}", "\n".join(entries[start : start + 500])


class _Page(html.parser.HTMLParser):
    """Collects the visible text of an HTML page, one paragraph per block element."""

    BLOCK: ClassVar = {"p", "li", "pre", "h1", "h2", "h3", "h4", "h5", "dt", "dd", "div", "td", "tr", "section"}
    HIDDEN: ClassVar = {"script", "style", "head", "nav", "title"}

    def __init__(self) -> None:
        super().__init__()
        self.paragraphs: list[str] = [""]
        self.hidden = 0
        self.verbatim = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in self.HIDDEN
        self.verbatim += tag == "pre"
        if tag in self.BLOCK:
            self.paragraphs.append("")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in self.HIDDEN
        self.verbatim -= tag == "pre"
        if tag in self.BLOCK:
            self.paragraphs.append("")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.paragraphs[-1] += data if self.verbatim else re.sub(r"\s+", " ", data)


def web_page(path: Path) -> Iterator[Document]:
    page = _Page()
    page.feed(read_text(path))
    yield path.name, "\n\n".join(text.strip() for text in page.paragraphs if len(text.strip()) > 1)


def mallard(path: Path) -> Iterator[Document]:
    """A Mallard help page: its titles and paragraphs."""
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError:
        return
    wanted = [element for element in root.iter() if element.tag.rpartition("}")[2] in ("p", "title")]
    texts = [" ".join("".join(element.itertext()).split()) for element in wanted]
    yield path.name, "\n\n".join(text for text in texts if len(text) > 3)
